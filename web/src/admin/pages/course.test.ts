import { expect, test } from "vitest";

import type { Attempt, Moment, Timeline, TurnFacts } from "../wire.ts";
import { course } from "./course.ts";

const ASKED_S = 1_000;

function turn(ended_s: number): TurnFacts {
  const place = { key: "site:web:t", tenant: "site", channel: "web", thread: "t" };
  return { ...place, turn: "1", state: ended_s ? "done" : "running", asked_s: ASKED_S, ended_s, attempts: 1, tries: 1, stop_by: "", here: true };
}

function attempt(number: number, began_s: number | null, first_word_s: number | null): Attempt {
  return { attempt: number, began_s, first_word_s, why: "", chars: 0, reasoning_chars: 0 };
}

function moment(kind: Moment["kind"], at_s: number | null, attempt: number): Moment {
  return { kind, at_s, since_s: at_s && at_s - ASKED_S, attempt, what: "", detail: {} };
}

test("an answer is thought of and then written, and ends where it ends", () => {
  const timeline: Timeline = {
    turn: turn(1_010),
    attempts: [attempt(1, 1_000.1, 1_003)],
    moments: [moment("received", 1_000, 0), moment("first_word", 1_003, 1), moment("done", 1_010, 1)],
  };

  const drawn = course(timeline, 5_000);

  expect(drawn?.length_s).toBe(10);
  expect(drawn?.lanes).toHaveLength(1);
  expect(drawn?.lanes[0]?.stretches.map(({ kind }) => kind)).toEqual(["thinking", "writing"]);
  expect(drawn?.lanes[0]?.stretches[1]).toEqual({ kind: "writing", from_s: 3, to_s: 10 });
  expect(drawn?.lanes[0]?.marks).toEqual([{ kind: "done", at_s: 10 }]);
});

test("each attempt has a lane, and the first ends where the second begins", () => {
  const timeline: Timeline = {
    turn: turn(1_030),
    attempts: [attempt(1, 1_000, 1_002), attempt(2, 1_014, null)],
    moments: [moment("failed", 1_030, 2)],
  };

  const lanes = course(timeline, 0)?.lanes ?? [];

  expect(lanes.map(({ attempt }) => attempt)).toEqual([1, 2]);
  expect(lanes[0]?.stretches.at(-1)).toEqual({ kind: "writing", from_s: 2, to_s: 14 });
  expect(lanes[1]?.stretches).toEqual([{ kind: "thinking", from_s: 14, to_s: 30 }]);
});

test("who waited in the queue sees that, from the question on", () => {
  const waiting: Timeline = { turn: turn(0), attempts: [], moments: [moment("waiting", 1_000, 0)] };
  const begun: Timeline = { ...waiting, attempts: [attempt(1, 1_008, null)] };

  expect(course(waiting, 1_004)?.lanes).toEqual([
    { attempt: 0, stretches: [{ kind: "waited", from_s: 0, to_s: 4 }], marks: [{ kind: "waiting", at_s: 0 }] },
  ]);
  expect(course(begun, 1_009)?.lanes[0]?.stretches).toEqual([{ kind: "waited", from_s: 0, to_s: 8 }]);
});

test("who did not wait was answered from the start, though the first sign of it came later", () => {
  const timeline: Timeline = { turn: turn(1_004), attempts: [attempt(1, 1_000.7, 1_000.7)], moments: [] };

  expect(course(timeline, 0)?.lanes).toEqual([
    {
      attempt: 1,
      stretches: [
        { kind: "thinking", from_s: 0, to_s: expect.closeTo(0.7) },
        { kind: "writing", from_s: expect.closeTo(0.7), to_s: 4 },
      ],
      marks: [],
    },
  ]);
});

test("an answer that goes on is drawn up to now", () => {
  const timeline: Timeline = { turn: turn(0), attempts: [attempt(1, 1_000, 1_001)], moments: [] };

  expect(course(timeline, 1_007)?.length_s).toBe(7);
});

test("a clock of ours that is behind the server's hides nothing that happened", () => {
  const timeline: Timeline = { turn: turn(0), attempts: [attempt(1, 1_000, 1_001)], moments: [moment("status", 1_005, 1)] };

  expect(course(timeline, 990)?.length_s).toBe(5);
});

test("a log from before times were kept is not drawn", () => {
  expect(course({ turn: turn(1_010), attempts: [attempt(1, null, null)], moments: [] }, 0)).toBeNull();
});
