import { act, cleanup, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { ApiError } from "../wire/problem.ts";
import { deny, useDenied } from "./access.ts";
import { useListed, useLoaded } from "./loading.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  cleanup();
  deny(null);
  Reflect.deleteProperty(document, "hidden");
  vi.useRealTimers();
});

/** A server that answers when it is told to. */
function held<T>() {
  const waiting: { resolve: (value: T) => void; reject: (error: unknown) => void }[] = [];
  return {
    asked: () => waiting.length,
    load: () => new Promise<T>((resolve, reject) => waiting.push({ resolve, reject })),
    answer: (at: number, value: T) => act(async () => waiting[at]?.resolve(value)),
    refuse: (at: number, error: unknown) => act(async () => waiting[at]?.reject(error)),
  };
}

function see(visible: boolean) {
  Object.defineProperty(document, "hidden", { configurable: true, value: !visible });
  return act(async () => void document.dispatchEvent(new Event("visibilitychange")));
}

const wait = (seconds: number) => act(async () => void vi.advanceTimersByTime(seconds * 1000));

function Shown({ of, load, every_s = 0 }: { of: string; load: () => Promise<string>; every_s?: number }) {
  const { value, error } = useLoaded(of, load, every_s);
  const denied = useDenied();
  return <p data-testid="shown">{[value, error, denied].filter(Boolean).join("|")}</p>;
}

const shown = () => screen.getByTestId("shown").textContent;

test("what is shown is loaded again a while after each answer", async () => {
  const server = held<string>();
  render(<Shown of="turns" load={server.load} every_s={3} />);
  await wait(60);
  expect(server.asked()).toBe(1);

  await server.answer(0, "first");
  await wait(3);
  await server.answer(1, "second");

  expect(shown()).toBe("second");
});

test("nobody asks for a page that nobody looks at, and it is fresh when somebody does", async () => {
  const server = held<string>();
  render(<Shown of="turns" load={server.load} every_s={3} />);
  await see(false);
  await server.answer(0, "first");

  await wait(60);
  expect(server.asked()).toBe(1);

  await see(true);
  expect(server.asked()).toBe(2);
});

test("a late answer to what was asked before is not shown", async () => {
  const [old, now] = [held<string>(), held<string>()];
  const { rerender } = render(<Shown of="failed" load={old.load} />);
  rerender(<Shown of="done" load={now.load} />);

  await now.answer(0, "done ones");
  await old.answer(0, "failed ones");

  expect(shown()).toBe("done ones");
});

test("when the server cannot be reached, what was there stays, with the reason", async () => {
  const server = held<string>();
  render(<Shown of="turns" load={server.load} every_s={3} />);
  await server.answer(0, "first");
  await wait(3);

  await server.refuse(1, new ApiError("The server cannot be reached.", "unreachable"));
  expect(shown()).toBe("first|The server cannot be reached.");

  await wait(3);
  await server.answer(2, "third");
  expect(shown()).toBe("third");
});

test.each([401, 403] as const)("all pages know of a refusal with %d", async (status) => {
  const server = held<string>();
  render(<Shown of="turns" load={server.load} />);

  await server.refuse(0, new ApiError("Not you.", "not_admin", status));

  expect(shown()).toBe(`Not you.|${status}`);
});

type Part = { rows: string[]; more: string | null };

function List({ load }: { load: (before: string, limit: number) => Promise<Part> }) {
  const { rows, more, loadMore } = useListed("", load, (row) => row, 3);
  return (
    <button data-testid="shown" onClick={loadMore}>
      {rows.join("") + (more ? "…" : "")}
    </button>
  );
}

test("a list read on backwards keeps its older rows while its newest are refreshed", async () => {
  const server = held<Part>();
  const asked: string[] = [];
  const load = (before: string) => (asked.push(before), server.load());
  render(<List load={load} />);
  await server.answer(0, { rows: ["d", "c"], more: "c" });
  expect(shown()).toBe("dc…");

  await act(async () => screen.getByTestId("shown").click());
  await server.answer(1, { rows: ["b", "a"], more: null });
  expect(shown()).toBe("dcba");

  await wait(3);
  await server.answer(2, { rows: ["e", "d", "c"], more: "c" });
  expect(shown()).toBe("edcba");
  expect(asked).toEqual(["", "c", ""]);
});
