/** What a screen reader says of an answer that is being written: whole sentences, as they become whole. */

/** So much is said at once at most; more is left to be read. */
const MOST_CHARS = 600;
const END = /[.!?…](?=\s)|[。！？]|\n\s*\n|\n(?=\s*(?:[-*+]|\d+\.)\s)/g;

/** The sentences that have become whole since `from`, without marks, and how far that is. */
export function spoken(text: string, from: number, finished: boolean): { say: string; next: number } {
  const next = finished ? text.length : lastEnd(text, from);
  return { say: plain(text.slice(from, next)).slice(0, MOST_CHARS), next };
}

/**
 * What to say of a text of which the beginning was heard, and what is heard then. A text that starts over, because its
 * server did, is waited for while it repeats what was heard, and heard from its beginning once it says something else.
 */
export function spokenAfter(heard: string, text: string, finished: boolean): { say: string; heard: string } {
  if (heard.startsWith(text) && !finished) return { say: "", heard };
  const from = text.startsWith(heard) ? heard.length : heard.startsWith(text) ? text.length : 0;
  const { say, next } = spoken(text, from, finished);
  return { say, heard: text.slice(0, next) };
}

function lastEnd(text: string, from: number): number {
  let end = from;
  END.lastIndex = from;
  for (let match = END.exec(text); match; match = END.exec(text)) end = match.index + match[0].length;
  // Half a block of code is not read out.
  const isInCode = (text.slice(0, end).match(/^ {0,3}```/gm)?.length ?? 0) % 2 === 1;
  return isInCode ? from : end;
}

/** Words without their Markdown. */
export function plain(markdown: string): string {
  return markdown
    .replace(/^ {0,3}(```|~~~)[\s\S]*?(^ {0,3}\1`*\s*$|$(?![\s\S]))/gm, " ")
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/\s*[[【]\d{1,3}(?:\s*[,、]\s*\d{1,3})*[\]】]/g, "")
    .replace(/^[ \t]*\|?[-:| ]{3,}\|?[ \t]*$/gm, "")
    .replace(/^[ \t]*(#{1,6}|>|[-*+]|\d+\.)[ \t]+/gm, "")
    .replace(/[*~`]+/g, "")
    .replace(/[_|]+/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}
