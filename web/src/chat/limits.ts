/** How long a question may be. The server counts bytes (core/question.py). */

export const MOST_BYTES = 100 * 1024;

const encoder = new TextEncoder();

/** Null while it fits, else how many characters it has and about how many there may be, in its own writing. */
export function tooLong(text: string): { now: number; most: number } | null {
  // No character has more than three bytes for each of its units.
  if (text.length * 3 <= MOST_BYTES) return null;
  const bytes = encoder.encode(text).length;
  return bytes <= MOST_BYTES ? null : { now: text.length, most: Math.floor((text.length * MOST_BYTES) / bytes / 1_000) * 1_000 };
}
