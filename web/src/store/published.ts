/**
 * A value that changes now and then, told at most once per picture: `subscribe` and `view` of a store.
 *
 * `make` is given the last view, so that what did not change can stay the same object.
 */

import { Signal } from "../wire/signal.ts";
import type { Cancel, World } from "../wire/world.ts";

export class Published<V> {
  readonly #world: Pick<World, "frame">;
  readonly #make: (last: V) => V;
  readonly #changed = new Signal<void>();
  #view: V;
  #awaited: Cancel | null = null;

  constructor(world: Pick<World, "frame">, first: V, make: (last: V) => V) {
    this.#world = world;
    this.#make = make;
    this.#view = first;
  }

  subscribe = (listener: () => void) => this.#changed.listen(listener);
  view = () => this.#view;

  /** Something is different now: a view is made with the next picture. */
  later(): void {
    this.#awaited ??= this.#world.frame(() => this.now());
  }

  /** For what a person did, which they want to see at once. */
  now(): void {
    this.#awaited?.();
    this.#awaited = null;
    const made = this.#make(this.#view);
    if (made === this.#view) return;
    this.#view = made;
    this.#changed.tell();
  }

  close(): void {
    this.#awaited?.();
    this.#awaited = null;
  }
}

/** The last list, if the new one has the same in it. */
export function sameList<T>(last: readonly T[], list: readonly T[]): readonly T[] {
  return last.length === list.length && last.every((one, at) => one === list[at]) ? last : list;
}

/** The last object, if the new one has the same fields. */
export function same<T extends object>(last: T, next: T): T {
  const names = Object.keys(next) as (keyof T)[];
  const equal = names.length === Object.keys(last).length && names.every((name) => last[name] === next[name]);
  return equal ? last : next;
}
