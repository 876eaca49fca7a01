/**
 * One followed thread: read, then followed, with what is on its way there.
 *
 * Actions show at once. The log is the truth: whatever is done here comes back with it.
 */

import { awaited, hasEnded } from "../log/answer.ts";
import { begins } from "../log/event.ts";
import type { Feedback } from "../log/exchange.ts";
import { ThreadLog } from "../log/thread.ts";
import { again } from "../wire/again.ts";
import type { News } from "../wire/line.ts";
import { asApiError, type ApiError } from "../wire/problem.ts";
import type { Accepted, Asked, Transcript } from "../wire/server.ts";
import type { Wire } from "../wire/wire.ts";
import type { Cancel } from "../wire/world.ts";
import { Outbox } from "./outbox.ts";
import { Published } from "./published.ts";
import { NOTHING, shownOf, type ConversationView } from "./showing.ts";

const REREAD: ReadonlySet<string> = new Set(["cursor_invalid", "not_found"]);

export class Conversation {
  readonly thread: string;
  readonly #wire: Wire;
  readonly #log = new ThreadLog();
  readonly #outbox: Outbox;
  readonly #published: Published<ConversationView>;
  readonly #unlisten: Cancel[];
  readonly #over = new AbortController();

  #chosen: ReadonlySet<string> = new Set();
  #title = "";
  #shared: string | null = null;
  #earlier: string | null = null;
  #loading = false;
  #error: ApiError | null = null;
  #following: Cancel | null = null;
  #hasNews = true;

  /** `isNew`: the page has just made the name, so there is nothing to read before the first question. */
  constructor(wire: Wire, thread: string, { isNew = false } = {}) {
    this.thread = thread;
    this.#wire = wire;
    this.#outbox = new Outbox(wire, thread, {
      changed: () => this.#published?.now(),
      accepted: (asked, accepted) => this.#accepted(asked, accepted),
    });
    this.#loading = !isNew;
    this.#published = new Published(wire.world, NOTHING, (last) => this.#made(last));
    this.#unlisten = [
      wire.onConnection(() => this.#published.later()),
      wire.happened.listen((it) => it.what === "renamed" && it.thread === thread && this.#renamed(it.title)),
    ];
    wire.connection.begin();
    this.#published.now();
    if (isNew) void this.#outbox.send();
    else void this.#load();
  }

  subscribe = (listener: () => void) => this.#published.subscribe(listener);
  view = () => this.#published.view();

  /** Gives the question's id. */
  ask(words: string, { replaces = "" } = {}): string {
    // An earlier version is only looked at; what is asked belongs to the newest.
    this.#chosen = new Set();
    return this.#outbox.put(words, replaces);
  }

  /** Stops what is being answered. */
  stop(): void {
    const turn = this.view().exchanges.find(({ answer }) => answer.turn && !hasEnded(answer))?.answer.turn;
    if (turn) void this.#outbox.stopTurn(turn);
    else this.#outbox.stop();
  }

  /** Sends a refused question once more. */
  retry(questionId: string): void {
    this.#outbox.retry(questionId);
  }

  /** Takes a refused question off the page and gives its text, to be edited; null when it is not a refused one. */
  withdraw(questionId: string): string | null {
    return this.#outbox.withdraw(questionId);
  }

  /** Shows the version `index` in the place of this turn. */
  showVersion(turn: string, index: number): void {
    const turns = this.view().versions[turn]?.turns ?? [];
    const others = [...this.#chosen].filter((id) => !turns.includes(id));
    this.#chosen = new Set(turns[index] === undefined ? others : [...others, turns[index]]);
    this.#published.now();
  }

  /** Rejects with ApiError. */
  async loadEarlier(): Promise<void> {
    const before = this.#earlier;
    if (before === null) return;
    this.#earlier = null;
    try {
      const read = await this.#wire.api.transcript(this.thread, before);
      this.#log.readEarlier(read.exchanges);
      this.#earlier = read.earlier;
    } catch (error) {
      this.#earlier = before;
      throw error;
    } finally {
      this.#published.now();
    }
  }

  /** Null takes it back. Rejects with ApiError, having put the feedback back as it was. */
  async rate(turn: string, rating: Feedback["rating"] | null, remark = ""): Promise<void> {
    const before = this.#log.feedback(turn);
    const feedback = rating && { rating, remark };
    this.#rated(turn, feedback);
    await this.#wire.api.rate(turn, feedback).catch((error) => {
      this.#rated(turn, before);
      throw error;
    });
  }

  /** Rejects with ApiError. */
  async rename(title: string): Promise<void> {
    const { title: named } = await this.#wire.api.change(this.thread, { title });
    this.#wire.happened.tell({ what: "renamed", thread: this.thread, title: named });
  }

  /** Gives the link's path. Rejects with ApiError. */
  async share(): Promise<string> {
    const { token, path } = await this.#wire.api.share(this.thread);
    this.#shared = token;
    this.#published.now();
    return path;
  }

  /** Rejects with ApiError. */
  async unshare(): Promise<void> {
    await this.#wire.api.unshare(this.thread);
    this.#shared = null;
    this.#published.now();
  }

  /** Reads it again, after an error. */
  reload(): void {
    this.#unfollow();
    this.#loading = true;
    this.#error = null;
    this.#published.now();
    void this.#load();
  }

  /** Stops following. What was asked is sent all the same. */
  close(): void {
    this.#over.abort();
    this.#unlisten.forEach((cancel) => cancel());
    this.#unfollow();
    this.#published.close();
  }

  // --- Reading ----------------------------------------------------------------------

  async #load(): Promise<void> {
    const read = () => this.#wire.api.transcript(this.thread);
    try {
      this.#read(await again(this.#wire.world, this.#wire, this.#over.signal, read));
      this.#follow();
      void this.#outbox.send();
    } catch (thrown) {
      this.#unread(asApiError(thrown));
    } finally {
      this.#loading = false;
      this.#published.now();
    }
  }

  #read({ title, shared, exchanges, earlier, cursor }: Transcript): void {
    this.#title = title;
    this.#shared = shared;
    this.#earlier = earlier;
    this.#log.read(exchanges, cursor);
    this.#outbox.arrived(this.#log.questions);
  }

  #unread(error: ApiError): void {
    // A thread that is not there yet, and a question that the tab kept for it.
    if (error.code === "not_found" && !this.#outbox.isEmpty) void this.#outbox.send();
    else this.#error = error;
  }

  // --- Following --------------------------------------------------------------------

  #follow(): void {
    this.#following ??= this.#wire.connection.follow(this.thread, {
      cursor: () => this.#log.cursor,
      heard: (news) => this.#heard(news),
      refused: (error) => this.#refused(error),
    });
  }

  #unfollow(): void {
    this.#following?.();
    this.#following = null;
  }

  #heard({ turn, events, cursor }: News): void {
    this.#log.heard(turn, events, cursor);
    this.#hasNews = true;
    if (!this.#outbox.isEmpty && events.some(begins)) this.#outbox.arrived(this.#log.questions);
    this.#published.later();
  }

  /** Deleted elsewhere, or our cursor is no good any more (a store that was put back): reading it tells. */
  #refused(error: ApiError): void {
    this.#following = null;
    // What was read led to nothing but this: it would not be better a second time.
    const isUseless = !this.#hasNews;
    this.#hasNews = false;
    if (!isUseless && REREAD.has(error.code)) {
      void this.#load();
      return;
    }
    this.#error = error;
    this.#published.now();
  }

  // --- Doing ------------------------------------------------------------------------

  #accepted({ id, text, replaces }: Asked, { turn, state, ahead }: Accepted): void {
    const isFirst = !this.#following;
    const askedS = this.#wire.world.nowMs() / 1_000;
    this.#log.accepted({ id, text }, replaces, awaited(turn, { state, ahead, askedS }));
    if (!this.#over.signal.aborted) this.#follow();
    this.#wire.happened.tell({ what: "asked", thread: this.thread });
    if (isFirst || replaces) void this.#learnTitle();
  }

  /** The server gives a thread its title with the first question, and another when that was edited. */
  async #learnTitle(): Promise<void> {
    const before = this.#title;
    const read = await this.#wire.api.transcript(this.thread, undefined, 1).catch(() => null);
    if (read && this.#title === before) this.#renamed(read.title);
  }

  #renamed(title: string): void {
    this.#title = title;
    this.#published.now();
  }

  #rated(turn: string, feedback: Feedback | null): void {
    this.#log.rated(turn, feedback);
    this.#published.now();
  }

  // --- The view ---------------------------------------------------------------------

  #made(last: ConversationView): ConversationView {
    const all = [...this.#log.exchanges(), ...this.#outbox.exchanges];
    return shownOf(last, all, this.#chosen, {
      thread: this.thread,
      title: this.#title,
      shared: this.#shared,
      earlier: this.#earlier !== null,
      connection: this.#wire.connection.state,
      loading: this.#loading,
      error: this.#error?.message ?? null,
      errorCode: this.#error?.code ?? "",
    });
  }
}
