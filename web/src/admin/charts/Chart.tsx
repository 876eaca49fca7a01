import { type KeyboardEvent, type PointerEvent, type ReactNode, useId, useRef, useState } from "react";

import { Table } from "../table/Table.tsx";
import { useWords } from "../words.ts";
import { Bars, Lines } from "./drawing.tsx";
import { labelled, linear, ticks } from "./scale.ts";
import { highest, moved, type Series, shown, type Slots, told } from "./series.ts";
import { useWidth } from "./width.ts";

interface Props {
  title: string;
  kind: "lines" | "bars";
  slots: Slots;
  series: readonly Series[];
  format: (value: number) => string;
  /** There is nothing between 1 and 2. */
  whole?: boolean;
  /** What the slots are called in the table: "Hour". */
  slot: string;
  file: string;
  note?: ReactNode;
}

const HEIGHT = 200;
const EDGE = { top: 8, right: 20, bottom: 24, left: 52 };

/** A chart one can read by eye, with the pointer, by keyboard, and as a table. */
export function Chart(props: Props) {
  const { title, kind, slots, series, format, whole = false, note } = props;
  const { words } = useWords();
  const id = useId();
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const [at, setAt] = useState<number | null>(null);

  const length = slots.labels.length;
  const axis = ticks(highest(series, kind === "bars"), 4, whole);
  const y = linear([0, axis.at(-1) ?? 1], [HEIGHT - EDGE.bottom, EDGE.top]);
  const slotWidth = (width - EDGE.left - EDGE.right) / Math.max(1, length);
  const x = (index: number) => EDGE.left + (index + 0.5) * slotWidth;
  const isLabelled = labelled(length, Math.floor((width - EDGE.left) / 64));
  const empty = series.every(({ values }) => values.every((value) => !value));
  const read = at === null || at >= length ? null : at;

  const point = (event: PointerEvent<HTMLDivElement>) => {
    const place = event.clientX - event.currentTarget.getBoundingClientRect().left - EDGE.left;
    setAt(Math.min(length - 1, Math.max(0, Math.floor(place / slotWidth))));
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "Escape") return setAt(null);
    const next = moved(event.key, at, length);
    if (next === null) return;
    event.preventDefault();
    setAt(next);
  };

  return (
    <figure className="chart panel" aria-labelledby={id}>
      <figcaption>
        <h3 id={id}>{title}</h3>
        <ul className="legend">
          {series.map(({ name, tone, dashed }) => (
            <li key={name} data-tone={tone} data-dashed={dashed}>
              {name}
            </li>
          ))}
        </ul>
      </figcaption>
      <div
        ref={frame}
        className="plot"
        // A slider is what screen readers hand the arrow keys to.
        role="slider"
        tabIndex={0}
        aria-label={words.chart.read(title)}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, length - 1)}
        aria-valuenow={read ?? Math.max(0, length - 1)}
        aria-valuetext={read === null ? words.chart.keys : `${slots.names[read]}: ${told(series, read, format, words.none)}`}
        onPointerMove={point}
        onPointerDown={point}
        onPointerLeave={() => setAt(null)}
        onBlur={() => setAt(null)}
        onKeyDown={press}
      >
        <svg width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`} aria-hidden="true">
          <g className="grid">
            {axis.map((value) => (
              <g key={value}>
                <line x1={EDGE.left} x2={width - EDGE.right} y1={y(value)} y2={y(value)} />
                <text x={EDGE.left - 8} y={y(value)} dy="0.32em" textAnchor="end">
                  {format(value)}
                </text>
              </g>
            ))}
            {slots.labels.map(
              (label, index) =>
                isLabelled(index) && (
                  <text key={index} x={x(index)} y={HEIGHT - 6} textAnchor="middle">
                    {label}
                  </text>
                ),
            )}
          </g>
          {read !== null && (
            <rect className="reading" x={x(read) - slotWidth / 2} width={slotWidth} y={EDGE.top} height={HEIGHT - EDGE.top - EDGE.bottom} />
          )}
          {kind === "lines" ? (
            <Lines series={series} x={x} y={y} read={read} />
          ) : (
            <Bars series={series} x={x} y={y} length={length} width={slotWidth} />
          )}
        </svg>
        {empty && <p className="plot-empty">{words.chart.empty}</p>}
        {read !== null && (
          <Tip left={x(read)} width={width} title={slots.names[read] ?? ""} series={series} at={read} format={format} />
        )}
      </div>
      {note && <p className="quiet">{note}</p>}
      <details className="as-table">
        <summary>{words.chart.asTable}</summary>
        <Behind {...props} />
      </details>
    </figure>
  );
}

interface TipProps {
  left: number;
  width: number;
  title: string;
  series: readonly Series[];
  at: number;
  format: (value: number) => string;
}

/** Left of the place in the right half, so that it never leaves the chart. React sets the place by CSSOM. */
function Tip({ left, width, title, series, at, format }: TipProps) {
  const { words } = useWords();
  const place = left > width / 2 ? { right: width - left + 12 } : { left: left + 12 };
  return (
    <div className="tip" style={place} aria-hidden="true">
      <strong>{title}</strong>
      {series.map(({ name, tone, values, dashed }) => (
        <span key={name} data-tone={tone} data-dashed={dashed}>
          {name} <b>{shown(values[at], format, words.none)}</b>
        </span>
      ))}
    </div>
  );
}

function Behind({ title, slots, series, format, slot, file }: Props) {
  const { words } = useWords();
  const columns = [
    { key: "slot", label: slot, value: (at: number) => slots.names[at] ?? "" },
    ...series.map(({ name, values }) => ({
      key: name,
      label: name,
      end: true,
      value: (at: number) => values[at] ?? null,
      cell: (at: number) => shown(values[at], format, words.none),
    })),
  ];
  return (
    <Table caption={title} columns={columns} rows={[...slots.names.keys()]} name={String} empty={words.chart.empty} file={file} />
  );
}
