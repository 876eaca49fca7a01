/**
 * The numbers of a socket's frames about one thread, so that a repeated frame is dropped and a lost one is noticed.
 *
 * They count from 1 for every turn (docs/websocket.md).
 */

export type Verdict = "apply" | "repeat" | "gap";

export class FrameNumbers {
  #turn = "";
  #last = 0;
  readonly #over = new Set<string>();

  take(turn: string, n: number): Verdict {
    // A thread's turns come one after the other; what comes of one that is past was sent twice.
    if (this.#over.has(turn)) return "repeat";
    if (turn === this.#turn && n <= this.#last) return "repeat";
    if (n !== (turn === this.#turn ? this.#last : 0) + 1) return "gap";
    if (turn !== this.#turn && this.#turn) this.#over.add(this.#turn);
    this.#turn = turn;
    this.#last = n;
    return "apply";
  }
}
