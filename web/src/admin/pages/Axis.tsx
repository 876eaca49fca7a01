import { useRef } from "react";

import { linear, secondTicks } from "../charts/scale.ts";
import { useWidth } from "../charts/width.ts";
import { duration } from "../times.ts";
import type { Attempt, Timeline } from "../wire.ts";
import { useWords } from "../words.ts";
import { brokeOff } from "./brokeOff.ts";
import { course, isEnd, type Lane } from "./course.ts";

const LANE = 40;
const TOP = 8;
const FOOT = 24;
const SIDE = 12;

const KINDS = ["waited", "thinking", "writing"] as const;
const TONES = { waited: "wait", thinking: "think", writing: "write" } as const;

/** A turn on a time axis: a lane for each attempt, with what happened in it. */
export function Axis({ of }: { of: Timeline }) {
  const { words, language } = useWords();
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const drawn = course(of, Date.now() / 1000);
  if (!drawn) return <p className="quiet">{words.turn.timeless}</p>;

  const x = linear([0, drawn.length_s || 1], [SIDE, width - SIDE]);
  const height = TOP + drawn.lanes.length * LANE + FOOT;
  return (
    <section className="panel">
      <h2>{words.turn.axis}</h2>
      <ul className="legend">
        {KINDS.filter((kind) => drawn.lanes.some(({ stretches }) => stretches.some((one) => one.kind === kind))).map((kind) => (
          <li key={kind} data-tone={TONES[kind]}>
            {words.turn[kind]}
          </li>
        ))}
      </ul>
      <div ref={frame} className="axis">
        <svg
          role="img"
          aria-label={words.turn.axisText(duration(drawn.length_s, language), of.attempts.length)}
          width={width}
          height={height}
          viewBox={`0 0 ${width} ${height}`}
        >
          <g className="grid">
            {secondTicks(drawn.length_s, Math.max(2, Math.floor(width / 110))).map((second) => (
              <g key={second}>
                <line x1={x(second)} x2={x(second)} y1={TOP} y2={height - FOOT} />
                <text x={x(second)} y={height - 6} textAnchor={second === 0 ? "start" : "middle"}>
                  {duration(second, language)}
                </text>
              </g>
            ))}
          </g>
          {drawn.lanes.map((lane, at) => (
            <Drawn key={lane.attempt} lane={lane} y={TOP + at * LANE} x={x} middle={width / 2} of={of} />
          ))}
        </svg>
      </div>
      <p className="quiet">
        {words.turn.precise} {of.turn.here && words.turn.here}
      </p>
    </section>
  );
}

interface DrawnProps {
  lane: Lane;
  y: number;
  x: (second: number) => number;
  middle: number;
  of: Timeline;
}

/** One lane: its name, and below it what was done and what happened. */
function Drawn({ lane, y, x, middle, of }: DrawnProps) {
  const { words, language } = useWords();
  const attempt = of.attempts.find((one) => one.attempt === lane.attempt);
  const [from_s, to_s] = [lane.stretches[0]?.from_s ?? 0, lane.stretches.at(-1)?.to_s ?? 0];
  // A name stands at the beginning of its lane; of a late one, where its end is, so that it has room.
  const late = x(from_s) > middle;
  return (
    <g>
      <text className="lane" x={x(late ? to_s : from_s)} y={y + 12} textAnchor={late ? "end" : "start"}>
        {lane.attempt ? laneName(attempt, lane.attempt) : words.turn.waited}
      </text>
      {lane.stretches.map(({ kind, from_s, to_s }) => (
        <rect key={kind} className="stretch" data-tone={TONES[kind]} x={x(from_s)} width={Math.max(2, x(to_s) - x(from_s))} y={y + 18} height={12} rx={3}>
          <title>{`${words.turn[kind]}: ${duration(to_s - from_s, language)}`}</title>
        </rect>
      ))}
      {lane.marks.map(({ kind, at_s }, at) => (
        <circle key={at} className="mark" data-kind={kind} cx={x(at_s)} cy={y + 24} r={isEnd(kind) ? 6 : 3.5}>
          <title>{`${words.turn.kinds[kind]}: ${duration(at_s, language)}`}</title>
        </circle>
      ))}
    </g>
  );

  function laneName(tried: Attempt | undefined, number: number): string {
    const why = tried?.why && words.turn.before(brokeOff(tried.why), number - 1);
    return [words.turn.attempt(number), why && `(${why})`].filter(Boolean).join(" ");
  }
}
