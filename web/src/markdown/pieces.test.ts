import fc from "fast-check";
import { expect, test } from "vitest";
import { pieces } from "./pieces.ts";

const leaf = fc
  .array(fc.constantFrom("words and words. ", "**bold text** ", "`code. code` ", "これは文です。", "[a link](https://example.com/a.b) ", "aaaaaaaaaaaa", "😀", "\n"), { minLength: 100, maxLength: 3_000 })
  .map((parts) => parts.join(""));

test("a long leaf is cut where no mark is open, and a piece that has another after it never changes", () => {
  fc.assert(
    fc.property(leaf, fc.nat(), (text, cut) => {
      const prefix = text.slice(0, cut % text.length);
      const all = pieces(text);
      const begun = pieces(prefix);

      expect(all.join("")).toBe(text);
      expect(all.every((piece) => piece.length <= 6_000)).toBe(true);
      expect(pieces(text, begun)).toEqual(all);
      expect(all.slice(0, begun.length - 1)).toEqual(begun.slice(0, -1));
    }),
    { numRuns: 100 },
  );
});

test("bold and code are whole in one piece", () => {
  const text = "Words **bold and more bold. And more bold** and `code. code` here. ".repeat(300);

  for (const piece of pieces(text)) expect([piece.split("**").length % 2, piece.split("`").length % 2]).toEqual([1, 1]);
});
