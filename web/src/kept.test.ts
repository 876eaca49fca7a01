import { beforeEach, expect, test } from "vitest";
import { inThisBrowser, kept } from "./kept.ts";

beforeEach(() => localStorage.clear());

test("what is kept is there again, until it is taken back", () => {
  inThisBrowser.set("theme", "dark");
  expect([inThisBrowser.get("theme"), localStorage.getItem("theme")]).toEqual(["dark", "dark"]);

  inThisBrowser.set("theme", null);
  expect(inThisBrowser.get("theme")).toBeNull();
});

test("where a browser refuses all storage, a choice lasts as long as the page", () => {
  const refusing = kept(() => {
    throw new DOMException("Access is denied for this document.", "SecurityError");
  });

  refusing.set("theme", "dark");
  expect(refusing.get("theme")).toBe("dark");

  refusing.set("theme", null);
  expect(refusing.get("theme")).toBeNull();
});
