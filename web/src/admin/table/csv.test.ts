import { expect, test } from "vitest";

import { csv, field } from "./csv.ts";

test("commas, quotes and line ends survive, as RFC 4180 has it", () => {
  const columns = [
    { key: "a", label: "Said, by", value: (row: string[]) => row[0] ?? null },
    { key: "b", label: "Words", value: (row: string[]) => row[1] ?? null },
  ];

  const text = csv([["Ann", 'She said "no".'], ["Bob", "two\nlines"], ["Cy"]], columns);

  expect(text).toBe('"Said, by",Words\r\nAnn,"She said ""no""."\r\nBob,"two\nlines"\r\nCy,\r\n');
});

test.each(["=1+1", "+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", "\tx", "\rx", " =1", "＝1", "\n=1"])(
  "a spreadsheet does not run %j",
  (hostile) => {
    expect(field(hostile).replace(/^"/, "")).toMatch(/^'/);
  },
);

test.each([
  [-3, "-3"],
  [0.5, "0.5"],
  [true, "true"],
  [null, ""],
  ["", ""],
  ["a=b", "a=b"],
])("%j is written as it is", (value, written) => {
  expect(field(value)).toBe(written);
});

test("a hostile field with quotes in it is guarded and quoted", () => {
  expect(field('=HYPERLINK("https://example.org","x")')).toBe('"\'=HYPERLINK(""https://example.org"",""x"")"');
});
