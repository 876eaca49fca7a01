import { expect, test } from "vitest";

import type { Day } from "../wire.ts";
import { answers, daysBetween, grouped, tokens } from "./grouping.ts";

function row(day: string, model: string, done: number, channel = "web"): Day {
  const none = { count: 0, p50_s: null, p95_s: null };
  const usage = { input_tokens: done * 10, output_tokens: done, reasoning_tokens: 0, cache_read_tokens: 0, cache_write_tokens: 0 };
  return { day, model, channel, turns: { done, stopped: 0, failed: 1 }, errors: {}, first_visible: none, took: none, usage };
}

const at = (text: string) => Date.parse(text) / 1000;

test("the days between two moments are all there, also the empty ones", () => {
  const days = daysBetween(at("2026-11-19T23:00:00Z"), at("2026-11-21T00:30:00Z"));

  expect(days).toEqual(["2026-11-19", "2026-11-20", "2026-11-21"]);
});

test("midnight belongs to the day that begins", () => {
  expect(daysBetween(at("2026-11-19T00:00:00Z"), at("2026-11-20T00:00:00Z"))).toEqual(["2026-11-19"]);
  expect(daysBetween(at("2026-11-19T00:00:00Z"), at("2026-11-19T00:00:00Z"))).toEqual(["2026-11-19"]);
});

test("a day on which a model answered nothing is a nought", () => {
  const rows = [row("2026-11-19", "a", 3), row("2026-11-21", "a", 1, "openai"), row("2026-11-21", "a", 1)];
  const days = ["2026-11-19", "2026-11-20", "2026-11-21"];

  expect(grouped(rows, days, ({ model }) => model, answers, "others")).toEqual([{ name: "a", tone: "1", values: [4, 0, 4] }]);
});

test("the largest come first, and of many the smallest stand together", () => {
  const rows = "abcdefgh".split("").map((model, place) => row("2026-11-19", model, place + 1));

  const series = grouped(rows, ["2026-11-19"], ({ model }) => model, tokens, "others");

  expect(series.map(({ name }) => name)).toEqual(["h", "g", "f", "e", "d", "others"]);
  expect(series.at(-1)?.values).toEqual([(1 + 2 + 3) * 11]);
});

test("a single small one is not called others", () => {
  const rows = "abcdef".split("").map((model) => row("2026-11-19", model, 1));

  expect(grouped(rows, ["2026-11-19"], ({ model }) => model, tokens, "others")).toHaveLength(6);
});
