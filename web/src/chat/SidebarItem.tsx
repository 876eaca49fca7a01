/** One conversation in the list: a link, renamed where it stands, deleted with a way back. */

import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import type { Conversations, ThreadItem } from "../store/index.ts";
import { useWords } from "../words/index.ts";
import { useToast } from "./contexts.ts";
import { Menu } from "./Menu.tsx";
import { addressOf, go, isForBrowser } from "./route.ts";

type Props = { item: ThreadItem; isCurrent: boolean; conversations: Conversations; onWent: () => void; onRemovedCurrent: () => void };

export function SidebarItem({ item, isCurrent, conversations, onWent, onRemovedCurrent }: Props) {
  const words = useWords().chat;
  const toast = useToast();
  const [isRenamed, setRenamed] = useState(false);
  const title = item.title || words.untitled;
  const address = addressOf(item.thread);

  const rename = (changed: string) => {
    setRenamed(false);
    const wanted = changed.trim();
    if (!wanted || wanted === item.title) return;
    conversations.rename(item.thread, wanted).catch((error: Error) => toast({ text: error.message }));
  };
  const remove = () => {
    const undo = conversations.remove(item.thread);
    if (isCurrent) onRemovedCurrent();
    const back = () => void undo().then(() => isCurrent && go(address), (error: Error) => toast({ text: error.message }));
    toast({ text: words.removed(title), action: { label: words.undo, run: back } });
  };

  if (isRenamed) return <li className="item"><Rename title={title} onDone={rename} onCancel={() => setRenamed(false)} /></li>;
  return (
    <li className={isCurrent ? "item current" : "item"}>
      <a
        href={address}
        dir="auto"
        title={title}
        aria-current={isCurrent ? "page" : undefined}
        onClick={(event) => {
          if (isForBrowser(event)) return;
          event.preventDefault();
          go(address);
          onWent();
        }}
      >
        {title}
      </a>
      <Menu
        icon="more"
        label={words.options(title)}
        actions={[
          { label: words.rename, run: () => setRenamed(true) },
          { label: words.remove, run: remove, danger: true },
        ]}
      />
    </li>
  );
}

function Rename({ title, onDone, onCancel }: { title: string; onDone: (title: string) => void; onCancel: () => void }) {
  const words = useWords().chat;
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(title);
  useEffect(() => field.current?.select(), []);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter") onDone(text);
    if (event.key === "Escape") {
      event.preventDefault();
      onCancel();
    }
  };
  return (
    <input
      ref={field}
      autoFocus
      dir="auto"
      maxLength={200}
      aria-label={words.renaming(title)}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onKeyDown={onKeyDown}
      onBlur={() => onDone(text)}
    />
  );
}
