/**
 * The end of a leaf that still grows, as it will look once its marks are closed.
 *
 * What is half open is closed (bold, emphasis, code, strikethrough), a link is its text until its address is whole,
 * and what cannot be told yet waits: half a mark, a lone bracket, the beginning of a footnote.
 */

import { isInWord } from "./lexer.ts";
import { ENTITY_NAMES } from "./links.ts";

type Open = { char: string; length: number };
type Bracket = { at: number; length: number };

// In these, no two parts beside each other may take the same signs: a hostile text would be tried in all ways.
const FOOTNOTE = /[[【](?:\d{1,3}(?:\s*[,、](?:\s*\d{1,3})?)*(?:(?<=[,、])\s*)?)?$/;
const FOOTNOTE_WHOLE = /^\[\d{1,3}(?:\s*[,、]\s*\d{1,3})*\]$/;
/** The box of a task. */
const BOX = /^\[(?:[ xX]\]?)?$/;
const ADDRESS = /^\(\s*(?:<[^<>\n]*>?|[^\s<>()]*(?:\([^\s()]*(?:\)[^\s<>()]*)?)*)\s*(?:(?<=\s)(?:"[^"]*"?|'[^']*'?)\s*)?$/;
const WHOLE_ADDRESS = /^\(\s*(?:<[^<>\n]*>|[^\s<>()]*(?:\([^\s()]*\)[^\s<>()]*)*)(?:\s+(?:"[^"]*"|'[^']*'))?\s*\)/;
const MATHS = [["$$", "$$"], ["\\(", "\\)"], ["\\[", "\\]"]] as const;

export function heal(text: string): string {
  return close(withoutUndecided(text));
}

function withoutUndecided(text: string): string {
  const cut = text
    .replace(BOX, "")
    .replace(/(^|\s)!$/, "$1")
    .replace(FOOTNOTE, "")
    .replace(/(^|[^\\])((?:\\\\)*)\\$/, "$1$2")
    .replace(/&(?:#[xX]?[\da-fA-F]{0,6}|(\w{0,8}))$/, (whole, name: string | undefined) =>
      name === undefined || ENTITY_NAMES.some((entity) => entity.startsWith(name)) ? "" : whole,
    )
    .replace(/<([^\s<>]{0,2000})$/, (whole, address: string) => {
      const begun = ["http://", "https://", "mailto:"].find((s) => s.startsWith(address) || address.startsWith(s));
      return begun ? (address.length > begun.length ? address : "") : whole;
    });
  return cut === text ? text : withoutUndecided(cut);
}

/** One pass from left to right, with the marks that are open. */
function close(text: string): string {
  const open: Open[] = [];
  const brackets: Bracket[] = [];
  let end = text.length;
  let code = "";
  let tail = "";
  for (let at = 0; at < end; ) {
    const char = text[at]!;
    const math = MATHS.find(([opening]) => char === opening[0] && text.startsWith(opening, at));
    if (math) {
      const closing = text.indexOf(math[1], at + 2);
      // Half of it is shown as it is written; so is all of it.
      if (closing < 0) {
        tail = text.slice(at).replace(/[\\`*_[\]<>~$&!]/g, "\\$&");
        end = at;
        break;
      }
      at = closing + 2;
    } else if (char === "\\") {
      at += 2;
    } else if (char === "`") {
      const length = runAt(text, at);
      const closing = closingRun(text, at + length, length);
      if (closing < 0) {
        const rest = text.slice(at + length).replace(/`+$/, "");
        end = rest.trim() ? at + length + rest.length : at;
        code = rest.trim() ? "`".repeat(length) : "";
        break;
      }
      at = closing + length;
    } else if (char === "[") {
      const isImage = text[at - 1] === "!" && text[at - 2] !== "\\";
      brackets.push({ at: isImage ? at - 1 : at, length: isImage ? 2 : 1 });
      at += 1;
    } else if (char === "]" && brackets.length) {
      const rest = text.slice(at + 1, at + 4_000);
      if (rest === "" && FOOTNOTE_WHOLE.test(text.slice(brackets.at(-1)!.at))) {
        brackets.pop();
        break;
      }
      const whole = WHOLE_ADDRESS.exec(rest);
      if (!whole && (rest === "" || (rest[0] === "(" && ADDRESS.test(rest)))) {
        end = at;
        break;
      }
      brackets.pop();
      at += 1 + (whole?.[0].length ?? 0);
    } else if (char === "*" || char === "_" || char === "~") {
      const length = runAt(text, at);
      if (!weigh(text, at, length, open)) end = at;
      at += length;
    } else at += 1;
  }
  const kept = without(text.slice(0, end), brackets);
  const marks = open.reverse().map(({ char, length }) => char.repeat(length));
  const whole = kept + code + tail;
  // A mark does not close after a space.
  return marks.length ? whole.trimEnd() + marks.join("") : whole;
}

/** Takes a run of marks into account. False when it is the last thing there is and may yet become longer. */
function weigh(text: string, at: number, length: number, open: Open[]): boolean {
  const char = text[at]!;
  const [before, after] = [text[at - 1] ?? " ", text[at + length] ?? " "];
  const isLast = at + length === text.length;
  const closes = /\S/.test(before) && !(char === "_" && /[\p{L}\p{N}]/u.test(after));
  const opens = /\S/.test(after) && !isWithinWord(char, before);
  let left = length;
  if (char === "~" && length !== 2) return !isLast;
  for (let i = open.length - 1; closes && left && i >= 0; i--) {
    const mark = open[i]!;
    if (mark.char !== char) continue;
    if (left < mark.length && (isLast || opens)) {
      // "**bold*": the first half of its closing mark; or "**bold *and": another one opens.
      if (isLast) return false;
      break;
    }
    const used = Math.min(left, mark.length);
    left -= used;
    mark.length -= used;
    open.length = mark.length ? i + 1 : i;
  }
  if (left && isLast) return false;
  if (left && opens) open.push({ char, length: left });
  return true;
}

/** "2*3" and "snake_case" are not the beginning of emphasis; "これは**重要" is. */
function isWithinWord(char: string, before: string): boolean {
  return char === "_" ? /[\p{L}\p{N}]/u.test(before) : isInWord(before);
}

function runAt(text: string, at: number): number {
  let end = at + 1;
  while (text[end] === text[at]) end += 1;
  return end - at;
}

function closingRun(text: string, from: number, length: number): number {
  for (let at = text.indexOf("`", from); at >= 0; at = text.indexOf("`", at)) {
    const run = runAt(text, at);
    if (run === length) return at;
    at += run;
  }
  return -1;
}

function without(text: string, brackets: Bracket[]): string {
  let kept = "";
  let at = 0;
  for (const bracket of brackets) {
    kept += text.slice(at, bracket.at);
    at = bracket.at + bracket.length;
  }
  return kept + text.slice(at);
}
