/**
 * The list of conversations, newest question first, or those in which some words were found.
 *
 * What this page does to one shows at once; what others do, when the list is read again (`refresh`).
 */

import { asApiError, type ApiError } from "../wire/problem.ts";
import type { ThreadItem, Threads } from "../wire/server.ts";
import type { Happened, Wire } from "../wire/wire.ts";
import type { Cancel } from "../wire/world.ts";
import { Published, same, sameList } from "./published.ts";

export type ConversationsView = {
  threads: readonly ThreadItem[];
  /** There are more: `more()`. */
  more: boolean;
  loading: boolean;
  error: string | null;
};

// One request for a word that is being typed, and not one for each letter.
const TYPING_MS = 250;
const PAGE = 50;

export class Conversations {
  readonly #wire: Wire;
  readonly #published: Published<ConversationsView>;
  readonly #unlisten: Cancel[];

  #threads: ThreadItem[] = [];
  /** Removed here; the server may not know it yet. */
  readonly #removed = new Set<string>();
  #words = "";
  #more: string | null = null;
  #loading = true;
  #isFirst = true;
  #error: ApiError | null = null;
  /** Only the newest request is listened to. */
  #request = 0;
  #typing: Cancel = () => {};

  constructor(wire: Wire) {
    this.#wire = wire;
    const first = { threads: [], more: false, loading: true, error: null };
    this.#published = new Published<ConversationsView>(wire.world, first, (last) => this.#made(last));
    this.#unlisten = [wire.onChance(() => this.refresh()), wire.happened.listen((it) => this.#happened(it))];
    this.refresh();
  }

  subscribe = (listener: () => void) => this.#published.subscribe(listener);
  view = () => this.#published.view();

  /** Only those whose title or questions contain the words; all of them when there are none. */
  search(words: string): void {
    if (words.trim() === this.#words) return;
    this.#words = words.trim();
    this.#loading = true;
    this.#request += 1;
    this.#published.now();
    this.#typing();
    this.#typing = this.#wire.world.after(this.#words ? TYPING_MS : 0, () => this.refresh());
  }

  /** Reads as many again as are shown. */
  refresh(): void {
    const limit = Math.min(200, Math.max(PAGE, this.#threads.length));
    void this.#read(undefined, limit, (found) => found.threads);
  }

  /** Reads on. */
  more(): void {
    const before = this.#more;
    if (before === null || this.#loading) return;
    this.#loading = true;
    this.#published.now();
    const known = new Set(this.#threads.map(({ thread }) => thread));
    void this.#read(before, PAGE, (found) => [
      ...this.#threads,
      ...found.threads.filter(({ thread }) => !known.has(thread)),
    ]);
  }

  /** Rejects with ApiError. */
  async rename(thread: string, title: string): Promise<void> {
    const { title: named } = await this.#wire.api.change(thread, { title });
    this.#wire.happened.tell({ what: "renamed", thread, title: named });
  }

  /** Into the bin, for ten minutes; the function that comes back undoes it, and rejects with ApiError. */
  remove(thread: string): () => Promise<void> {
    this.#wire.happened.tell({ what: "removed", thread });
    const removing = this.#wire.api.change(thread, { deleted: true }).then(
      () => true,
      (thrown) => this.#notRemoved(thread, asApiError(thrown)),
    );
    return async () => {
      // Undone before it was done, the two could overtake each other.
      if (await removing) await this.#wire.api.change(thread, { deleted: false });
      this.#wire.happened.tell({ what: "restored", thread });
    };
  }

  close(): void {
    this.#request += 1;
    this.#typing();
    this.#unlisten.forEach((cancel) => cancel());
    this.#published.close();
  }

  async #read(
    before: string | undefined,
    limit: number,
    put: (found: Threads) => ThreadItem[],
  ): Promise<void> {
    this.#typing();
    const request = (this.#request += 1);
    try {
      const found = await this.#wire.api.threads(this.#words, before, limit);
      if (request !== this.#request) return;
      this.#threads = put(found);
      this.#more = found.more;
      this.#error = null;
    } catch (thrown) {
      if (request !== this.#request) return;
      const error = asApiError(thrown);
      // There will be another chance, and meanwhile there is what was read before.
      if (!error.passing) this.#error = error;
      else if (this.#isFirst) return;
    }
    this.#isFirst = this.#loading = false;
    this.#published.now();
  }

  #notRemoved(thread: string, error: ApiError): boolean {
    // It is not there any more: what was wanted.
    if (error.code === "not_found") return false;
    this.#removed.delete(thread);
    this.#error = error;
    this.#published.now();
    return false;
  }

  #happened(it: Happened): void {
    switch (it.what) {
      case "asked":
        this.refresh();
        break;
      case "renamed":
        this.#threads = this.#threads.map((one) =>
          one.thread === it.thread ? { ...one, title: it.title } : one,
        );
        break;
      case "removed":
        this.#removed.add(it.thread);
        break;
      case "restored":
        this.#removed.delete(it.thread);
        this.refresh();
        break;
    }
    this.#published.now();
  }

  #made(last: ConversationsView): ConversationsView {
    const known = new Map(last.threads.map((one) => [one.thread, one]));
    const threads = this.#threads
      .filter(({ thread }) => !this.#removed.has(thread))
      .map((one) => same(known.get(one.thread) ?? one, one));
    return same(last, {
      threads: sameList(last.threads, threads),
      more: this.#more !== null,
      loading: this.#loading,
      error: this.#error?.message ?? null,
    });
  }
}
