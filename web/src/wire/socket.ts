/**
 * The page's one WebSocket (docs/websocket.md): follows any number of threads.
 *
 * A browser does not tell of a connection that died in silence (a laptop that was closed, a router that forgot), so
 * it is asked for a sign of life.
 */

import { fields, isEvent, list, number, text } from "../log/event.ts";
import { FrameNumbers } from "../log/frames.ts";
import type { Line, Told } from "./line.ts";
import { told as errorTold } from "./problem.ts";
import type { Cancel, SocketLike, World } from "./world.ts";

const OPENS_WITHIN_MS = 10_000;
const PING_EVERY_MS = 25_000;
const PONG_WITHIN_MS = 10_000;
// The server allows 100, and what nobody follows any more is told, too.
const MOST_FOLLOWED = 30;

export class SocketLine implements Line {
  readonly #world: World;
  readonly #told: Told;
  readonly #socket: SocketLike;
  /** By thread, of all that this socket ever followed. */
  readonly #followed = new Map<string, FrameNumbers>();
  #timer: Cancel;
  #over = false;

  constructor(world: World, path: string, told: Told) {
    this.#world = world;
    this.#told = told;
    this.#socket = world.openSocket(path);
    this.#timer = world.after(OPENS_WITHIN_MS, () => this.#lose());
    this.#socket.onopen = () => this.#opened();
    this.#socket.onmessage = ({ data }) => this.#heard(data);
    this.#socket.onclose = () => this.#lose();
  }

  follow(thread: string, cursor: string | null): boolean {
    // Followed again here, frames of before could be taken for those that were asked for.
    if (this.#followed.has(thread) || this.#followed.size >= MOST_FOLLOWED) return false;
    this.#followed.set(thread, new FrameNumbers());
    this.#send({ type: "resume", re: thread, thread, ...(cursor === null ? {} : { cursor }) });
    return true;
  }

  leave(): void {
    // There is no word for it: what still comes is for nobody.
  }

  check(): void {
    this.#ping();
  }

  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer();
    this.#socket.close();
  }

  #opened(): void {
    if (this.#over) return;
    this.#told.opened();
    this.#ping();
  }

  #heard(data: unknown): void {
    if (this.#over) return;
    this.#aliveUntilPing();
    this.#told.proved();
    const message = fields(parsed(data));
    if (message["type"] === "events") this.#events(message);
    else if (message["type"] === "error") this.#refused(message);
  }

  #events(message: Readonly<Record<string, unknown>>): void {
    const thread = text(message["thread"]);
    const turn = text(message["turn"]);
    const numbers = this.#followed.get(thread);
    if (!numbers) return;
    switch (numbers.take(turn, number(message["n"]))) {
      case "apply":
        this.#told.news({
          thread,
          turn,
          events: list(message["events"]).filter(isEvent),
          cursor: text(message["cursor"]) || null,
        });
        break;
      case "gap":
        // A new socket resumes from the last cursor, and nothing of this one can be mixed up with it.
        this.#lose();
        break;
    }
  }

  #refused(message: Readonly<Record<string, unknown>>): void {
    const thread = text(message["re"]);
    if (this.#followed.delete(thread)) this.#told.refused(thread, errorTold(message));
  }

  // --- Signs of life -------------------------------------------------------------

  #ping(): void {
    if (this.#over) return;
    this.#send({ type: "ping" });
    this.#timer();
    this.#timer = this.#world.after(PONG_WITHIN_MS, () => this.#lose());
  }

  #aliveUntilPing(): void {
    this.#timer();
    this.#timer = this.#world.after(PING_EVERY_MS, () => this.#ping());
  }

  #send(message: object): void {
    try {
      this.#socket.send(JSON.stringify(message));
    } catch {
      // Not open yet, or no longer: then it is noticed by its timer.
    }
  }

  #lose(): void {
    if (this.#over) return;
    this.close();
    this.#told.lost();
  }
}

function parsed(data: unknown): unknown {
  try {
    return JSON.parse(text(data));
  } catch {
    return null;
  }
}
