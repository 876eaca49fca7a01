/** Chance for tests that comes out the same every time: mulberry32, a generator of 32 bits of state. */

export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** From 0 up to 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** From 0 up to `below`. */
  below(below: number): number {
    return Math.floor(this.next() * below);
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}
