/**
 * A thread as this page knows it: what was read of it, then its turns' events, in order.
 *
 * It takes transcripts and frames and gives exchanges; it does not ask for them. An exchange that nothing
 * happened to stays the same object.
 */

import { awaited, hasEnded, heard, type Answer } from "./answer.ts";
import { isBefore, turnOf } from "./cursor.ts";
import { asked, begins, type WireEvent } from "./event.ts";
import type { Exchange, Feedback, Question } from "./exchange.ts";

type Turn = {
  /** As shown. */
  exchange: Exchange;
  /** What the events that were applied make of the answer; behind what was read, until they have caught up. */
  fold: Answer;
  /** The stream of the thread has come to it, or it was read. Those that were only accepted come after these. */
  told: boolean;
};

export class ThreadLog {
  #turns = new Map<string, Turn>();
  #cursor: string | null = null;

  /** Where to resume: everything up to there has been applied. */
  get cursor(): string | null {
    return this.#cursor;
  }

  /** The ids of all that was asked. */
  get questions(): Set<string> {
    return new Set(this.exchanges().flatMap((exchange) => exchange.questions.map(({ id }) => id)));
  }

  exchanges(): Exchange[] {
    return [...this.#turns.values()].map((turn) => turn.exchange);
  }

  /** The newest part of the thread, as it was read; `cursor` is where to follow it from. */
  read(exchanges: readonly Exchange[], cursor: string | null): void {
    const untold = [...this.#turns.values()].filter((turn) => !turn.told);
    this.#turns = new Map(exchanges.map((exchange) => [exchange.answer.turn, wasRead(exchange, cursor)]));
    for (const turn of untold) {
      const id = turn.exchange.answer.turn;
      if (!this.#turns.has(id)) this.#turns.set(id, turn);
    }
    this.#cursor = cursor;
  }

  /** What comes before all that is known. */
  readEarlier(exchanges: readonly Exchange[]): void {
    const earlier = exchanges.map((exchange) => [exchange.answer.turn, wasRead(exchange, null)] as const);
    this.#turns = new Map([...earlier, ...this.#turns]);
  }

  /** The server has written a question down; its turn may have several, and may be known already. */
  accepted(question: Question, replaces: string, answer: Answer): void {
    const known = this.#turns.get(answer.turn);
    if (known) this.#ask(known, [question]);
    else
      this.#turns.set(answer.turn, {
        exchange: { questions: [question], answer, replaces, feedback: null },
        fold: answer,
        told: false,
      });
  }

  /** News of a turn; `cursor` is how far they lead, or null when they say nothing of that. */
  heard(id: string, events: readonly WireEvent[], cursor: string | null): void {
    for (const event of events) {
      if (begins(event)) this.#begin(begins(event), event);
      else this.#fold(id, event);
    }
    const turn = this.#turns.get(id);
    if (turn) this.#show(turn);
    if (cursor !== null) this.#cursor = cursor;
  }

  rated(id: string, feedback: Feedback | null): void {
    const turn = this.#turns.get(id);
    if (turn) turn.exchange = { ...turn.exchange, feedback };
  }

  feedback(id: string): Feedback | null {
    return this.#turns.get(id)?.exchange.feedback ?? null;
  }

  // --- Events ------------------------------------------------------------------

  #begin(id: string, event: WireEvent): void {
    const { questions, replaces, askedS } = asked(event);
    const turn = this.#turns.get(id) ?? begun(id, replaces);
    if (!turn.told) this.#tell(id, turn);
    // It is told from its first event, unless we come back to where we left it.
    if (turnOf(this.#cursor) !== id) turn.fold = awaited(id, { askedS: turn.exchange.answer.askedS });
    if (askedS) turn.fold = { ...turn.fold, askedS };
    this.#ask(turn, questions);
  }

  #tell(id: string, turn: Turn): void {
    turn.told = true;
    const untold = [...this.#turns].filter(([other, known]) => !known.told && other !== id);
    for (const [other] of untold) this.#turns.delete(other);
    this.#turns.delete(id);
    for (const [other, known] of [[id, turn] as const, ...untold]) this.#turns.set(other, known);
  }

  #fold(id: string, event: WireEvent): void {
    const turn = this.#turns.get(id);
    if (!turn) return;
    turn.fold = heard(turn.fold, event);
    // What was read before is no better than what is left now.
    if (event.type === "MESSAGES_SNAPSHOT") turn.exchange = { ...turn.exchange, answer: turn.fold };
  }

  #show(turn: Turn): void {
    const { exchange, fold } = turn;
    if (exchange.answer === fold || isBehind(fold, exchange.answer)) return;
    turn.exchange = { ...exchange, answer: { ...fold, model: fold.model || exchange.answer.model } };
    turn.fold = turn.exchange.answer;
  }

  #ask(turn: Turn, questions: readonly Question[]): void {
    const known = new Set(turn.exchange.questions.map((question) => question.id));
    const added = questions.filter((question) => !known.has(question.id));
    if (added.length) turn.exchange = { ...turn.exchange, questions: [...turn.exchange.questions, ...added] };
  }
}

function wasRead(exchange: Exchange, cursor: string | null): Turn {
  const { answer } = exchange;
  // Before its first event, or not at all, is where its events will begin.
  const fromTheFirst = turnOf(cursor) !== answer.turn || isBefore(cursor);
  return {
    exchange,
    fold: fromTheFirst ? awaited(answer.turn, { askedS: answer.askedS }) : answer,
    told: true,
  };
}

function begun(id: string, replaces: string): Turn {
  const answer = awaited(id);
  return { exchange: { questions: [], answer, replaces, feedback: null }, fold: answer, told: false };
}

/** Whether the events have yet to reach what was read already, which is shown until they do. */
function isBehind(fold: Answer, read: Answer): boolean {
  if (hasEnded(fold)) return false;
  if (hasEnded(read)) return true;
  if (fold.epoch !== read.epoch) return fold.epoch < read.epoch;
  return fold.text.length < read.text.length || fold.reasoning.length < read.reasoning.length;
}
