import { expect, test } from "vitest";

import { helpText } from "./helpText.ts";

test.each([
  ["See [Retention](retention.md#how-long) for more.", "See Retention for more."],
  ["`none`, **or** [`token`](a.md), [`oidc`](b.md)", "none, or token, oidc"],
  ["A list [a, b] (two)", "A list [a, b] (two)"],
])("%j reads as %j", (help, text) => {
  expect(helpText(help)).toBe(text);
});
