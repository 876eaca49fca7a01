import { expect, test } from "vitest";

import { labelled, linear, path, secondTicks, ticks } from "./scale.ts";

test("a value finds its place between the ends", () => {
  const y = linear([0, 10], [100, 0]);

  expect([y(0), y(5), y(10)]).toEqual([100, 50, 0]);
});

test("a domain without extent lies in the middle", () => {
  expect(linear([3, 3], [0, 10])(3)).toBe(5);
});

test.each([
  [1, [0, 0.5, 1]],
  [0.3, [0, 0.1, 0.2, 0.3]],
  [7, [0, 2, 4, 6, 8]],
  [100, [0, 50, 100]],
  [2_345_678, [0, 1_000_000, 2_000_000, 3_000_000]],
])("an axis up to %d has round numbers", (most, expected) => {
  expect(ticks(most)).toEqual(expected);
});

test.each([0, NaN, -1, Infinity])("an axis for %d is drawn all the same", (most) => {
  expect(ticks(most)).toEqual([0, 1]);
});

test("where halves make no sense there are none", () => {
  expect(ticks(2, 4, true)).toEqual([0, 1, 2]);
});

test("the highest value never stands above the axis", () => {
  for (let most = 0.001; most < 1e7; most *= 1.37) expect(ticks(most).at(-1)).toBeGreaterThanOrEqual(most * (1 - 1e-9));
});

test.each([
  [0.5, [0, 0.1, 0.2, 0.3, 0.4, 0.5]],
  [7, [0, 2, 4, 6]],
  [100, [0, 30, 60, 90]],
  [7200, [0, 1800, 3600, 5400, 7200]],
])("a turn of %d seconds is divided as a clock is", (most_s, expected) => {
  expect(secondTicks(most_s)).toEqual(expected);
});

test("a turn of weeks still has few marks", () => {
  expect(secondTicks(40 * 86_400).length).toBeLessThanOrEqual(8);
});

test("labels are thinned evenly and the newest is always written", () => {
  const shown = labelled(24, 6);

  expect([...Array(24).keys()].filter(shown)).toEqual([3, 7, 11, 15, 19, 23]);
});

test("a line is broken where there is no value", () => {
  expect(path([[0, 1], [1, 2], null, [3, 4]])).toBe("M0.0 1.0L1.0 2.0M3.0 4.0");
});
