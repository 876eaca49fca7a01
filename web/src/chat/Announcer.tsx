/** Says to a screen reader what is being written: whole sentences, politely, a breath apart. */

import { useEffect, useRef, useState } from "react";
import type { Exchange } from "../store/index.ts";
import { useWords } from "../words/index.ts";
import { isRunning } from "./messages.ts";
import { spokenAfter } from "./speaking.ts";

const BREATH_MS = 1_500;
const KEPT = 8;

export function Announcer({ exchanges }: { exchanges: readonly Exchange[] }) {
  const words = useWords();
  const [said, setSaid] = useState<readonly { id: number; text: string }[]>([]);
  // What was heard of each answer that is listened to, by its question: that has its id before there is a turn.
  const heard = useRef(new Map<string, string>());
  const latest = useRef(exchanges);
  const say = (text: string) => text && setSaid((before) => [...before, { id: (before.at(-1)?.id ?? 0) + 1, text }].slice(-KEPT));
  const sayOn = (one: Exchange, finished: boolean) => {
    const news = spokenAfter(heard.current.get(nameOf(one)) ?? "", one.answer.text, finished);
    heard.current.set(nameOf(one), news.heard);
    say(news.say);
  };

  useEffect(() => {
    latest.current = exchanges;
    const before = heard.current;
    // One that is shown no more is listened to no more.
    heard.current = new Map(exchanges.map(nameOf).flatMap((name) => (before.has(name) ? [[name, before.get(name)!]] : [])));
    for (const one of exchanges) {
      const name = nameOf(one);
      if (isRunning(one)) {
        // What was there when the page was opened is read, not announced.
        if (!heard.current.has(name)) heard.current.set(name, one.answer.text);
      } else if (heard.current.has(name)) {
        if (one.answer.turn !== "") {
          sayOn(one, true);
          say(words.answer.finished);
        }
        heard.current.delete(name);
      }
    }
  }, [exchanges, words]);

  const isOn = exchanges.some(isRunning);
  useEffect(() => {
    if (!isOn) return undefined;
    const timer = setInterval(() => latest.current.filter(isRunning).forEach((one) => sayOn(one, false)), BREATH_MS);
    return () => clearInterval(timer);
  }, [isOn]);

  return (
    <div className="unseen" role="log" aria-live="polite" aria-relevant="additions" aria-label={words.answer.from}>
      {said.map(({ id, text }) => <p key={id}>{text}</p>)}
    </div>
  );
}

function nameOf({ questions, answer }: Exchange): string {
  return questions[0]?.id ?? answer.turn;
}
