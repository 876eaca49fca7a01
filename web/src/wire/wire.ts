/**
 * The server as one page reaches it: its API, the followed threads, whether anybody is signed in, and what the
 * stores tell each other.
 */

import { asking, queried, type Ask, type Wish } from "./api.ts";
import type { Chances } from "./again.ts";
import { browser } from "./browser.ts";
import { Connection } from "./connection.ts";
import { Signal } from "./signal.ts";
import { ApiError } from "./problem.ts";
import { Server, type Auth } from "./server.ts";
import { SocketLine } from "./socket.ts";
import { SseLine } from "./sse.ts";
import type { Cancel, World } from "./world.ts";

/** What this page did to a thread, for whoever shows it too. */
export type Happened =
  | { what: "asked"; thread: string }
  | { what: "renamed"; thread: string; title: string }
  | { what: "removed"; thread: string }
  | { what: "restored"; thread: string };

export class Wire implements Chances {
  readonly api: Server;
  readonly connection: Connection;
  readonly world: World;
  readonly happened = new Signal<Happened>();
  readonly #chances = new Signal<void>();
  readonly #signedOut = new Signal<void>();
  readonly #connections = new Signal<void>();
  readonly #unlisten: Cancel;
  #wasOpen = false;
  /** Since the server said so; then nothing that waited is sent before it is known who signed in. */
  #isOut = false;
  #signedInTimes = 0;

  constructor(world: World, auth: Auth) {
    this.world = world;
    this.api = new Server(this.#watched(asking(world)));
    this.connection = new Connection(
      world,
      {
        ticket: async () => (auth === "none" ? null : this.api.ticket()),
        probe: () => this.api.me(),
        socket: (ticket, told) =>
          new SocketLine(world, `/api/socket${queried({ ticket: ticket ?? "" })}`, told),
        streams: (told) => new SseLine(world, told),
      },
      () => this.#connectionChanged(),
    );
    this.#unlisten = world.onAwake(() => this.#chances.tell());
  }

  onChance = (listener: () => void) => this.#chances.listen(listener);
  onConnection = (listener: () => void) => this.#connections.listen(listener);
  /** Calls back when the server says that nobody is signed in (401). */
  onSignedOut = (listener: () => void) => this.#signedOut.listen(listener);

  /**
   * Says who is signed in. What the tab keeps, typed or asked and not sent, is its writer's: of another person it is
   * dropped, and the answer is false. Then the page must begin anew, and what it holds must not be sent.
   */
  isStillFor(person: string): boolean {
    const { kept } = this.world;
    const before = kept.get(PERSON);
    const isSame = before === null || before === person;
    if (!isSame) kept.clear();
    kept.set(PERSON, person);
    return isSame;
  }

  /** After the same person signed in without leaving the page: goes on with what waited. */
  signedIn(): void {
    this.#isOut = false;
    this.#signedInTimes += 1;
    this.connection.begin();
    this.#chances.tell();
  }

  /** Rejects with ApiError. What was typed and not sent is not for whoever sits down here next. */
  async signOut(): Promise<void> {
    await this.api.signOut();
    this.world.kept.clear();
    this.connection.pause();
  }

  close(): void {
    this.#unlisten();
    this.connection.close();
  }

  #connectionChanged(): void {
    const came = this.connection.isOpen && !this.#wasOpen;
    this.#wasOpen = this.connection.isOpen;
    this.#connections.tell();
    if (came) this.#chances.tell();
  }

  /** Whatever is refused for want of a person says so to the whole page. */
  #watched(ask: Ask): Ask {
    const watched = async <T>(path: string, wish?: Wish): Promise<T> => {
      const times = this.#signedInTimes;
      try {
        if (this.#isOut && path.startsWith("/api/") && path !== "/api/me") throw notSignedIn();
        const answer = await ask<T>(path, wish);
        // Whoever answers this may open the line that was lost, however long its pause is meant to be.
        if (!this.connection.isOpen && !this.#isOut) this.connection.awake();
        return answer;
      } catch (error) {
        if (error instanceof ApiError && error.code === "not_signed_in") {
          // Asked before somebody signed in and refused after it: that says nothing of now.
          if (times !== this.#signedInTimes) return watched<T>(path, wish);
          this.connection.pause();
          if (!this.#isOut) this.#signedOut.tell();
          this.#isOut = true;
        }
        throw error;
      }
    };
    return watched;
  }
}

const PERSON = "person";

function notSignedIn(): ApiError {
  return new ApiError("Please sign in.", "not_signed_in", 401);
}

/** For what a page asks before it knows whether anybody must sign in: `server.page()`, `server.shared(token)`. */
export const server = new Server(asking(browser));

/** For the page; one is enough. */
export function openWire(auth: Auth): Wire {
  return new Wire(browser, auth);
}
