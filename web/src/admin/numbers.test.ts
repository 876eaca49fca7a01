import { expect, test } from "vitest";

import { compact, size, whole } from "./numbers.ts";

test.each([
  [0, "0 byte"],
  [999, "999 byte"],
  [1_000, "1 kB"],
  [1_440_000, "1.4 MB"],
  [5_000_000_000_000, "5,000 GB"],
])("%d bytes are told as %s", (bytes, told) => {
  expect(size(bytes, "en")).toBe(told);
});

test("numbers are short on an axis and whole in a table, as the reader writes them", () => {
  expect(compact(1_234_567, "en")).toBe("1.2M");
  expect(compact(149_000, "ja")).toBe("14.9万");
  expect(whole(1_234_567, "de")).toBe("1.234.567");
});
