/**
 * The place to ask. A form of our own: assistant-ui's sends nothing while an answer runs, where ours puts the question
 * in line, and keeps no draft by conversation.
 */

import { useEffect, useId, useRef, useState, type FormEvent } from "react";
import { drafts, type Conversation } from "../store/index.ts";
import { useLanguage, useWords } from "../words/index.ts";
import { Icon } from "./icons.tsx";
import { onFill } from "./filling.ts";
import { Growing } from "./Growing.tsx";
import { tooLong } from "./limits.ts";
import { count } from "./times.ts";

type Props = { conversation: Conversation; running: boolean; onAsked?: () => void };

export function Composer({ conversation, running, onAsked }: Props) {
  const words = useWords();
  const language = useLanguage();
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  // A conversation that has not begun has no name worth keeping: its draft waits under "".
  const name = onAsked ? "" : conversation.thread;
  const [text, setText] = useState(() => drafts.get(name));
  const over = tooLong(text);
  const canSend = text.trim() !== "" && !over;

  const write = (changed: string) => {
    setText(changed);
    drafts.set(name, changed);
  };
  useEffect(
    () =>
      onFill((given) => {
        // What is there already is somebody's work.
        const both = [given, drafts.get(name)].filter((part) => part.trim() !== "").join("\n\n");
        setText(both);
        drafts.set(name, both);
        area.current?.focus();
      }),
    [name],
  );

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!canSend) return;
    conversation.ask(text.trim());
    write("");
    onAsked?.();
    area.current?.focus();
  };

  return (
    <form className="composer" onSubmit={submit}>
      <div className="field">
        <Growing
          value={text}
          onChange={write}
          label={words.composer.label}
          placeholder={words.composer.placeholder}
          invalid={over !== null}
          describedBy={`${id}-note`}
          area={area}
          autoFocus={matchMedia("(pointer: fine)").matches}
        />
        {running && (
          <button type="button" className="round stop" aria-label={words.composer.stop} title={words.composer.stop} onClick={() => conversation.stop()}>
            <Icon name="stop" />
          </button>
        )}
        {(!running || text.trim() !== "") && (
          <button type="submit" className="round" aria-label={words.composer.send} title={words.composer.send} disabled={!canSend}>
            <Icon name="send" />
          </button>
        )}
      </div>
      <p id={`${id}-note`} className={over ? "note wrong" : "note"} role={over ? "alert" : undefined}>
        {over ? words.composer.tooLong(count(over.most, language), count(over.now, language)) : words.composer.hint}
      </p>
    </form>
  );
}
