// What one more token costs at the end of a long answer: npx vitest bench src/markdown
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { flushSync } from "react-dom";
import { describe, test } from "vitest";
import { Markdown } from "./Markdown.tsx";

const PART = "## A part\n\nSome **bold** text with `code` and [a link](https://example.com) and more words to fill the line.\n\n- one\n- two\n\n```python\nprint(1)\n```\n\n";
const LONG = {
  "100,000 characters of many blocks": PART.repeat(Math.ceil(100_000 / PART.length)),
  "one paragraph of 100,000 characters": "Words and **bold words** and `code`. ".repeat(2_703),
  "one list of 100,000 characters": "- an item with **bold** words\n".repeat(3_333) + "- and",
  "one block of code of 100,000 characters": "```python\n" + "print('hello', 1)\n".repeat(5_555),
  "one table of 100,000 characters": "| a | b |\n|---|---|\n" + "| a cell | **another** |\n".repeat(4_000) + "| x",
};

describe("one more word", () => {
  for (const [name, text] of Object.entries(LONG)) {
    let at = 0;
    const root = createRoot(document.createElement("div"));
    const show = (shown: string) => flushSync(() => root.render(createElement(Markdown, { text: shown, growing: true })));
    show(text);
    let shown = text;
    test(name, async ({ bench }) => {
      await bench(name, () => {
        at += 1;
        shown = at % 500 ? shown + " word" : text;
        show(shown);
      }).run();
    });
  }
});
