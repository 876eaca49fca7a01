/** Rows of usage as series for a chart: one for each model, or channel, the smallest of them together. Pure. */

import type { Series } from "../charts/series.ts";
import type { Day } from "../wire.ts";

const TONES = ["1", "2", "3", "4", "5"] as const;
const OTHERS_TONE = "6";

/** Every UTC day from one moment to another, YYYY-MM-DD, also those on which nothing was asked. */
export function daysBetween(since_s: number, until_s: number): string[] {
  const DAY_S = 86_400;
  const first = Math.floor(since_s / DAY_S);
  // The moment at which a day begins is not in the day before.
  const last = Math.max(first, Math.ceil(until_s / DAY_S) - 1);
  return Array.from({ length: last - first + 1 }, (_, at) => new Date((first + at) * DAY_S * 1000).toISOString().slice(0, 10));
}

/** The largest groups have a series each; what is left is one, called `others`. */
export function grouped(
  rows: readonly Day[],
  days: readonly string[],
  group: (row: Day) => string,
  value: (row: Day) => number,
  others: string,
): Series[] {
  const sums = new Map<string, Map<string, number>>();
  for (const row of rows) {
    const byDay = sums.get(group(row)) ?? new Map<string, number>();
    byDay.set(row.day, (byDay.get(row.day) ?? 0) + value(row));
    sums.set(group(row), byDay);
  }
  const largest = [...sums].sort(([, a], [, b]) => total(b) - total(a));
  const own = largest.length > TONES.length + 1 ? TONES.length : largest.length;
  const named = largest.slice(0, own).map(([name, byDay], at) => drawn(name, byDay, days, TONES[at] ?? OTHERS_TONE));
  if (own === largest.length) return named;
  return [...named, drawn(others, together(largest.slice(own).map(([, byDay]) => byDay)), days, OTHERS_TONE)];
}

export const answers = ({ turns }: Pick<Day, "turns">) => turns.done + turns.stopped + turns.failed;
export const tokens = ({ usage }: Pick<Day, "usage">) => usage.input_tokens + usage.output_tokens;

function drawn(name: string, byDay: ReadonlyMap<string, number>, days: readonly string[], tone: Series["tone"]): Series {
  return { name, tone, values: days.map((day) => byDay.get(day) ?? 0) };
}

function total(byDay: ReadonlyMap<string, number>): number {
  return [...byDay.values()].reduce((sum, value) => sum + value, 0);
}

function together(maps: readonly ReadonlyMap<string, number>[]): Map<string, number> {
  const sum = new Map<string, number>();
  for (const [day, value] of maps.flatMap((one) => [...one])) sum.set(day, (sum.get(day) ?? 0) + value);
  return sum;
}
