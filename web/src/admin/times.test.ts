import { expect, test } from "vitest";

import { ago, clock, date, duration, hour, iso, moment } from "./times.ts";

const NOON = Date.parse("2026-11-21T12:00:00Z") / 1000;

test.each([
  [0, "0s"],
  [0.0004, "0s"],
  [0.0042, "4ms"],
  [0.0996, "0.1s"],
  [0.416, "0.42s"],
  [0.9996, "1s"],
  [8.06, "8.1s"],
  [59.94, "59.9s"],
  [59.96, "1m"],
  [125, "2m 5s"],
  [3599.6, "1h"],
  [3780, "1h 3m"],
  [-3, "0s"],
])("%d seconds are told in as many figures as matter: %s", (seconds, told) => {
  expect(duration(seconds, "en")).toBe(told);
});

test.each([
  [0, "now"],
  [59, "now"],
  [61, "1 min. ago"],
  [2 * 3600 + 1, "2 hr. ago"],
  [3 * 86_400, "3 days ago"],
])("what happened %d seconds ago is told as %s", (past_s, told) => {
  expect(ago(NOON - past_s, NOON, "en")).toBe(told);
});

test("a server's clock that is ahead of ours tells of no future", () => {
  expect(ago(NOON + 30, NOON, "en")).toBe("now");
});

test("moments follow the reader's language and zone", () => {
  expect(clock(NOON, "en-GB", "Europe/Berlin")).toBe("13:00");
  expect(hour(NOON, "en-GB", "Asia/Tokyo")).toBe("21 Nov, 21:00");
  expect(date(NOON, "ja", "UTC")).toBe("11月21日");
  expect(moment(NOON, "en-GB", "UTC")).toBe("21 Nov 2026, 12:00:00");
});

test("a time that has not come is an empty field in a file", () => {
  expect(iso(0)).toBe("");
  expect(iso(NOON)).toBe("2026-11-21T12:00:00.000Z");
});
