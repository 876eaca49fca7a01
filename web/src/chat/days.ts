/** The list of conversations, by when the last question was asked: today, yesterday, the week before, then by month. */

import type { ThreadItem } from "../store/index.ts";
import type { Language, Words } from "../words/index.ts";

export type Group = { name: string; threads: ThreadItem[] };

export function byDay(threads: readonly ThreadItem[], now: Date, words: Words["chat"], language: Language): Group[] {
  const groups: Group[] = [];
  for (const thread of threads) {
    const name = nameOf(new Date((thread.askedS || thread.createdS) * 1_000), now, words, language);
    const last = groups.at(-1);
    if (last?.name === name) last.threads.push(thread);
    else groups.push({ name, threads: [thread] });
  }
  return groups;
}

function nameOf(asked: Date, now: Date, words: Words["chat"], language: Language): string {
  const days = daysBetween(asked, now);
  if (days <= 0) return words.today;
  if (days === 1) return words.yesterday;
  if (days <= 7) return words.lastDays;
  const sameYear = asked.getFullYear() === now.getFullYear();
  return new Intl.DateTimeFormat(language, sameYear ? { month: "long" } : { month: "long", year: "numeric" }).format(asked);
}

/** Midnights between the two, in the reader's time zone; rounded, since a day with a change of the clock has 23 or 25 hours. */
function daysBetween(earlier: Date, later: Date): number {
  const midnight = (at: Date) => new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
  return Math.round((midnight(later) - midnight(earlier)) / 86_400_000);
}
