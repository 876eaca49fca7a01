/** Socket or streams: a socket, unless sockets fail again and again where requests come through. */

// A line that lasts less did not stay.
const STAYS_MS = 10_000;
// So often may a socket fail before streams are taken instead.
const STRIKES = 2;
const SOCKET_AGAIN_AFTER_MS = 600_000;

export class Way {
  readonly #nowMs: () => number;
  #strikes = 0;
  #streamsUntilMs = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  get takesStreams(): boolean {
    return this.#nowMs() < this.#streamsUntilMs;
  }

  /** A line was lost that had opened then; whether it had stayed, so that nothing is wrong with its kind. */
  stayed(openedMs: number): boolean {
    const stayed = this.#nowMs() - openedMs >= STAYS_MS;
    if (stayed) this.#strikes = 0;
    return stayed;
  }

  socketFailed(): void {
    this.#strikes += 1;
    if (this.#strikes >= STRIKES) this.#streamsUntilMs = this.#nowMs() + SOCKET_AGAIN_AFTER_MS;
  }

  /** Streams do no better: the next is a socket again, and one more failure of it brings back streams. */
  streamsFailed(): void {
    this.#streamsUntilMs = 0;
    this.#strikes = STRIKES - 1;
  }
}
