import { expect, test } from "vitest";

import { highest, moved, pile, type Series, told } from "./series.ts";

const series: Series[] = [
  { name: "done", tone: "1", values: [3, 0, null] },
  { name: "failed", tone: "bad", values: [1, 2, null] },
];

test("a pile stands on the ground and has no empty pieces", () => {
  expect(pile(series, 0)).toEqual([
    { series: 0, from: 0, to: 3 },
    { series: 1, from: 3, to: 4 },
  ]);
  expect(pile(series, 1)).toEqual([{ series: 1, from: 0, to: 2 }]);
  expect(pile(series, 2)).toEqual([]);
});

test("an axis reaches to the highest line, or to the highest pile", () => {
  expect(highest(series, false)).toBe(3);
  expect(highest(series, true)).toBe(4);
  expect(highest([], true)).toBe(0);
});

test("a slot is told in words, what was not measured too", () => {
  expect(told(series, 0, String, "–")).toBe("done: 3, failed: 1");
  expect(told(series, 2, String, "–")).toBe("done: –, failed: –");
});

test("the arrow keys begin at the newest and stop at the ends", () => {
  expect(moved("ArrowLeft", null, 24)).toBe(23);
  expect(moved("ArrowRight", null, 24)).toBe(23);
  expect(moved("ArrowLeft", 0, 24)).toBe(0);
  expect(moved("ArrowRight", 23, 24)).toBe(23);
  expect(moved("Home", 5, 24)).toBe(0);
  expect(moved("End", 5, 24)).toBe(23);
  expect(moved("Tab", 5, 24)).toBeNull();
});
