/**
 * Server-sent events, by fetch and not by EventSource, which tells neither why it was refused nor that it fell silent.
 *
 * https://html.spec.whatwg.org/multipage/server-sent-events.html
 */

import { fields, isEvent, begins, type WireEvent } from "../log/event.ts";
import { queried } from "./api.ts";
import type { Line, Told } from "./line.ts";
import { asApiError, ApiError, problemOf, told as errorTold, unreachable } from "./problem.ts";
import type { Cancel, World } from "./world.ts";

// --- Wire: plain data in, plain data out --------------------------------------------

export type Sent = { id: string | null; data: string };

/** Makes events of a stream, however the network cuts it. */
export class SseParser {
  #rest = "";
  #id: string | null = null;
  #data: string[] = [];

  feed(chunk: string): Sent[] {
    const lines = (this.#rest + chunk).split("\n");
    this.#rest = lines.pop()!;
    return lines.flatMap((line) => this.#line(line.endsWith("\r") ? line.slice(0, -1) : line));
  }

  #line(line: string): Sent[] {
    if (line === "") return this.#dispatch();
    const [, name, value] = /^([^:]*):? ?(.*)$/s.exec(line)!;
    if (name === "data") this.#data.push(value!);
    if (name === "id") this.#id = value!;
    return [];
  }

  #dispatch(): Sent[] {
    const sent = this.#data.length ? [{ id: this.#id, data: this.#data.join("\n") }] : [];
    this.#data = [];
    this.#id = null;
    return sent;
  }
}

/** An error of the stream and not of an answer: that would have a reference. */
export function brokeOff(event: WireEvent): ApiError | null {
  return event.type === "RUN_ERROR" && !("reference" in fields(event["metadata"])) ? errorTold(event) : null;
}

// --- I/O: as little as possible -------------------------------------------------------

// The server writes something every 15 seconds.
const SILENT_MS = 40_000;
const SUSPECT_MS = 20_000;

export class SseLine implements Line {
  readonly #world: World;
  readonly #told: Told;
  readonly #streams = new Map<string, AbortController>();
  #timer: Cancel;
  #heardMs: number;
  #over = false;

  constructor(world: World, told: Told) {
    this.#world = world;
    this.#told = told;
    this.#heardMs = world.nowMs();
    // There is nothing to open before there is a thread to follow.
    this.#timer = world.after(0, () => this.#over || told.opened());
  }

  follow(thread: string, cursor: string | null): boolean {
    this.leave(thread);
    const gone = new AbortController();
    this.#streams.set(thread, gone);
    this.#alive();
    void this.#read(thread, cursor, gone);
    return true;
  }

  leave(thread: string): void {
    this.#streams.get(thread)?.abort();
    this.#streams.delete(thread);
    if (!this.#streams.size) this.#timer();
  }

  check(): void {
    if (this.#streams.size && this.#world.nowMs() - this.#heardMs > SUSPECT_MS) this.#lose();
  }

  close(): void {
    this.#over = true;
    this.#timer();
    for (const gone of this.#streams.values()) gone.abort();
  }

  async #read(thread: string, cursor: string | null, gone: AbortController): Promise<void> {
    const address = `/api/threads/${encodeURIComponent(thread)}/events${queried({ cursor: cursor ?? "" })}`;
    const isCurrent = () => !this.#over && this.#streams.get(thread) === gone;
    try {
      const response = await this.#world.fetch(address, {
        signal: gone.signal,
        credentials: "same-origin",
        headers: { Accept: "text/event-stream" },
      });
      if (!response.ok) throw await problemOf(response);
      for await (const sent of this.#sent(response)) {
        if (!isCurrent()) return;
        this.#tell(thread, sent);
      }
      throw unreachable();
    } catch (thrown) {
      if (isCurrent()) this.#broken(thread, thrown instanceof ApiError ? thrown : unreachable());
    }
  }

  async *#sent(response: Response): AsyncGenerator<Sent[]> {
    const parser = new SseParser();
    const decoder = new TextDecoder();
    const reader = response.body!.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      if (this.#over) return;
      this.#alive();
      this.#told.proved();
      yield parser.feed(decoder.decode(value, { stream: true }));
    }
  }

  #turns = new Map<string, string>();

  #tell(thread: string, sent: readonly Sent[]): void {
    for (const { id, data } of sent) {
      const event: unknown = JSON.parse(data);
      if (!isEvent(event)) continue;
      const error = brokeOff(event);
      if (error) throw error;
      if (begins(event)) this.#turns.set(thread, begins(event));
      this.#told.news({ thread, turn: this.#turns.get(thread) ?? "", events: [event], cursor: id });
    }
  }

  #broken(thread: string, error: ApiError): void {
    this.#streams.delete(thread);
    if (error.code === "unreachable" || error.passing) this.#lose();
    else this.#told.refused(thread, asApiError(error));
  }

  #alive(): void {
    this.#heardMs = this.#world.nowMs();
    this.#timer();
    this.#timer = this.#world.after(SILENT_MS, () => this.#lose());
  }

  #lose(): void {
    if (this.#over) return;
    this.close();
    this.#told.lost();
  }
}
