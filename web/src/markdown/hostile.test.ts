// @vitest-environment jsdom
import { describe, expect, it, test } from "vitest";
import { page } from "./reading.ts";

const EVIL = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<style>body{display:none}</style>",
  '<a href="javascript:alert(1)">x</a>',
  "<iframe src=https://evil.example></iframe>",
  "<svg/onload=alert(1)>",
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1))",
  "[x](java\tscript:alert(1))",
  "[x](&#106;avascript:alert(1))",
  "[x](data:text/html,<script>alert(1)</script>)",
  "[x](vbscript:msgbox)",
  "[x](file:///etc/passwd)",
  "[x](/api/threads)",
  "[x](//evil.example)",
  "<javascript:alert(1)>",
  "![x](javascript:alert(1))",
  "![x](https://evil.example/pixel.png)",
  "![x](data:image/svg+xml,<svg onload=alert(1)>)",
  '[x](https://example.com "onmouseover=alert(1)")',
  '[x](https://example.com"onclick="alert(1))',
  "```html\n<script>alert(1)</script>\n```",
  '```" onclick="alert(1)\nx\n```',
  "| <script>x</script> | b |\n|---|---|\n| <img src=x onerror=y> | z |",
];
const ALLOWED = new Set("DIV P H3 H4 H5 H6 UL OL LI BLOCKQUOTE PRE CODE FIGURE HR TABLE THEAD TBODY TR TH TD A STRONG EM DEL BR INPUT BUTTON SPAN".split(" "));

function expectHarmless(shown: HTMLElement): void {
  for (const element of shown.querySelectorAll("*")) {
    expect(ALLOWED).toContain(element.tagName);
    for (const { name } of element.attributes) expect(name).not.toMatch(/^on|^style$|^src/i);
    if (element.tagName === "A") {
      expect(element.getAttribute("href")).toMatch(/^(https?:\/\/|mailto:)/);
      expect([element.getAttribute("rel"), element.getAttribute("target")]).toEqual(["noopener noreferrer nofollow", "_blank"]);
    }
  }
}

describe("what a model writes is never run", () => {
  it.each(EVIL)("%s", (text) => {
    for (let end = 0; end <= text.length; end++) expectHarmless(page(text.slice(0, end), true));
    expectHarmless(page(text));
  });
});

test("HTML is shown as the text it is", () => {
  expect(page("<script>alert(1)</script>").textContent).toBe("<script>alert(1)</script>");
});

const LONG: [string, string][] = [
  ["10,000 quotes in each other", ">".repeat(10_000) + " deep"],
  ["10,000 lists in each other", Array.from({ length: 10_000 }, (_, at) => " ".repeat(at % 500) + "- x").join("\n")],
  ["10,000 lists on one line", "- ".repeat(10_000)],
  ["a megabyte of [", "[".repeat(1_000_000)],
  ["a megabyte of [ and spaces", "[ ".repeat(500_000)],
  ["a megabyte of half links", "[a](".repeat(250_000)],
  ["a megabyte of asterisks and letters", "*a ".repeat(333_333)],
  ["a megabyte of bold that never closes", "**a".repeat(333_333)],
  ["a megabyte of backticks", "`a``b```c".repeat(111_111)],
  ["a megabyte of <", "<".repeat(1_000_000)],
  ["a megabyte of pipes", "|".repeat(1_000_000)],
  ["a megabyte of table", "|a".repeat(250_000) + "\n" + "|-".repeat(250_000)],
  ["a megabyte of addresses", "https://a.b/".repeat(83_333)],
  ["a megabyte of entities", "&amp;&#1;&".repeat(100_000)],
  ["a megabyte of mathematics", "$a_".repeat(333_333)],
  ["a megabyte of backslashes", "\\(".repeat(500_000)],
  ["a megabyte without a space", "a".repeat(1_000_000)],
  ["a megabyte of spaces", "a" + " ".repeat(1_000_000) + "b"],
  ["a megabyte of new lines", "\n".repeat(1_000_000)],
  ["5,000 boxes of code", "```\n".repeat(10_000)],
  ["a megabyte of at signs", "a@".repeat(500_000)],
  ["a megabyte of underscores", "_".repeat(1_000_000)],
];

describe("and does not hold the page up", () => {
  it.each(LONG)("%s", { timeout: 20_000 }, (_, text) => {
    expectHarmless(page(text, true));
  });
});

test.each(["see [a](" + "(aaaaaaaaaa".repeat(300) + " x y", "[1" + ",   ".repeat(1_000) + "x", "[a](" + " ".repeat(3_900) + "x y"])(
  "half a link or footnote is decided at once, however it is written (%#)",
  (text) => {
    const began = performance.now();
    page(text, true);

    expect(performance.now() - began).toBeLessThan(1_000);
  },
  5_000,
);
