/** The timeline of a turn as something to draw: stretches of time in lanes, and marks on them. Pure. */

import type { Attempt, Moment, MomentKind, Timeline, TurnFacts } from "../wire.ts";

export interface Stretch {
  kind: "waited" | "thinking" | "writing";
  from_s: number;
  to_s: number;
}

export interface Mark {
  kind: MomentKind;
  at_s: number;
}

/** One attempt, or, with number 0, the time before the first. Times are seconds since the question. */
export interface Lane {
  attempt: number;
  stretches: Stretch[];
  marks: Mark[];
}

export interface Course {
  length_s: number;
  lanes: Lane[];
}

const SHOWN_BY_STRETCHES: ReadonlySet<MomentKind> = new Set<MomentKind>(["received", "began", "first_word"]);
const ENDS: ReadonlySet<MomentKind> = new Set<MomentKind>(["done", "stopped", "failed"]);

/** Null when the log has no times. A turn that goes on is drawn up to `now_s`. */
export function course({ turn, attempts, moments }: Timeline, now_s: number): Course | null {
  const began = attempts.map(({ began_s }) => began_s);
  if (began.includes(null)) return null;
  const queued = attempts.length === 0 || moments.some(({ kind }) => kind === "waiting");
  // An attempt is first heard of when something of it is written; who did not wait was answered from the start.
  const begins_s = (at: number) => (at === 0 && !queued ? 0 : (began[at] ?? 0) - turn.asked_s);
  const length_s = Math.max(0, endOf(turn, moments, now_s) - turn.asked_s);
  const tried = attempts.map((attempt, at): Lane => {
    const to_s = at + 1 < attempts.length ? begins_s(at + 1) : length_s;
    return { attempt: attempt.attempt, stretches: stretches(attempt, turn, begins_s(at), to_s), marks: marks(moments, attempt.attempt, turn) };
  });
  const waiting = queued ? [waited(moments, turn, attempts.length ? begins_s(0) : length_s)] : [];
  return { length_s, lanes: [...waiting, ...tried] };
}

/** Whether a mark is an end, which is drawn larger. */
export const isEnd = (kind: MomentKind) => ENDS.has(kind);

function endOf(turn: TurnFacts, moments: readonly Moment[], now_s: number): number {
  const last_s = Math.max(turn.asked_s, ...moments.map(({ at_s }) => at_s ?? 0));
  return Math.max(last_s, turn.ended_s || (moments.some(({ kind }) => isEnd(kind)) ? 0 : now_s));
}

function waited(moments: readonly Moment[], turn: TurnFacts, to_s: number): Lane {
  return { attempt: 0, stretches: to_s > 0 ? [{ kind: "waited", from_s: 0, to_s }] : [], marks: marks(moments, 0, turn) };
}

function stretches(attempt: Attempt, turn: TurnFacts, from_s: number, to_s: number): Stretch[] {
  const word_s = attempt.first_word_s === null ? to_s : attempt.first_word_s - turn.asked_s;
  const found: Stretch[] = [
    { kind: "thinking", from_s, to_s: word_s },
    { kind: "writing", from_s: word_s, to_s },
  ];
  return found.filter((one) => one.to_s > one.from_s);
}

function marks(moments: readonly Moment[], attempt: number, turn: TurnFacts): Mark[] {
  return moments
    .filter((moment) => moment.attempt === attempt && !SHOWN_BY_STRETCHES.has(moment.kind))
    .flatMap(({ kind, at_s }) => (at_s === null ? [] : [{ kind, at_s: at_s - turn.asked_s }]));
}
