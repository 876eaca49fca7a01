/** Times and lengths as a reader of this language writes them. */

import type { Language } from "../words/index.ts";

export function moment(atS: number, language: Language): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" }).format(new Date(atS * 1_000));
}

export function length(seconds: number, language: Language): string {
  const [value, unit] = seconds < 60 ? [seconds, "second"] : [seconds / 60, "minute"];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long", maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
}

export function count(value: number, language: Language): string {
  return new Intl.NumberFormat(language).format(value);
}

/** Words of scripts with spaces, characters of those without. */
export function wordCount(text: string): { unit: "words" | "characters"; count: number } {
  const unspaced = text.match(/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]/gu)?.length ?? 0;
  if (unspaced > text.length / 4) return { unit: "characters", count: text.replace(/\s/g, "").length };
  return { unit: "words", count: text.match(/\S+/g)?.length ?? 0 };
}
