/** A modal dialog: the browser's own, which keeps the focus inside, closes on Escape and gives the focus back. */

import { useEffect, useId, useRef, type ReactNode } from "react";
import { useWords } from "../words/index.ts";
import { IconButton } from "./Button.tsx";

type Props = { title: string; className?: string; onClose: () => void; children: ReactNode };

export function Dialog({ title, className = "", onClose, children }: Props) {
  const words = useWords();
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const shown = dialog.current!;
    const before = document.activeElement;
    shown.showModal();
    return () => {
      shown.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className={`dialog ${className}`}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      // The backdrop is the dialog's own; what is pressed inside has another target.
      onMouseDown={(event) => event.target === dialog.current && onClose()}
    >
      <div className="dialog-inside">
        <header>
          <h2 id={heading} dir="auto">{title}</h2>
          <IconButton icon="close" label={words.chat.close} onClick={onClose} />
        </header>
        {children}
      </div>
    </dialog>
  );
}
