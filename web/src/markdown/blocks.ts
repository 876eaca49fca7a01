/**
 * Where one block of Markdown ends and the next begins, so that a growing answer is read again only at its end.
 *
 * A block ends where nothing that follows can change it; its text joins the others' without a gap. A block may
 * hold more than Markdown would call one (a heading and the paragraph under it), never less.
 */

const FENCE = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})/;
const ITEM = /^( {0,3})(?:[-+*]|\d{1,9}[.)])( {1,4}|\t|$)/;
/** The last line, as far as it has come, may still become an item of a list. */
const PERHAPS_ITEM = /^ {0,3}(?:[-+*]|\d{1,9}[.)]?)$/;

/** A list longer than this goes on in a block of its own: a hundred kilobytes are not read again for each word. */
const LONG_LIST_CHARS = 8_192;

/** `before` is what an earlier, shorter text gave: all of it but the end is taken over. */
export function split(text: string, before: readonly string[] = []): string[] {
  const blocks: string[] = [];
  let at = 0;
  for (const block of before.slice(0, -1)) {
    if (!text.startsWith(block, at)) break;
    blocks.push(block);
    at += block.length;
  }
  while (at < text.length) {
    const end = endOf(text, at);
    blocks.push(text.slice(at, end));
    at = end;
  }
  return blocks;
}

function endOf(text: string, start: number): number {
  const first = lineFrom(text, afterBlanks(text, start));
  const fence = FENCE.exec(first.text);
  if (fence) return endOfFence(text, first.next, fence[1]!);
  const isCode = /^(?: {4}|\t)/.test(first.text);
  let item = ITEM.exec(first.text);
  for (let at = first.next; at < text.length; ) {
    const line = lineFrom(text, at);
    if (isBlank(line.text)) {
      const beyond = afterBlanks(text, at);
      if (beyond >= text.length) return text.length;
      const next = lineFrom(text, beyond);
      const goesOn = item
        ? /^\s/.test(next.text) || ITEM.test(next.text) || (next.isLast && PERHAPS_ITEM.test(next.text))
        : isCode && /^(?: {4}|\t)/.test(next.text);
      if (!goesOn) return beyond;
      at = beyond;
      continue;
    }
    const found = ITEM.exec(line.text);
    if (found && item && at - start > LONG_LIST_CHARS && found[1] === "") return at;
    if (FENCE.test(line.text) && !(item && indent(line.text) >= item[0].trimEnd().length + 1)) return at;
    item = found ?? item;
    at = line.next;
  }
  return text.length;
}

function endOfFence(text: string, start: number, mark: string): number {
  const closing = new RegExp(`^ {0,3}${mark[0]}{${mark.length},}[ \\t]*$`);
  for (let at = start; at < text.length; ) {
    const line = lineFrom(text, at);
    if (closing.test(line.text)) return line.next;
    at = line.next;
  }
  return text.length;
}

type Line = { text: string; next: number; isLast: boolean };

function lineFrom(text: string, at: number): Line {
  const end = text.indexOf("\n", at);
  if (end < 0) return { text: text.slice(at), next: text.length, isLast: true };
  return { text: text.slice(at, end), next: end + 1, isLast: false };
}

function afterBlanks(text: string, at: number): number {
  while (at < text.length) {
    const line = lineFrom(text, at);
    if (!isBlank(line.text)) break;
    at = line.next;
  }
  return at;
}

const isBlank = (line: string): boolean => line.trim() === "";
const indent = (line: string): number => line.length - line.trimStart().length;
