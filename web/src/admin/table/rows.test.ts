import { expect, test } from "vitest";

import { type Column, filtered, sorted, turned } from "./rows.ts";

type Row = { name: string; took_s: number | null; state?: string };

const columns: Column<Row>[] = [
  { key: "name", label: "Name", value: (row) => row.name },
  { key: "took", label: "Took", value: (row) => row.took_s, text: (row) => `${row.took_s}s` },
  { key: "state", label: "State", value: (row) => row.state ?? null, text: () => "läuft" },
];

const rows: Row[] = [
  { name: "turn 10", took_s: 2 },
  { name: "turn 9", took_s: null },
  { name: "Turn 1", took_s: 10 },
  { name: "über", took_s: 2 },
];

const names = (found: readonly Row[]) => found.map(({ name }) => name);

test("numbers are sorted as numbers, and who has none stands last either way", () => {
  expect(names(sorted(rows, columns, { key: "took", down: false }))).toEqual(["turn 10", "über", "Turn 1", "turn 9"]);
  expect(names(sorted(rows, columns, { key: "took", down: true }))).toEqual(["Turn 1", "turn 10", "über", "turn 9"]);
});

test("names are sorted as people would, with the numbers in them", () => {
  expect(names(sorted(rows, columns, { key: "name", down: false }))).toEqual(["Turn 1", "turn 9", "turn 10", "über"]);
});

test("sorting leaves the rows that were handed in as they were", () => {
  const before = names(rows);

  sorted(rows, columns, { key: "name", down: true });

  expect(names(rows)).toEqual(before);
});

test("an unknown column sorts nothing", () => {
  expect(sorted(rows, columns, { key: "gone", down: false })).toBe(rows);
});

test("a heading is clicked up, down, and back to the order in which the rows came", () => {
  const up = turned(null, "took");
  const down = turned(up, "took");

  expect(up).toEqual({ key: "took", down: false });
  expect(down).toEqual({ key: "took", down: true });
  expect(turned(down, "took")).toBeNull();
  expect(turned(down, "name")).toEqual({ key: "name", down: false });
});

test("every word must be found, in any column, whatever the case", () => {
  expect(names(filtered(rows, columns, "TURN 10s"))).toEqual(["Turn 1"]);
  expect(filtered(rows, columns, "läuft")).toHaveLength(4);
  expect(names(filtered(rows, columns, "ÜBER"))).toEqual(["über"]);
});

test("full-width letters are found by plain ones", () => {
  expect(names(filtered([{ name: "ＡＷＳ の設定", took_s: 1 }], columns, "aws"))).toHaveLength(1);
});

test("no words leave all rows", () => {
  expect(filtered(rows, columns, "  ")).toBe(rows);
});
