import { describe, expect, it, test } from "vitest";
import { en } from "../words/en.ts";
import { ja } from "../words/ja.ts";
import { firstOf } from "../words/index.ts";
import { contrast, parsed, shades } from "./accent.ts";
import { byDay } from "./days.ts";
import { MOST_BYTES, tooLong } from "./limits.ts";
import { routeOf } from "./route.ts";
import { plain, spoken, spokenAfter } from "./speaking.ts";
import { length, wordCount } from "./times.ts";

describe("an address is a page", () => {
  it.each([
    ["/", "", { page: "new" }],
    ["/c/a%2Fb", "", { page: "thread", thread: "a/b" }],
    ["/s/token", "", { page: "shared", token: "token" }],
    ["/chat/c/name", "/chat", { page: "thread", thread: "name" }],
    ["/embed", "", { page: "embed" }],
    ["/c/%E0%A4%A", "", { page: "new" }],
  ])("%s under %j", (path, root, route) => expect(routeOf(path, root)).toEqual(route));
});

test("conversations are grouped by the reader's days", () => {
  const now = new Date(2026, 10, 21, 9);
  const at = (...when: [number, number, number, number]) => ({ thread: "t", title: "", createdS: 0, askedS: new Date(...when).getTime() / 1_000 });
  const threads = [at(2026, 10, 21, 8), at(2026, 10, 20, 23), at(2026, 10, 20, 1), at(2026, 10, 14, 12), at(2026, 10, 3, 1), at(2025, 4, 1, 1)];

  const groups = byDay(threads, now, en.chat, "en");

  expect(groups.map((group) => [group.name, group.threads.length])).toEqual([
    ["Today", 1], ["Yesterday", 2], ["Previous 7 days", 1], ["November", 1], ["May 2025", 1],
  ]);
});

describe("whatever colour a site has, its text can be read", () => {
  it.each(["#2563eb", "#ffff00", "#000000", "#ffffff", "#0a7", "#888888", "#ff0055"])("%s", (accent) => {
    const found = shades(accent)!;

    expect(contrast(parsed(found.accent)!, parsed(found.on)!)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(parsed(found.inLight)!, [255, 255, 255])).toBeGreaterThanOrEqual(4.5);
    expect(contrast(parsed(found.inDark)!, [24, 24, 27])).toBeGreaterThanOrEqual(4.5);
  });

  test("what is no colour is left alone", () => expect(shades("url(x)")).toBeNull());
});

test("a question is too long by its bytes, and is told so in characters of its own writing", () => {
  expect(tooLong("a".repeat(MOST_BYTES))).toBeNull();
  expect(tooLong("a".repeat(MOST_BYTES + 1))).toEqual({ now: MOST_BYTES + 1, most: 102_000 });
  expect(tooLong("あ".repeat(40_000))).toEqual({ now: 40_000, most: 34_000 });
});

test("a screen reader hears whole sentences, never half of one", () => {
  const text = "It opens at **nine** [1]. It closes at ten. And on Sun";

  expect(spoken(text, 0, false)).toEqual({ say: "It opens at nine. It closes at ten.", next: 43 });
  expect(spoken(text, 43, false)).toEqual({ say: "", next: 43 });
  expect(spoken(text + "days too", 43, true).say).toBe("And on Sundays too");
});

test("a block of code is not read out", () => {
  expect(plain("Do this:\n```py\nx = 1\n```\nDone.")).toBe("Do this: Done.");
  expect(spoken("Do this. \n```py\nx = 1. \ny", 0, false).say).toBe("");
});

test("the first language of the browser's that we have is taken", () => {
  expect(firstOf(["fr-FR", "ja-JP", "en"])).toBe("ja");
  expect(firstOf(["fr"])).toBe("en");
});

test("every word is there in every language", () => {
  const names = (words: object, path = ""): string[] =>
    Object.entries(words).flatMap(([name, value]) => (typeof value === "object" ? names(value, `${path}${name}.`) : [`${path}${name}`]));

  expect(names(ja)).toEqual(names(en));
});

test("lengths are told as people tell them", () => {
  expect([length(3.24, "en"), length(90, "en"), length(42, "ja")]).toEqual(["3.2 seconds", "1.5 minutes", "42 秒"]);
  expect([wordCount("two words"), wordCount("これは文です。")]).toEqual([{ unit: "words", count: 2 }, { unit: "characters", count: 7 }]);
});

test("an answer that starts over is read on where it was, and from its beginning when it says something else", () => {
  const heard = "One. Two.";
  expect(spokenAfter(heard, "", false)).toEqual({ say: "", heard });
  expect(spokenAfter(heard, "One. T", false)).toEqual({ say: "", heard });
  expect(spokenAfter(heard, "One. Two. Three. ", false)).toEqual({ say: "Three.", heard: "One. Two. Three." });
  expect(spokenAfter(heard, "Uno. Due. T", false)).toEqual({ say: "Uno. Due.", heard: "Uno. Due." });
  expect(spokenAfter(heard, "One.", true)).toEqual({ say: "", heard: "One." });
});
