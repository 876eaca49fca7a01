/**
 * Keeps the threads that are looked at followed, whatever becomes of the network.
 *
 * A line that is lost is opened again, at once the first time and then after longer and longer pauses; each
 * thread then goes on from its cursor. What state it is in is told to people only when it lasts.
 */

import { backoffMs } from "./backoff.ts";
import type { Line, News, Told } from "./line.ts";
import { ApiError, asApiError } from "./problem.ts";
import { Way } from "./way.ts";
import type { Cancel, World } from "./world.ts";

export type ConnectionState = "live" | "connecting" | "reconnecting" | "offline";

/** Whoever follows a thread. */
export type Follower = {
  cursor: () => string | null;
  heard: (news: News) => void;
  /** It is not followed any more. */
  refused: (error: ApiError) => void;
};

export type Lines = {
  /** What a socket may need to be opened, or null. Rejects with ApiError. */
  ticket: () => Promise<string | null>;
  /** Whether requests come through and are welcome. Rejects with ApiError. */
  probe: () => Promise<unknown>;
  socket: (ticket: string | null, told: Told) => Line;
  streams: (told: Told) => Line;
};

// A short break is mended before anybody needs to hear of it.
const UNNOTICED_MS = 1_000;

export class Connection {
  readonly #world: World;
  readonly #lines: Lines;
  readonly #changed: () => void;
  readonly #followers = new Map<string, Follower>();
  readonly #refollow = new Map<string, Cancel>();
  readonly #unlisten: Cancel[];
  readonly #way: Way;

  #line: Line | null = null;
  #isOpen = false;
  #isOpening = false;
  #everOpen = false;
  #hasProved = false;
  #openedMs = 0;
  #failures = 0;
  #mayTry = false;
  #attempt = 0;
  #retry: Cancel = () => {};
  #unnoticed: Cancel | null = null;

  /** `changed`: the state may be another now. */
  constructor(world: World, lines: Lines, changed: () => void) {
    this.#world = world;
    this.#lines = lines;
    this.#changed = changed;
    this.#way = new Way(world.nowMs);
    this.#unlisten = [world.onAwake(() => this.awake()), world.onOffline(() => this.#offline())];
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get state(): ConnectionState {
    if (this.#isOpen || this.#unnoticed) return "live";
    if (!this.#world.isOnline()) return "offline";
    return this.#everOpen ? "reconnecting" : "connecting";
  }

  /** Opens it, if it is not. */
  begin(): void {
    if (this.#mayTry) return;
    this.#mayTry = true;
    this.#try();
  }

  /** Until it is cancelled, or refused. One follower a thread. */
  follow(thread: string, follower: Follower): Cancel {
    this.#followers.set(thread, follower);
    this.begin();
    this.#ask(thread);
    return () => {
      if (this.#followers.get(thread) === follower) this.#leave(thread);
    };
  }

  /** Something suggests that it would work now, or that it has died in silence. */
  awake(): void {
    if (this.#isOpen) this.#line?.check();
    else if (this.#mayTry && !this.#isOpening) this.#try();
    this.#changed();
  }

  /** Nobody is signed in: nothing is tried until `begin`. */
  pause(): void {
    this.#mayTry = false;
    this.#retry();
    this.#drop();
  }

  close(): void {
    this.pause();
    this.#unlisten.forEach((cancel) => cancel());
    for (const thread of [...this.#followers.keys()]) this.#leave(thread);
    this.#unnoticed?.();
  }

  // --- Following --------------------------------------------------------------------

  #ask(thread: string): void {
    const follower = this.#followers.get(thread);
    if (!follower || !this.#isOpen) return;
    if (!this.#line!.follow(thread, follower.cursor())) this.#renew();
  }

  #leave(thread: string): void {
    this.#followers.delete(thread);
    this.#refollow.get(thread)?.();
    this.#refollow.delete(thread);
    this.#line?.leave(thread);
  }

  #refused(thread: string, error: ApiError): void {
    const follower = this.#followers.get(thread);
    if (!follower) return;
    // A stream says so to itself alone: a request of the page's tells it to the whole page, if it is true.
    const isStranger = error.code === "not_signed_in";
    if (isStranger) void this.#lines.probe().catch(() => {});
    if (isStranger || error.passing || error.retryAfterS) {
      const ms = Math.max(error.retryAfterS * 1_000, backoffMs(2, this.#world.random()));
      this.#refollow.get(thread)?.();
      this.#refollow.set(
        thread,
        this.#world.after(ms, () => this.#ask(thread)),
      );
      return;
    }
    this.#followers.delete(thread);
    follower.refused(error);
  }

  // --- Opening ----------------------------------------------------------------------

  #try(): void {
    this.#retry();
    this.#isOpening = true;
    this.#hasProved = false;
    this.#changed();
    if (this.#way.takesStreams) this.#line = this.#lines.streams(this.#told);
    else void this.#openSocket();
  }

  async #openSocket(): Promise<void> {
    const attempt = (this.#attempt += 1);
    try {
      const ticket = await this.#lines.ticket();
      if (attempt === this.#attempt) this.#line = this.#lines.socket(ticket, this.#told);
    } catch (thrown) {
      if (attempt !== this.#attempt) return;
      // A browser may forbid the page any socket: then it throws, and requests do not.
      if (!(thrown instanceof ApiError)) this.#way.socketFailed();
      this.#again(asApiError(thrown));
    }
  }

  /** A line that was closed tells nothing any more, so these are always the news of the one there is. */
  readonly #told: Told = {
    opened: () => this.#opened(),
    proved: () => this.#proved(),
    news: (news) => this.#followers.get(news.thread)?.heard(news),
    refused: (thread, error) => this.#refused(thread, error),
    lost: () => void this.#lost(),
  };

  #opened(): void {
    this.#isOpening = false;
    this.#isOpen = this.#everOpen = true;
    this.#openedMs = this.#world.nowMs();
    this.#noticed();
    for (const cancel of this.#refollow.values()) cancel();
    for (const thread of [...this.#followers.keys()]) this.#ask(thread);
    this.#changed();
  }

  #proved(): void {
    if (this.#hasProved) return;
    this.#hasProved = true;
    this.#failures = 0;
  }

  // --- Losing -----------------------------------------------------------------------

  async #lost(): Promise<void> {
    const stayed = this.#hasProved && this.#way.stayed(this.#openedMs);
    this.#drop();
    if (stayed) {
      this.#again();
    } else if (this.#way.takesStreams) {
      this.#way.streamsFailed();
      this.#again();
    } else {
      await this.#blame();
    }
  }

  /** A browser does not say why a socket failed. If requests come through, it is the socket that does not. */
  async #blame(): Promise<void> {
    const attempt = (this.#attempt += 1);
    this.#isOpening = true;
    try {
      await this.#lines.probe();
      if (attempt !== this.#attempt) return;
      this.#way.socketFailed();
      this.#again();
    } catch (thrown) {
      if (attempt === this.#attempt) this.#again(asApiError(thrown));
    }
  }

  #again(error?: ApiError): void {
    this.#isOpening = false;
    if (!this.#mayTry) return;
    const ms = Math.max((error?.retryAfterS ?? 0) * 1_000, backoffMs(this.#failures, this.#world.random()));
    this.#failures += 1;
    this.#retry = this.#world.after(ms, () => this.#try());
    this.#changed();
  }

  /** A new line instead of this one, which is not at fault. */
  #renew(): void {
    this.#drop();
    if (this.#mayTry) this.#try();
  }

  #drop(): void {
    const wasOpen = this.#isOpen;
    this.#line?.close();
    this.#line = null;
    // What is waited for is for the line that is given up.
    this.#attempt += 1;
    this.#isOpen = this.#isOpening = false;
    if (wasOpen && !this.#unnoticed) {
      this.#unnoticed = this.#world.after(UNNOTICED_MS, () => {
        this.#unnoticed = null;
        this.#changed();
      });
    }
    this.#changed();
  }

  #noticed(): void {
    this.#unnoticed?.();
    this.#unnoticed = null;
  }

  #offline(): void {
    if (this.#isOpen) this.#line?.check();
    this.#changed();
  }
}
