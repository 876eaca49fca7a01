// @vitest-environment node
import { expect, test } from "vitest";
import { FrameNumbers } from "./frames.ts";

test("frames that come in order are applied, each turn's from one", () => {
  const numbers = new FrameNumbers();

  expect([numbers.take("a", 1), numbers.take("a", 2), numbers.take("b", 1)]).toEqual([
    "apply",
    "apply",
    "apply",
  ]);
});

test("a frame that was had is dropped, of this turn or of one that is past", () => {
  const numbers = new FrameNumbers();
  for (const [turn, n] of [
    ["a", 1],
    ["a", 2],
    ["b", 1],
  ] as const)
    numbers.take(turn, n);

  expect([numbers.take("b", 1), numbers.take("a", 2), numbers.take("b", 2)]).toEqual([
    "repeat",
    "repeat",
    "apply",
  ]);
});

test("a lost frame shows, in the middle of a turn and at its beginning", () => {
  const [middle, beginning] = [new FrameNumbers(), new FrameNumbers()];
  middle.take("a", 1);

  expect([middle.take("a", 3), beginning.take("a", 2)]).toEqual(["gap", "gap"]);
});
