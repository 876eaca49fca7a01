// @vitest-environment jsdom
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { split } from "./blocks.ts";
import { page, words } from "./reading.ts";

const DOCUMENTS = {
  emphasis: "Some **bold words**, *emphasis*, ***both at once***, __also bold__, _also this_ and ~~gone~~; `code`, ``a ` b``.",
  nested: "**bold with `code` and *emphasis* and a [link](https://example.com/a_b) inside** and on.",
  links: 'See [the **manual**](https://example.com/a(b)c "Title") or <https://example.org/x?y=1>, ![a picture](https://example.net/p.png), and https://example.com/p.',
  arithmetic: "2*3 = 6, snake_case_name, 2 ** 3, a * b, 5 < 7, R&D, AT&T, ~5 or ~6 km, 3 &lt; 4 &amp; more.",
  list: "First:\n\n- one **bold**\n- two `code`\n  - nested _deep_\n  - [x](https://x.example)\n- three\n\n1. first\n2. second\n\n   a paragraph of the second\n10. tenth\n\nAnd then.\n\n1984 was a year.",
  tasks: "- [ ] open\n- [x] done **well**\n",
  fence: "Run:\n```python\nprint('**not bold**')\n\n# not a heading\n`` ` ``\n```\nand then\n\n~~~\nplain\n~~~\n\nDone.",
  fenceInList: "1. Do this:\n   ```bash\n   ls -l\n\n   pwd\n   ```\n2. Then that.",
  table: "Here:\n\n| Name | Cost *now* |\n|:-----|-----:|\n| **one** | 1 |\n| `two` | 2 |\n\nAfter the table.",
  tableAfterText: "Costs:\n| a | b |\n| --- | --- |\n| 1 | 2 |\n",
  quote: "> A quote with **bold**\n> that goes on\n>\n> - and a list\n\nAfter.",
  headings: "# First\n\nText\n\n## Second **bold**\nText at once\n\n---\n\n### Third\n- item",
  japanese: "これは**重要**です。**「強調」**も使えます。\n\n- 項目**一**\n- 項目二\n\n詳細は[こちら](https://example.jp/あ)をご覧ください。",
  arabic: "هذا نص **مهم** مع `code` و[رابط](https://example.com).\n\n- واحد\n- اثنان",
  hebrew: "שלום **עולם**.\n\n1. אחת\n2. שתיים",
  breaks: "One line  \nanother line\\\nand a third\nwith **bold\nover two lines** of text",
  escapes: "\\*not emphasis\\*, \\`not code\\`, \\# and \\[not a link\\] and 1\\. that.",
  footnotes: "It opens at nine [1]. It closes at ten [2, 3]. See also [12].",
  html: "A <b>tag</b>, <script>alert(1)</script> and <img src=x onerror=alert(1)> are text.",
};

const every = (text: string): string[] => Array.from({ length: text.length + 1 }, (_, end) => text.slice(0, end));

describe("while it is written, a reader sees what they will see in the end, only less of it", () => {
  it.each(Object.entries(DOCUMENTS))("%s", (_, document) => {
    const final = words(document);

    for (const prefix of every(document)) expect(final.startsWith(words(prefix, true)), `${JSON.stringify(prefix)} shows ${words(prefix, true)}`).toBe(true);
  });

  it.each(Object.entries(DOCUMENTS))("%s, and nearly all of it", (_, document) => {
    for (const prefix of every(document)) {
      const behind = words(prefix).length - words(prefix, true).length;
      expect(behind, prefix).toBeLessThan(60);
    }
  });
});

const inline = fc.oneof(
  fc.constantFrom("plain words", "a, b", "これは文です。", "שלום", "`code`", "[1]", "2*3", "snake_case", "R&D", "5 < 7", "$$x_1^2$$"),
  fc.constantFrom("https://example.com/x", "![a picture](https://example.com/p.png)", "<https://example.com>", "\\*", "**「強調」**です", "\\(a_1 + b\\)", "`` a ` b ``"),
  fc.constantFrom("**bold**", "_emphasis_", "~~gone~~", "**bold _and emphasis_**", "[a link](https://example.com/x)", "**重要**"),
);
const line = fc.array(inline, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(" "));
const block = fc.oneof(
  line,
  line.map((text) => `## ${text}`),
  fc.array(line, { minLength: 1, maxLength: 4 }).map((items) => items.map((item) => `- ${item}`).join("\n")),
  fc.array(line, { minLength: 1, maxLength: 4 }).map((items) => items.map((item, at) => `${at + 1}. ${item}`).join("\n")),
  line.map((text) => `> ${text}`),
  fc.tuple(line, line, line).map(([a, b, c]) => `1. ${a}\n   - ${b}\n   - ${c}\n2. ${a}\n\n   ${b}`),
  fc.tuple(line, line).map(([a, b]) => `> - ${a}\n> - ${b}\n>\n> ${a}`),
  fc.constantFrom("---", "- [ ] open\n- [x] done"),
  fc.array(fc.constantFrom("x = 1", "", "# no heading", "**no bold**", "| a |"), { maxLength: 4 }).map((code) => ["```python", ...code, "```"].join("\n")),
  fc.tuple(line, line).map(([a, b]) => `| ${a} | ${b} |\n|---|:-:|\n| ${b} | ${a} |`),
);
const document = fc.array(block, { minLength: 1, maxLength: 6 }).map((blocks) => blocks.join("\n\n"));

test("that is so for any document", () => {
  fc.assert(
    fc.property(document, fc.nat(), (text, cut) => {
      const prefix = text.slice(0, cut % (text.length + 1));
      expect(words(text).startsWith(words(prefix, true)), JSON.stringify(prefix)).toBe(true);
    }),
    { numRuns: 400 },
  );
});

test("blocks that are finished never change", () => {
  fc.assert(
    fc.property(document, (text) => {
      let before: string[] = [];
      for (const prefix of every(text)) {
        const blocks = split(prefix, before);
        expect(blocks.join("")).toBe(prefix);
        expect(split(prefix)).toEqual(blocks);
        // The last one was not finished; one that had only begun may turn out to belong to the one before.
        expect(blocks.slice(0, Math.max(0, before.length - 2))).toEqual(before.slice(0, -2));
        before = blocks;
      }
    }),
    { numRuns: 60 },
  );
});

test("a code box is there from the first line of its fence", () => {
  expect(page("Run:\n```python\npri", true).querySelector("pre")!.textContent).toBe("pri");
  expect(page("Run:\n```", true).querySelector("pre")).not.toBeNull();
});

test("a table is a table as soon as the line under its head is whole, and nothing before that", () => {
  expect(page("| a | b |\n|---|--", true).textContent).toBe("");
  expect(page("| a | b |\n|---|---|", true).querySelectorAll("th")).toHaveLength(2);
  expect(page("| a | b |\n|---|---|\n| 1 | **2", true).querySelector("td strong")!.textContent).toBe("2");
});

test("a link is its text until its address is whole", () => {
  const half = page("See [the manual](https://exam", true);
  expect([half.textContent, half.querySelector("a")]).toEqual(["See the manual", null]);
  expect(page("See [the manual](https://example.com)", true).querySelector("a")!.href).toBe("https://example.com/");
});

test("an address written out leads nowhere while it grows", () => {
  expect(page("See https://example.com/pa", true).querySelector("a")).toBeNull();
  expect(page("See https://example.com/path now", true).querySelector("a")!.href).toBe("https://example.com/path");
});

test("an answer that is over shows its marks as they are, open or not", () => {
  expect(page("**never closed").textContent).toBe("**never closed");
  expect(page("| only | a head |").textContent).toBe("| only | a head |");
  expect(page("The answer is\n\n42").textContent).toContain("42");
});

test("lists, quotes and tables run the way their first letter does", () => {
  const directions = (text: string) => [...page(text).querySelectorAll("ul, blockquote, table")].map((block) => block.getAttribute("dir"));

  expect(directions("- شيء\n\n> اقتباس\n\n| أ | ب |\n|---|---|\n| 1 | 2 |")).toEqual(["rtl", "rtl", "rtl"]);
  expect(directions("- 1 thing\n\n> 「引用」")).toEqual(["ltr", "ltr"]);
});

test("any text at all is shown, while it grows and when it is over", () => {
  const anything = fc.array(fc.oneof(fc.constantFrom("*", "**", "_", "`", "```", "\n", "\n\n", "[", "](", ")", "![", "|", "|-|", "-", "- ", "1. ", "> ", "#", "# ", "~~", "<", ">", "\\", "$", "$$", "\\(", "&", "&amp", "[1]", "　", "あ", "ש", "    "), fc.string({ maxLength: 3 })), { maxLength: 40 }).map((parts) => parts.join(""));

  fc.assert(
    fc.property(anything, (text) => {
      words(text, true);
      const letters = (shown: string) => shown.match(/[あש]/g)?.length ?? 0;
      // An address and the name of a language are not part of the text; nothing else but marks is ever lost.
      if (!/\]\(|```|~~~/.test(text)) expect(letters(words(text))).toBe(letters(text));
    }),
    { numRuns: 500 },
  );
});

test("the box of a task is no text, in a list with empty lines either", () => {
  const shown = page("- [ ] open\n\n- [x] done");

  expect([...shown.querySelectorAll("input")].map((box) => box.checked)).toEqual([false, true]);
  expect([...shown.querySelectorAll("li")].map((item) => item.textContent)).toEqual(["open", "done"]);
});
