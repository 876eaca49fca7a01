import { cleanup, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test } from "vitest";

import { type Column, Table } from "./Table.tsx";

type Row = { name: string; took_s: number };

const rows: Row[] = [
  { name: "b", took_s: 9 },
  { name: "a", took_s: 10 },
];
const columns: Column<Row>[] = [
  { key: "name", label: "Name", value: ({ name }) => name },
  { key: "took", label: "Took", value: ({ took_s }) => took_s, cell: ({ took_s }) => `${took_s} seconds` },
  { key: "stop", label: "Actions", value: () => null, only: "screen", cell: () => <button type="button">Stop</button> },
];

const table = (shown = rows) => (
  <Table caption="Answers" columns={columns} rows={shown} name={({ name }) => name} empty="Nothing yet." file="answers" />
);
const names = () => within(screen.getAllByRole("rowgroup")[1]!).getAllByRole("row").map((row) => row.textContent?.[0]);
const heading = (name: string) => screen.getByRole("columnheader", { name: new RegExp(name) });

afterEach(cleanup);

test("a heading is a button that says how its column is sorted", async () => {
  const user = userEvent.setup();
  render(table());
  expect(names()).toEqual(["b", "a"]);

  await user.tab();
  heading("Name").querySelector("button")?.focus();
  await user.keyboard("{Enter}");

  expect(names()).toEqual(["a", "b"]);
  expect(heading("Name").getAttribute("aria-sort")).toBe("ascending");
  expect(heading("Took").getAttribute("aria-sort")).toBe("none");

  await user.keyboard("{Enter}");
  expect(heading("Name").getAttribute("aria-sort")).toBe("descending");
});

test("a column of buttons is not sorted", () => {
  render(table());

  expect(heading("Actions").hasAttribute("aria-sort")).toBe(false);
  expect(within(heading("Actions")).queryByRole("button")).toBeNull();
});

test("what is typed leaves the rows that fit, and their number is told", async () => {
  const user = userEvent.setup();
  render(table());

  await user.type(screen.getByRole("searchbox"), "10");

  expect(names()).toEqual(["a"]);
  expect(screen.getByRole("status").textContent).toBe("1 of 2 rows");

  await user.type(screen.getByRole("searchbox"), "x");
  expect(screen.getByText("Nothing fits the filter.")).toBeTruthy();
});

test("of a list that goes on, the number is told as what it is so far", () => {
  render(<Table caption="Answers" columns={columns} rows={rows} name={({ name }) => name} empty="" partial />);

  expect(screen.getByRole("status").textContent).toBe("2 rows so far");
});

test("a phone, which has no headings, sorts by a list of them", async () => {
  const user = userEvent.setup();
  render(table());

  await user.selectOptions(screen.getByRole("combobox", { name: "Sort by" }), "Took ↓");

  expect(names()).toEqual(["a", "b"]);
});

test("the table has a name, and the place that scrolls can be reached by keyboard", () => {
  render(table());

  expect(screen.getByRole("table", { name: "Answers" })).toBeTruthy();
  expect(screen.getByRole("region", { name: "Answers" }).tabIndex).toBe(0);
});

test("the buttons of a row stay in sight when the table is wider than its place", () => {
  render(table());

  const [row] = within(screen.getAllByRole("rowgroup")[1]!).getAllByRole("row");
  expect(within(row!).getByRole("button").closest("td")!.className).toBe("stays");
  expect(within(row!).getAllByRole("cell")[0]!.className).toBe("");
});

test("without rows there is a sentence, and nothing to export", () => {
  render(table([]));

  expect(screen.getByText("Nothing yet.")).toBeTruthy();
  expect((screen.getByRole("button", { name: "Export CSV" }) as HTMLButtonElement).disabled).toBe(true);
});
