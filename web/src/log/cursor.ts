/** How far this page has come in a thread: `<turn>.<attempt>.<number>`, everything up to there has been applied. */

export function turnOf(cursor: string | null): string {
  return cursor?.split(".")[0] ?? "";
}

/** Whether it stands before the first event of its turn. */
export function isBefore(cursor: string | null): boolean {
  return cursor?.split(".")[2] === "0";
}
