/** From values to places on paper, and the round numbers that stand on an axis. */

export type Scale = (value: number) => number;

/** A domain without extent maps to the middle. */
export function linear([from, to]: readonly [number, number], [start, end]: readonly [number, number]): Scale {
  if (from === to) return () => (start + end) / 2;
  return (value) => start + ((value - from) / (to - from)) * (end - start);
}

/** Round numbers from 0 to just above `most`, 1, 2 or 5 times a power of ten apart; about `count` of them. */
export function ticks(most: number, count = 4, whole = false): number[] {
  if (!(most > 0) || !Number.isFinite(most)) return [0, 1];
  const step = Math.max(stepFor(most / count), whole ? 1 : 0);
  const steps = Math.ceil(most / step - 1e-9);
  return Array.from({ length: steps + 1 }, (_, at) => rounded(at * step));
}

function stepFor(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const nice = [1, 2, 5, 10].find((one) => one * power >= rough * (1 - 1e-9)) ?? 10;
  return nice * power;
}

/** 0.1 + 0.2 is 0.3 on paper. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}

// What a clock has round numbers of.
const ROUND_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400];

/** Seconds that are round for a clock, from 0 to within `most_s`; at most `count` and the 0. */
export function secondTicks(most_s: number, count = 6): number[] {
  if (!(most_s > 0)) return [0];
  const step = ROUND_S.find((one) => most_s / one <= count) ?? Math.ceil(most_s / count / 86_400) * 86_400;
  return Array.from({ length: Math.floor(most_s / step + 1e-9) + 1 }, (_, at) => rounded(at * step));
}

/** Which of `length` labels to write so that at most `most` are: evenly, from the last, which is now. */
export function labelled(length: number, most: number): (index: number) => boolean {
  const every = Math.max(1, Math.ceil(length / Math.max(1, most)));
  return (index) => (length - 1 - index) % every === 0;
}

/** The points of a line, broken where there is no value: an SVG path. */
export function path(points: readonly (readonly [number, number] | null)[]): string {
  let drawing = false;
  return points
    .map((point) => {
      if (!point) {
        drawing = false;
        return "";
      }
      const step = `${drawing ? "L" : "M"}${point[0].toFixed(1)} ${point[1].toFixed(1)}`;
      drawing = true;
      return step;
    })
    .join("");
}
