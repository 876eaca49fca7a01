/**
 * The lines at the end of a growing block that cannot be told yet: shown as text, they would flash and change.
 *
 * Half a marker ("-", "1.", "##", "``"), half a rule, the head of a table until the line under it is whole.
 */

import type { Token, Tokens } from "./lexer.ts";

const UNDECIDED = /^\s{0,3}(?:[-+*=_~`|:#>\s]+|\d{1,9}[.)]?)$/;
/** A line that begins with "|" and is longer than this is no head of a table. */
const LONGEST_HEAD_CHARS = 1_000;

/** The text of the paragraph at the end, without the lines that wait. */
export function settled(text: string): string {
  const lines = text.split("\n");
  if (UNDECIDED.test(lines.at(-1)!)) lines.pop();
  const [previous, last] = [lines.at(-2), lines.at(-1)];
  if (last && isRow(last) && !(previous && isRow(previous))) lines.pop();
  return lines.join("\n");
}

const isRow = (line: string): boolean => line.length < LONGEST_HEAD_CHARS && line.trimStart().startsWith("|");

/** Nothing is to be seen of the token at the end yet. */
export function isWaiting(token: Token): boolean {
  const isBegun = !token.raw.includes("\n");
  switch (token.type) {
    case "hr":
      return isBegun;
    case "heading":
      return (token as Tokens.Heading).text === "";
    case "paragraph":
    case "text":
      return settled((token as Tokens.Text).text).trim() === "";
    case "table":
      // Its columns and how they are aligned are known when the line under the head is whole.
      return /^[^\n]*\n[^\n]*[^|\s][ \t]*$/.test(token.raw);
    case "list":
      return (token as Tokens.List).items.length === 1 && isMarkerAlone((token as Tokens.List).items[0]!);
    case "blockquote":
      return !(token as Tokens.Blockquote).tokens.some((child) => child.type !== "space" && !isWaiting(child));
    case "list_item":
      return isMarkerAlone(token as Tokens.ListItem);
    default:
      return false;
  }
}

const isMarkerAlone = (item: Tokens.ListItem): boolean => /^\s*(?:[-+*]|\d{1,9}[.)])[\s]*$/.test(item.raw);

/** The code of a fence that is still open, without a beginning of its closing line. */
export function settledCode(raw: string, code: string): string {
  const mark = /^\s*(`{3,}|~{3,})/.exec(raw)?.[1];
  if (!mark) return code;
  return code.replace(new RegExp(`(^|\\n)[ \\t]*${mark[0]}{1,${mark.length}}$`), "");
}

/** A fenced block whose closing line has come. */
export function isClosed(raw: string): boolean {
  const lines = raw.trimEnd().split("\n");
  const mark = /^\s*(`{3,}|~{3,})/.exec(lines[0]!)?.[1];
  return !mark || (lines.length > 1 && new RegExp(`^\\s*${mark[0]}{${mark.length},}\\s*$`).test(lines.at(-1)!));
}

/** The rows of a table without one of which only the first bar is there. */
export function settledRows(rows: Tokens.TableCell[][]): Tokens.TableCell[][] {
  return rows.at(-1)?.every((cell) => cell.text === "") ? rows.slice(0, -1) : rows;
}
