/** A conversation as the messages that assistant-ui knows: each question one, each answer one. */

import type { ThreadMessageLike } from "@assistant-ui/react";
import type { Exchange, Question } from "../store/index.ts";

export type Shown =
  | { id: string; role: "user"; question: Question; exchange: Exchange }
  | { id: string; role: "assistant"; exchange: Exchange };

// An exchange that has not changed gives the same messages, which is how the runtime sees that nothing changed.
const known = new WeakMap<Exchange, Shown[]>();

export function messagesOf(exchanges: readonly Exchange[]): Shown[] {
  return exchanges.flatMap(ofExchange);
}

export function isRunning({ answer, questions }: Exchange): boolean {
  return (answer.state === "queued" || answer.state === "running") && !wasRefused(questions);
}

export function convert(shown: Shown): ThreadMessageLike {
  const metadata = { custom: { shown } };
  if (shown.role === "user") return { id: shown.id, role: "user", content: shown.question.text, metadata };
  const status = isRunning(shown.exchange) ? ({ type: "running" } as const) : ({ type: "complete", reason: "stop" } as const);
  return { id: shown.id, role: "assistant", content: shown.exchange.answer.text, status, metadata };
}

function ofExchange(exchange: Exchange): Shown[] {
  const before = known.get(exchange);
  if (before) return before;
  const { questions, answer } = exchange;
  const shown: Shown[] = questions.map((question) => ({ id: question.id, role: "user", question, exchange }));
  if (answer.turn || !wasRefused(questions)) shown.push({ id: `answer to ${questions[0]?.id ?? answer.turn}`, role: "assistant", exchange });
  known.set(exchange, shown);
  return shown;
}

const wasRefused = (questions: readonly Question[]): boolean => questions.length > 0 && questions.every((question) => question.failed !== undefined);
