import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test } from "vitest";

import { Chart } from "./Chart.tsx";

const slots = { labels: ["12:00", "13:00", "14:00"], names: ["noon", "one", "two"] };
const series = [
  { name: "done", tone: "1", values: [1, null, 3] },
  { name: "failed", tone: "bad", values: [0, null, 2] },
] as const;

const chart = () => (
  <Chart title="Answers" kind="bars" slots={slots} series={series} format={(value) => `${value} answers`} slot="Hour" file="answers" />
);

afterEach(cleanup);

test("the arrow keys read a chart, from the newest value back", async () => {
  const user = userEvent.setup();
  render(chart());
  const reader = screen.getByRole("slider", { name: /Answers/ });

  await user.tab();
  expect(document.activeElement).toBe(reader);
  await user.keyboard("{ArrowLeft}");

  expect(reader.getAttribute("aria-valuetext")).toBe("two: done: 3 answers, failed: 2 answers");
  await user.keyboard("{ArrowLeft}");
  expect(reader.getAttribute("aria-valuetext")).toBe("one: done: –, failed: –");
  await user.keyboard("{Home}");
  expect(reader.getAttribute("aria-valuenow")).toBe("0");
  await user.keyboard("{Escape}");
  expect(reader.getAttribute("aria-valuetext")).toMatch(/Arrow keys/);
});

test("behind a chart is a table with all its values", () => {
  render(chart());

  const cells = screen.getAllByRole("cell", { hidden: true }).map((cell) => cell.textContent);

  expect(cells).toEqual(["noon", "1 answers", "0 answers", "one", "–", "–", "two", "3 answers", "2 answers"]);
});

test("a pile has a piece for each thing there was", () => {
  const { container } = render(chart());

  expect(container.querySelectorAll("rect.bar")).toHaveLength(3);
});
