/**
 * A very long leaf cut where no mark is open, so that only its last piece is read anew while it grows.
 *
 * The cuts depend on what stands before them alone; a piece that is followed by another never changes.
 */

import { heal } from "./heal.ts";

const LONG_CHARS = 2_000;
/** Without a good place so far, it is cut at a bad one. */
const LONGEST_CHARS = 6_000;
const PLACE = /[.!?:;]\s|[。！？、]|\n/g;

/** `before` is what an earlier, shorter text gave: all of it but the end is taken over. */
export function pieces(text: string, before: readonly string[] = []): string[] {
  const found: string[] = [];
  let at = 0;
  for (const piece of before.slice(0, -1)) {
    if (!text.startsWith(piece, at)) break;
    found.push(piece);
    at += piece.length;
  }
  let rest = text.slice(at);
  while (rest.length > LONGEST_CHARS) {
    const end = place(rest);
    found.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  found.push(rest);
  return found;
}

function place(text: string): number {
  PLACE.lastIndex = LONG_CHARS;
  for (let tries = 0; tries < 20; tries++) {
    const match = PLACE.exec(text);
    if (!match || PLACE.lastIndex > LONGEST_CHARS) break;
    const piece = text.slice(0, PLACE.lastIndex);
    if (heal(piece) === piece) return piece.length;
    PLACE.lastIndex += 100;
  }
  const space = text.lastIndexOf(" ", LONGEST_CHARS);
  return space > LONG_CHARS ? space + 1 : whole(text, LONGEST_CHARS);
}

/** Not between the halves of one character. */
const whole = (text: string, at: number): number => ((text.charCodeAt(at) & 0xfc00) === 0xdc00 ? at - 1 : at);
