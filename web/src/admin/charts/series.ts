/** What a chart shows: one value a series for each slot along the axis. */

export interface Series {
  name: string;
  /** A colour of look.css: chart-1 ... and what people read into red and amber. */
  tone: "1" | "2" | "3" | "4" | "5" | "6" | "warn" | "bad";
  /** null: there was nothing to measure. */
  values: readonly (number | null)[];
  /** Told apart without colours too. */
  dashed?: boolean;
}

export interface Slots {
  /** Under the axis: short. */
  labels: readonly string[];
  /** In the tooltip and the table: whole. */
  names: readonly string[];
}

/** The highest value, or, stacked, the highest pile. */
export function highest(series: readonly Series[], stacked: boolean): number {
  if (!stacked) return Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const length = Math.max(0, ...series.map(({ values }) => values.length));
  const piles = Array.from({ length }, (_, at) => series.reduce((sum, { values }) => sum + (values[at] ?? 0), 0));
  return Math.max(0, ...piles);
}

export interface Piece {
  series: number;
  from: number;
  to: number;
}

/** The pieces of one pile, from the ground up; what is nothing has no piece. */
export function pile(series: readonly Series[], at: number): Piece[] {
  let from = 0;
  return series.flatMap(({ values }, index) => {
    const value = values[at] ?? 0;
    if (value <= 0) return [];
    const piece = { series: index, from, to: from + value };
    from = piece.to;
    return [piece];
  });
}

/** What a slot says, in words: for the tooltip, and read by a screen reader. */
export function told(series: readonly Series[], at: number, format: (value: number) => string, none: string): string {
  return series.map(({ name, values }) => `${name}: ${shown(values[at], format, none)}`).join(", ");
}

export function shown(value: number | null | undefined, format: (value: number) => string, none: string): string {
  return value === null || value === undefined ? none : format(value);
}

/** Where the arrow keys lead from slot `at`; null when the key is another. Without a slot yet, the newest is first. */
export function moved(key: string, at: number | null, length: number): number | null {
  const last = length - 1;
  switch (key) {
    case "ArrowLeft":
    case "ArrowDown":
      return Math.max(0, (at ?? length) - 1);
    case "ArrowRight":
    case "ArrowUp":
      return Math.min(last, (at ?? last - 1) + 1);
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return null;
  }
}
