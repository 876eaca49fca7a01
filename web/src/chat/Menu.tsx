/** A button that opens a list of actions: arrows move, Escape and a press elsewhere close (the browser's popover). */

import { useId, useRef, useState, type KeyboardEvent } from "react";
import { IconButton } from "./Button.tsx";
import type { IconName } from "./icons.tsx";
import { place } from "./placing.ts";

export type Action = { label: string; run: () => void; danger?: boolean } | { label: string; href: string };

type Props = { icon: IconName; label: string; actions: Action[]; className?: string };

export function Menu({ icon, label, actions, className = "" }: Props) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  const items = () => [...list.current!.querySelectorAll<HTMLElement>("[role=menuitem]")];

  const move = (event: KeyboardEvent) => {
    const all = items();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === "Tab") list.current!.hidePopover();
    if (to === undefined) return;
    event.preventDefault();
    all.at(to % all.length)?.focus();
  };

  return (
    <>
      <IconButton
        icon={icon}
        label={label}
        className={className}
        aria-haspopup="menu"
        aria-expanded={open}
        popoverTarget={id}
        onClick={(event) => place(list.current!, event.currentTarget)}
      />
      <div
        ref={list}
        id={id}
        popover="auto"
        role="menu"
        aria-label={label}
        className="menu"
        onKeyDown={move}
        onToggle={(event) => {
          const isOpen = event.newState === "open";
          setOpen(isOpen);
          if (isOpen) items()[0]?.focus();
        }}
      >
        {actions.map((action) =>
          "href" in action ? (
            <a key={action.label} role="menuitem" tabIndex={-1} href={action.href}>{action.label}</a>
          ) : (
            <button
              key={action.label}
              type="button"
              role="menuitem"
              tabIndex={-1}
              className={action.danger ? "danger" : undefined}
              onClick={() => {
                list.current!.hidePopover();
                action.run();
              }}
            >
              {action.label}
            </button>
          ),
        )}
      </div>
    </>
  );
}
