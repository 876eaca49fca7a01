/**
 * A shared conversation as a stranger follows it: read again and again, oftener while an answer is being written.
 *
 * Whoever has only the link is told of nothing by the server, so there is no line to follow.
 */

import { hasEnded } from "../log/answer.ts";
import type { Exchange } from "../log/exchange.ts";
import { asApiError, type ApiError } from "../wire/problem.ts";
import type { Shared } from "../wire/server.ts";
import type { Cancel, World } from "../wire/world.ts";
import { Published, same, sameList } from "./published.ts";

export type SharedView = { shared: Shared | null; error: string | null; errorCode: string };
type Needed = Pick<World, "after" | "frame" | "onAwake">;

const RUNNING_MS = 1_500;
const QUIET_MS = 15_000;

export class SharedConversation {
  readonly #world: Needed;
  readonly #fetch: () => Promise<Shared>;
  readonly #isSeen: () => boolean;
  readonly #published: Published<SharedView>;
  readonly #unlisten: Cancel;
  #shared: Shared | null = null;
  #error: ApiError | null = null;
  #next: Cancel = () => {};
  /** Only the newest request is listened to. */
  #request = 0;

  /** `isSeen`: nobody reads for a page in the background; it is read again when somebody looks. */
  constructor(world: Needed, fetch: () => Promise<Shared>, isSeen: () => boolean) {
    this.#world = world;
    this.#fetch = fetch;
    this.#isSeen = isSeen;
    this.#published = new Published<SharedView>(world, EMPTY, (last) => this.#made(last));
    this.#unlisten = world.onAwake(() => void this.#read());
    void this.#read();
  }

  subscribe = (listener: () => void) => this.#published.subscribe(listener);
  view = () => this.#published.view();

  /** Reads it again, after an error. */
  reload(): void {
    this.#error = null;
    this.#published.now();
    void this.#read();
  }

  close(): void {
    this.#request += 1;
    this.#next();
    this.#unlisten();
    this.#published.close();
  }

  async #read(): Promise<void> {
    this.#next();
    const request = (this.#request += 1);
    const result = await this.#fetch().catch(asApiError);
    if (request !== this.#request) return;
    if (result instanceof Error) this.#failed(result);
    else [this.#shared, this.#error] = [kept(this.#shared, result), null];
    this.#published.now();
    // A link that is gone stays gone.
    if (!this.#error) this.#next = this.#world.after(this.#pauseMs, () => void (this.#isSeen() && this.#read()));
  }

  /** What was read stays while the server is away. */
  #failed(error: ApiError): void {
    if (!this.#shared || !error.passing) this.#error = error;
  }

  get #pauseMs(): number {
    const runs = this.#shared?.exchanges.some(({ answer }) => !hasEnded(answer));
    return runs ? RUNNING_MS : QUIET_MS;
  }

  #made(last: SharedView): SharedView {
    return same(last, {
      shared: this.#shared,
      error: this.#error?.message ?? null,
      errorCode: this.#error?.code ?? "",
    });
  }
}

const EMPTY: SharedView = { shared: null, error: null, errorCode: "" };

/** The new one, in which everything that has not changed is the same object as before. */
function kept(before: Shared | null, now: Shared): Shared {
  if (!before) return now;
  const exchanges = now.exchanges.map((one, at) => keptOne(before.exchanges[at], one));
  return same(before, { ...now, exchanges: sameList(before.exchanges, exchanges) as Exchange[] });
}

function keptOne(before: Exchange | undefined, now: Exchange): Exchange {
  return before && JSON.stringify(before) === JSON.stringify(now) ? before : now;
}
