/** Times as people read them. The server's are seconds since the epoch; a name that ends in `_s` is in seconds. */

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", DAY_S],
  ["hour", HOUR_S],
  ["minute", 60],
];

/** "3 minutes ago". Under a minute everything is now: a list that counts seconds never rests. */
export function ago(then_s: number, now_s: number, language: string): string {
  const past_s = Math.max(0, now_s - then_s);
  const words = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
  const step = STEPS.find(([, size_s]) => past_s >= size_s);
  return step ? words.format(-Math.floor(past_s / step[1]), step[0]) : words.format(0, "second");
}

/** "42ms", "0.42s", "8.1s", "2m 5s", "1h 3m": two figures that matter, no more. */
export function duration(seconds: number, language: string): string {
  const s = Math.max(0, seconds);
  if (s < 0.0995 && s >= 0.0005) return unit(Math.round(s * 1000), "millisecond", language);
  if (s < 0.9995) return unit(Math.round(s * 100) / 100, "second", language);
  if (s < 59.95) return unit(Math.round(s * 10) / 10, "second", language);
  const whole = Math.round(s);
  if (whole < HOUR_S) return two(Math.floor(whole / 60), "minute", whole % 60, "second", language);
  const minutes = Math.round(whole / 60);
  return two(Math.floor(minutes / 60), "hour", minutes % 60, "minute", language);
}

function two(many: number, large: string, few: number, small: string, language: string): string {
  return few ? `${unit(many, large, language)} ${unit(few, small, language)}` : unit(many, large, language);
}

function unit(value: number, name: string, language: string): string {
  return new Intl.NumberFormat(language, { style: "unit", unit: name, unitDisplay: "narrow" }).format(value);
}

/** The whole moment, to the second, in the reader's zone. */
export function moment(at_s: number, language: string, timeZone?: string): string {
  return formatted(at_s, language, { dateStyle: "medium", timeStyle: "medium" }, timeZone);
}

export function clock(at_s: number, language: string, timeZone?: string): string {
  return formatted(at_s, language, { hour: "2-digit", minute: "2-digit" }, timeZone);
}

/** "21 Nov, 14:00": an hour among others. */
export function hour(at_s: number, language: string, timeZone?: string): string {
  return formatted(at_s, language, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }, timeZone);
}

/** "21 Nov", for an axis. */
export function date(at_s: number, language: string, timeZone?: string): string {
  return formatted(at_s, language, { day: "numeric", month: "short" }, timeZone);
}

function formatted(at_s: number, language: string, how: Intl.DateTimeFormatOptions, timeZone?: string): string {
  return new Intl.DateTimeFormat(language, timeZone ? { ...how, timeZone } : how).format(at_s * 1000);
}

/** For a file that programs read: ISO 8601, UTC; nothing for a time that has not come. */
export function iso(at_s: number): string {
  return at_s > 0 ? new Date(at_s * 1000).toISOString() : "";
}
