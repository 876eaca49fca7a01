/**
 * Markdown read: marked's lexer (GFM), with what suits a model's words and a page that shows them as they come.
 *
 * Blocks and the inside of a leaf are read apart, so that of a growing block only the leaf that grows is read anew.
 *
 * - HTML is text. Definitions ("[1]: https://…") and references to them are text: a definition far below would
 *   change what was shown long ago, and [1] is a footnote here.
 * - "---" under a line of text is a rule, not the mark of a heading: the line would turn into one after the fact.
 * - A single "~" strikes nothing through: "~5 or ~6" is meant otherwise.
 * - Nor is "2*3 or 4*5" emphasis, as it would be by CommonMark.
 * - Mathematics is left as it is written.
 * - "**「強調」**です" is bold. By CommonMark it is not, since the closing mark stands between punctuation and a letter.
 */

import { Lexer, Marked, Tokenizer, type Token, type Tokens } from "marked";

export type { Token, Tokens };

/** Deeper than this, marks are text; nobody reads a quote in a quote for the seventeenth time. */
const DEEPEST = 16;
/** So many marks in one piece are not prose, and reading them would take time that grows with their square. */
const MOST_MARKS = 800;
const MOST_COLUMNS = 200;

const MARK = /[*_~`[\]<&\\$]/g;
const CITE = /^[[【](\d{1,3}(?:\s*[,、]\s*\d{1,3})*)[\]】](?!\()/;
const MATH =
  /^(?:\$\$[^$]+\$\$|\\\((?:[^\\]|\\(?!\)))+\\\)|\\\[(?:[^\\]|\\(?!\]))+\\\]|\$(?=\S)[^$\n`]*[\\^_{][^$\n`]*(?<=\S)\$(?!\d))/;
const CJK_STRONG = /^\*\*(?![\s*])((?:`[^`]*`|\\.|(?!\*\*)[^\\`])+?)(?<![\s\\])\*\*(?!\*)/s;
const CJK = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\u3000-\u303f\uff00-\uffef]/u;

/** An asterisk after this is meant as one: a product, a pointer. */
export const isInWord = (before: string): boolean => /[A-Za-z0-9)\]]$/.test(before);

class Careful extends Tokenizer {
  private depth = 0;

  /** Too deep is `undefined`, and marked goes on to take the marks for text. */
  private within<T>(read: () => T): T | undefined {
    if (this.depth >= DEEPEST) return undefined;
    this.depth += 1;
    try {
      return read();
    } finally {
      this.depth -= 1;
    }
  }

  override html(): undefined {}
  override tag(): undefined {}
  override def(): undefined {}
  override reflink(): undefined {}
  override lheading(): undefined {}
  override blockquote(src: string) { return this.within(() => super.blockquote(src)); }
  override list(src: string) { return this.within(() => super.list(src)); }
  override table(src: string) {
    return src.slice(0, src.indexOf("\n")).split("|", MOST_COLUMNS).length < MOST_COLUMNS ? super.table(src) : undefined;
  }
  override link(src: string) { return this.within(() => super.link(src)); }
  override emStrong(...read: Parameters<Tokenizer["emStrong"]>) {
    const [src, , before = ""] = read;
    return src.startsWith("*") && isInWord(before) ? undefined : this.within(() => super.emStrong(...read));
  }
  override del(...read: Parameters<Tokenizer["del"]>) {
    return read[0].startsWith("~~") ? this.within(() => super.del(...read)) : undefined;
  }
}

const options = new Marked({
  extensions: [
    {
      name: "cite",
      level: "inline",
      start: (src) => found(src.search(/[[【]\d/)),
      tokenizer: (src) => {
        const match = CITE.exec(src);
        return match ? { type: "cite", raw: match[0], numbers: match[1]!.match(/\d+/g)!.map(Number) } : undefined;
      },
    },
    {
      name: "math",
      level: "inline",
      start: (src) => found(src.search(/\$|\\[([]/)),
      tokenizer: (src) => {
        const match = MATH.exec(src);
        return match ? { type: "math", raw: match[0] } : undefined;
      },
    },
    {
      name: "strong",
      level: "inline",
      tokenizer(src) {
        const match = src.startsWith("**") ? CJK_STRONG.exec(src) : null;
        if (!match) return undefined;
        const [raw, text] = [match[0], match[1]!];
        const around = text.at(0)! + text.at(-1)! + (src[raw.length] ?? "");
        return CJK.test(around) ? { type: "strong", raw, text, tokens: this.lexer.inlineTokens(text, []) } : undefined;
      },
    },
  ],
}).defaults;

const found = (at: number): number | undefined => (at < 0 ? undefined : at);
const lexer = () => new Lexer({ ...options, tokenizer: new Careful() });

/** The blocks in a text; the inside of their leaves is not read, it stands in `text`. */
export function readBlocks(text: string): Token[] {
  return lexer().blockTokens(text, []);
}

/** What stands in a leaf: words, emphasis, code, links, citations, mathematics. */
export function readInline(text: string): Token[] {
  if ((text.match(MARK)?.length ?? 0) > MOST_MARKS) return [{ type: "text", raw: text, text }];
  return lexer().inlineTokens(text, []);
}
