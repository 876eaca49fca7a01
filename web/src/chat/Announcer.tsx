/** Says to a screen reader what is being written: whole sentences, politely, a breath apart. */

import { useEffect, useRef, useState } from "react";
import type { Exchange } from "../store/index.ts";
import { useWords } from "../words/index.ts";
import { isRunning } from "./messages.ts";
import { spoken } from "./speaking.ts";

const BREATH_MS = 1_500;
const KEPT = 8;

type Heard = { turn: string; next: number };

export function Announcer({ exchange }: { exchange: Exchange | undefined }) {
  const words = useWords();
  const [said, setSaid] = useState<readonly { id: number; text: string }[]>([]);
  const latest = useRef(exchange);
  const heard = useRef<Heard | null>(null);
  const isOn = exchange !== undefined && isRunning(exchange);
  useEffect(() => {
    latest.current = exchange;
  }, [exchange]);

  useEffect(() => {
    const say = (text: string) => text && setSaid((before) => [...before, { id: (before.at(-1)?.id ?? 0) + 1, text }].slice(-KEPT));
    const go = (finished: boolean) => {
      const answer = latest.current?.answer;
      if (!answer || heard.current?.turn !== answer.turn) return;
      const { say: news, next } = spoken(answer.text, Math.min(heard.current.next, answer.text.length), finished);
      heard.current = { turn: answer.turn, next };
      say(news);
    };
    if (!isOn) return undefined;
    const turn = latest.current!.answer.turn;
    // What was there when the page was opened is read, not announced.
    heard.current = { turn, next: latest.current!.answer.text.length };
    const timer = setInterval(() => {
      // A question that was just sent has no turn yet.
      if (heard.current?.turn === "" && latest.current) heard.current = { turn: latest.current.answer.turn, next: 0 };
      go(false);
    }, BREATH_MS);
    return () => {
      clearInterval(timer);
      if (heard.current?.turn === "" && latest.current) heard.current = { turn: latest.current.answer.turn, next: 0 };
      go(true);
      if (latest.current && !isRunning(latest.current)) say(words.answer.finished);
    };
  }, [isOn, words]);

  return (
    <div className="unseen" role="log" aria-live="polite" aria-relevant="additions" aria-label={words.answer.from}>
      {said.map(({ id, text }) => <p key={id}>{text}</p>)}
    </div>
  );
}
