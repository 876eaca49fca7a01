import { expect, test } from "vitest";

import { pages } from "./pages.ts";
import { matched } from "./router.ts";
import { ADMIN_WORDS, regional } from "./words.ts";

test("every page has an address of its own", () => {
  for (const page of pages) {
    const address = page.path.replace(/:\w+/g, "x");
    expect(pages.filter(({ path }) => matched(path, address))).toEqual([page]);
  }
});

test("every page can be loaded and has a name in every language", async () => {
  for (const page of pages) {
    expect(typeof (await page.load()).default).toBe("function");
    for (const words of Object.values(ADMIN_WORDS)) expect(words.nav[page.label]).toBeTruthy();
  }
});

test("what the navigation shows needs nothing in its address", () => {
  expect(pages.filter(({ icon, path }) => icon && path.includes(":"))).toEqual([]);
});

test("dates are written as in the reader's region", () => {
  expect(regional("en", ["de-DE", "en-GB", "en"])).toBe("en-GB");
  expect(regional("ja", ["en-GB"])).toBe("ja");
});
