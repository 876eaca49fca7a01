import { expect, test } from "vitest";

import { merged } from "./merged.ts";

const list = (names: string) => names.split("");
const name = (row: string) => row;

test.each([
  ["", "cba", "cba", "the first part is the list"],
  ["cba", "ed", "ed", "a gap is not hidden: the older ones are read again when wanted"],
  ["dcba", "ed", "edcba", "what is new stands before what is known"],
  ["dcba", "dc", "dcba", "without news nothing changes"],
  ["dcba", "", "", "what is gone is gone"],
  ["dcba", "ca", "ca", "what was forgotten does not stay"],
  ["dcba", "cd", "cdba", "what moved up stands once"],
])("%j and then %j is %j: %s", (known, fresh, expected) => {
  expect(merged(list(known), list(fresh), name).join("")).toBe(expected);
});
