import { afterEach, expect, test, vi } from "vitest";
import { drafts } from "../store/drafts.ts";
import { browser } from "./browser.ts";

afterEach(() => vi.unstubAllGlobals());

test("what is typed is kept for its thread, and gone when it is empty, or whoever typed it has signed out", () => {
  drafts.set("a", "Is it");
  drafts.set("", "What");
  expect([drafts.get("a"), drafts.get(""), drafts.get("b")]).toEqual(["Is it", "What", ""]);

  drafts.set("a", "");
  expect(Object.keys(sessionStorage)).toEqual(["penstock.draft."]);
  browser.kept.clear();

  expect(sessionStorage).toHaveLength(0);
});

test("a page that may keep nothing keeps it as long as it lives", () => {
  vi.stubGlobal("sessionStorage", undefined);

  drafts.set("a", "Is it");
  expect(drafts.get("a")).toBe("Is it");
  browser.kept.clear();

  expect(drafts.get("a")).toBe("");
});

test("an id is unique where the browser makes none", () => {
  vi.stubGlobal("crypto", { getRandomValues: (into: Uint8Array) => into.fill(7) });

  expect(browser.newId()).toBe("07".repeat(16));
});

test("a picture that is not wanted any more is not made", () => {
  const frames: (() => void)[] = [];
  vi.stubGlobal("requestAnimationFrame", (then: () => void) => frames.push(then));
  vi.stubGlobal("cancelAnimationFrame", (id: number) => delete frames[id - 1]);
  let made = 0;

  const cancel = browser.frame(() => (made += 1));
  cancel();
  browser.frame(() => (made += 1));
  for (const then of frames) then?.();

  expect(made).toBe(1);
});

test("the network that comes back and the page that is shown again wake it, the page that is hidden does not", () => {
  let woken = 0;
  const cancel = browser.onAwake(() => (woken += 1));

  window.dispatchEvent(new Event("online"));
  document.dispatchEvent(new Event("visibilitychange"));
  Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
  cancel();
  window.dispatchEvent(new Event("online"));

  expect(woken).toBe(2);
});
