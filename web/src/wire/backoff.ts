/** How long to wait before trying again: full jitter, so that a thousand pages do not come back at the same moment. */

const FIRST_MS = 500;
const LONGEST_MS = 20_000;

/** `failures`: how many there were before, from 0. `random`: from 0 up to 1. */
export function backoffMs(failures: number, random: number): number {
  return random * Math.min(LONGEST_MS, FIRST_MS * 2 ** failures);
}
