/** Tells whoever listens. */

import type { Cancel } from "./world.ts";

export class Signal<T> {
  readonly #listeners = new Set<(told: T) => void>();

  listen(listener: (told: T) => void): Cancel {
    // In a function of its own, so that the same one may listen twice.
    const own = (told: T) => listener(told);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  tell(told: T): void {
    for (const listener of [...this.#listeners]) listener(told);
  }
}
