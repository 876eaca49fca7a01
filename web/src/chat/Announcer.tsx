/** Says to a screen reader what is being written: whole sentences, politely, a breath apart. */

import { useEffect, useRef, useState } from "react";
import type { Exchange } from "../store/index.ts";
import { useWords } from "../words/index.ts";
import { isRunning } from "./messages.ts";
import { spoken } from "./speaking.ts";

const BREATH_MS = 1_500;
const KEPT = 8;

/** Which answer is listened to, and how far it was said. */
type Heard = { turn: string; next: number };

export function Announcer({ exchange }: { exchange: Exchange | undefined }) {
  const words = useWords();
  const [said, setSaid] = useState<readonly { id: number; text: string }[]>([]);
  const heard = useRef<Heard | null>(null);
  const latest = useRef(exchange);
  const say = (text: string) => text && setSaid((before) => [...before, { id: (before.at(-1)?.id ?? 0) + 1, text }].slice(-KEPT));
  const sayOn = (text: string, finished: boolean) => {
    if (heard.current === null) return;
    const { say: news, next } = spoken(text, Math.min(heard.current.next, text.length), finished);
    heard.current.next = next;
    say(news);
  };

  useEffect(() => {
    latest.current = exchange;
    if (exchange === undefined) return;
    const { turn, text } = exchange.answer;
    // A question that was just sent has no turn yet.
    const isSame = heard.current !== null && (heard.current.turn === turn || heard.current.turn === "");
    if (isRunning(exchange)) {
      // What was there when the page was opened is read, not announced.
      heard.current = { turn, next: isSame ? heard.current!.next : text.length };
    } else {
      if (isSame && turn !== "") {
        sayOn(text, true);
        say(words.answer.finished);
      }
      heard.current = null;
    }
  }, [exchange, words]);

  const isOn = exchange !== undefined && isRunning(exchange);
  useEffect(() => {
    if (!isOn) return undefined;
    const timer = setInterval(() => latest.current && sayOn(latest.current.answer.text, false), BREATH_MS);
    return () => clearInterval(timer);
  }, [isOn]);

  return (
    <div className="unseen" role="log" aria-live="polite" aria-relevant="additions" aria-label={words.answer.from}>
      {said.map(({ id, text }) => <p key={id}>{text}</p>)}
    </div>
  );
}
