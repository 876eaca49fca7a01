import { expect, test } from "vitest";

import { address, matched, under } from "./router.ts";

test("an address finds its page, with what stands in it", () => {
  expect(matched("/admin", "/admin/")).toEqual({});
  expect(matched("/admin/turns/:turn", "/admin/turns/t1")).toEqual({ turn: "t1" });
  expect(matched("/admin/turns", "/admin/turns/t1")).toBeNull();
  expect(matched("/admin/turns/:turn", "/admin/threads/t1")).toBeNull();
});

test.each(["site:web:a/b", "site:web:100%", "日本語 ?&#", "%2F"])("a thread may be called %j", (key) => {
  expect(matched("/admin/threads/:key", under("/admin/threads", key))).toEqual({ key });
});

test("an address with a broken escape leads somewhere, not to an error", () => {
  expect(matched("/admin/threads/:key", "/admin/threads/100%")).toEqual({ key: "100%" });
});

test("what is not chosen is not in the address", () => {
  expect(address("/admin/turns", { state: "" })).toBe("/admin/turns");
  expect(address("/admin/turns", { state: "failed", q: "a&b" })).toBe("/admin/turns?state=failed&q=a%26b");
});
