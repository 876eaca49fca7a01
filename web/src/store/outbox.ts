/**
 * Questions on their way: shown at once, sent in order until the server has answered, each under one id, so that
 * the server knows it again. They are kept for the tab, so that a reload in a tunnel loses none.
 */

import { awaited, type Answer } from "../log/answer.ts";
import { fields, list, text } from "../log/event.ts";
import type { Exchange } from "../log/exchange.ts";
import { again } from "../wire/again.ts";
import { asApiError, type ApiError } from "../wire/problem.ts";
import type { Accepted, Asked } from "../wire/server.ts";
import type { Wire } from "../wire/wire.ts";

type Item = Asked & { refused: ApiError | null; stop: boolean; shown: Exchange };

export type Outcome = {
  changed: () => void;
  accepted: (asked: Asked, accepted: Accepted) => void;
};

export class Outbox {
  readonly #wire: Wire;
  readonly #thread: string;
  readonly #outcome: Outcome;
  // Nobody ends it: what was asked is sent, even if another conversation is looked at meanwhile.
  readonly #over = new AbortController().signal;
  #items: Item[] = [];
  #isSending = false;

  constructor(wire: Wire, thread: string, outcome: Outcome) {
    this.#wire = wire;
    this.#thread = thread;
    this.#outcome = outcome;
    this.#items = restored(wire.world.kept.get(this.#name)).map(item);
  }

  get exchanges(): Exchange[] {
    return this.#items.map((one) => one.shown);
  }

  get isEmpty(): boolean {
    return !this.#items.length;
  }

  put(words: string, replaces: string): string {
    const id = this.#wire.world.newId();
    this.#items.push(item({ id, text: words, replaces }));
    this.#changed();
    void this.send();
    return id;
  }

  /** Sends what waits, one after the other: their order is that of the conversation. */
  async send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    for (let next; (next = this.#items.find((one) => !one.refused));) await this.#sendOne(next);
    this.#isSending = false;
  }

  retry(id: string): void {
    const refused = this.#items.find((one) => one.id === id && one.refused);
    if (!refused) return;
    this.#set(refused, null);
    void this.send();
  }

  /** The text of a refused question, which is then gone from here. */
  withdraw(id: string): string | null {
    const refused = this.#items.find((one) => one.id === id && one.refused);
    if (!refused) return null;
    this.#remove(refused);
    return refused.text;
  }

  /** What has arrived after all, by its id: the answer to its request was lost, or the page was. */
  arrived(ids: ReadonlySet<string>): void {
    for (const one of this.#items.filter((known) => ids.has(known.id))) this.#remove(one);
  }

  /** The one that is on its way is to be stopped as soon as it has arrived; false when there is none. */
  stop(): boolean {
    const sent = this.#items.find((one) => !one.refused);
    if (sent) sent.stop = true;
    return sent !== undefined;
  }

  async #sendOne(sent: Item): Promise<void> {
    const { api } = this.#wire;
    try {
      const accepted = await again(this.#wire.world, this.#wire, this.#over, () =>
        api.ask(this.#thread, sent),
      );
      this.#outcome.accepted(sent, accepted);
      if (sent.stop) void this.stopTurn(accepted.turn);
      this.#remove(sent);
    } catch (thrown) {
      this.#set(sent, asApiError(thrown));
    }
  }

  /** Orders a turn to be stopped, until the order has arrived. */
  async stopTurn(turn: string): Promise<void> {
    await again(this.#wire.world, this.#wire, this.#over, () => this.#wire.api.stop(turn)).catch(() => {
      // It is over already, or gone: there is nothing to stop.
    });
  }

  #set(sent: Item, refused: ApiError | null): void {
    sent.refused = refused;
    sent.shown = shown(sent, refused);
    this.#changed();
  }

  #remove(one: Item): void {
    this.#items = this.#items.filter((other) => other !== one);
    this.#changed();
  }

  #changed(): void {
    const left = this.#items.map(({ id, text: words, replaces }) => ({ id, text: words, replaces }));
    this.#wire.world.kept.set(this.#name, left.length ? JSON.stringify(left) : null);
    this.#outcome.changed();
  }

  get #name(): string {
    return `outbox.${this.#thread}`;
  }
}

function item(asked: Asked): Item {
  return { ...asked, refused: null, stop: false, shown: shown(asked, null) };
}

function shown({ id, text: words, replaces }: Asked, refused: ApiError | null): Exchange {
  const state = refused ? { failed: refused.message, failedCode: refused.code } : { pending: true };
  return { questions: [{ id, text: words, ...state }], answer: NONE, replaces, feedback: null };
}

const NONE: Answer = awaited("");

function restored(kept: string | null): Asked[] {
  try {
    return list(JSON.parse(kept ?? "[]"))
      .map(fields)
      .map((one) => ({
        id: text(one["id"]),
        text: text(one["text"]),
        replaces: text(one["replaces"]),
      }));
  } catch {
    return [];
  }
}
