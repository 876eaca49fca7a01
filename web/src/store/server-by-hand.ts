/** What the server says in the stores' tests: its shapes, written out. */

import type { WorldByHand } from "../wire/world-by-hand.ts";
import { Wire } from "../wire/wire.ts";
import { WorldByHand as World } from "../wire/world-by-hand.ts";

export function given(auth: "none" | "token" = "none") {
  const world = new World();
  return { world, wire: new Wire(world, auth) };
}

/** A turn of a transcript. */
export function told(
  turn: string,
  more: { question?: string; text?: string; state?: string; replaces?: string } = {},
) {
  const { question = `What is ${turn}?`, text = `It is ${turn}.`, state = "done", replaces = "" } = more;
  const rest = {
    reasoning: "",
    status: "",
    citations: [],
    finish: "complete",
    stopped_by: "",
    error_code: "",
    error: "",
    reference: "",
    epoch: 0,
  };
  return {
    questions: [{ id: `q-${turn}`, text: question }],
    answer: { turn, thread: "a", state, text, ...rest },
    replaces,
    asked_s: 10,
    ended_s: state === "done" ? 12 : 0,
    model: "demo",
    feedback: null,
  };
}

export function transcript(
  turns: ReturnType<typeof told>[],
  more: { earlier?: string; title?: string } = {},
) {
  const open = turns.find(({ answer }) => answer.state === "queued" || answer.state === "running");
  const last = turns.at(-1);
  const cursor = open ? `${open.answer.turn}.0.0` : last ? `${last.answer.turn}.1.9` : null;
  return {
    thread: "a",
    title: more.title ?? "Title",
    shared: null,
    cursor,
    turns,
    earlier: more.earlier ?? null,
  };
}

export const accepted = (turn: string, state = "running", ahead = 0) => ({
  turn,
  thread: "a",
  state,
  ahead,
  repeat: false,
  cursor: `${turn}.0.0`,
  events: `/api/turns/${turn}/events`,
});

/** The frames of one turn on one socket. */
export class Telling {
  readonly #world: WorldByHand;
  readonly #turn: string;
  #n = 0;
  #number: number;

  constructor(world: WorldByHand, turn: string, number = 0) {
    this.#world = world;
    this.#turn = turn;
    this.#number = number;
  }

  begins(question?: string, replaces = ""): Promise<void> {
    const messages = question
      ? [{ id: `web:local/me:${question}`, role: "user", content: `Is it ${question}?` }]
      : [];
    const input = question ? { input: { messages, forwardedProps: { replaces, askedS: 11 } } } : {};
    return this.#says(false, { type: "RUN_STARTED", runId: this.#turn, ...input });
  }

  says(...deltas: string[]): Promise<void> {
    return this.#says(
      true,
      ...deltas.map((delta) => ({ type: "TEXT_MESSAGE_CONTENT", messageId: `${this.#turn}:0`, delta })),
    );
  }

  ends(): Promise<void> {
    return this.#says(true, {
      type: "RUN_FINISHED",
      runId: this.#turn,
      outcome: { type: "success" },
      result: { finish: "complete" },
    });
  }

  #says(counts: boolean, ...events: object[]): Promise<void> {
    this.#n += 1;
    if (counts) this.#number += events.length;
    const cursor = `${this.#turn}.${this.#number ? 1 : 0}.${this.#number}`;
    return this.#world.socket.says({
      type: "events",
      n: this.#n,
      thread: "a",
      turn: this.#turn,
      cursor,
      events,
    });
  }
}
