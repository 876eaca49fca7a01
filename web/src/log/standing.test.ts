// @vitest-environment node
import { describe, expect, test } from "vitest";
import { Chance } from "./chance.ts";
import { shown, standing, type Placed } from "./standing.ts";

const turns = (...written: string[]): Placed[] =>
  written.map((one) => {
    const [id, replaces = ""] = one.split(" instead of ");
    return { id: id!, replaces };
  });

test("without replacing, all turns stand and none has versions", () => {
  expect(shown(turns("a", "b", "c"))).toEqual({ ids: ["a", "b", "c"], versions: {} });
});

test("a question that is asked again stands instead of that turn and of all after it", () => {
  const { ids, versions } = shown(turns("a", "b", "c", "d instead of b", "e"));

  expect(ids).toEqual(["a", "d", "e"]);
  expect(versions).toEqual({ d: { turns: ["b", "d"], at: 1 } });
});

test("an earlier version is shown with what came after it then", () => {
  const { ids, versions } = shown(turns("a", "b", "c", "d instead of b", "e"), new Set(["b"]));

  expect(ids).toEqual(["a", "b", "c"]);
  expect(versions).toEqual({ b: { turns: ["b", "d"], at: 0 } });
});

test("the very first question has versions, too", () => {
  const { ids, versions } = shown(turns("a", "b instead of a", "c instead of b"));

  expect(ids).toEqual(["c"]);
  expect(versions).toEqual({ c: { turns: ["a", "b", "c"], at: 2 } });
});

test("a replaced turn that is not known is older than all that are, and they are no versions of the new one", () => {
  const page = turns("x", "y", "n instead of long ago", "z");

  expect(shown(page)).toEqual({ ids: ["n", "z"], versions: {} });
});

describe("for any thread", () => {
  const threads = Array.from({ length: 500 }, (_, seed) => thread(new Chance(seed)));

  test("what is shown without choosing is what the server's rule says", () => {
    for (const placed of threads) expect(standing(placed)).toEqual(byTheRule(placed));
  });

  test("every turn can be reached by choosing, and the versions of a place know each other", () => {
    for (const placed of threads) {
      for (const { id } of placed) {
        const found = shown(placed, new Set(above(id, placed)));

        expect(found.ids).toContain(id);
        for (const [turn, { turns: all, at }] of Object.entries(found.versions)) expect(all[at]).toBe(turn);
      }
    }
  });
});

/** core/standing.py, word for word. */
function byTheRule(placed: readonly Placed[]): string[] {
  const places = new Map<string, number>();
  let stand: { id: string; place: number }[] = [];
  placed.forEach(({ id, replaces }, place) => {
    if (replaces) stand = stand.filter((one) => one.place < (places.get(replaces) ?? 0));
    places.set(id, place);
    stand.push({ id, place });
  });
  return stand.map(({ id }) => id);
}

/** A thread as people make one: what is replaced stood when it was. */
function thread(chance: Chance): Placed[] {
  const placed: Placed[] = [];
  for (let n = 0; n < 1 + chance.below(10); n += 1) {
    const stand = byTheRule(placed);
    placed.push({ id: `t${n}`, replaces: stand.length && chance.below(2) ? chance.of(stand) : "" });
  }
  return placed;
}

/** A turn and all it followed on when it was asked. */
function above(id: string, placed: readonly Placed[]): string[] {
  return byTheRule(placed.slice(0, placed.findIndex((one) => one.id === id) + 1));
}
