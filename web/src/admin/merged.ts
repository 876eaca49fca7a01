/** A list whose newest part was loaded again: that part, and the older rows behind it that are known already.
 *
 * When nothing joins the two, the older ones are given up: there may be a gap between them.
 */
export function merged<Row>(known: readonly Row[], fresh: readonly Row[], name: (row: Row) => string): readonly Row[] {
  const last = fresh.at(-1);
  const end = last === undefined ? -1 : known.findIndex((row) => name(row) === name(last));
  if (end < 0) return fresh;
  const names = new Set(fresh.map(name));
  return [...fresh, ...known.slice(end + 1).filter((row) => !names.has(name(row)))];
}
