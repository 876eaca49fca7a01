import { expect, test } from "vitest";

import { settingText } from "./settingText.ts";

test.each([
  [null, ""],
  ["", ""],
  [0, "0"],
  [20.5, "20.5"],
  [false, "no"],
  [true, "yes"],
  [["a", "b"], "a, b"],
  [[], ""],
  [{}, ""],
  [{ temperature: 0.2 }, '{"temperature":0.2}'],
])("%j reads as %j", (value, text) => {
  expect(settingText(value, { yes: "yes", no: "no" })).toBe(text);
});
