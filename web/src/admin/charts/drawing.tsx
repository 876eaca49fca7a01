import { path, type Scale } from "./scale.ts";
import { pile, type Series } from "./series.ts";

interface Drawn {
  series: readonly Series[];
  x: Scale;
  y: Scale;
}

/** Lines, with an area under the first; a value whose neighbours are missing is a dot. */
export function Lines({ series, x, y, read }: Drawn & { read: number | null }) {
  return series.map(({ name, tone, values, dashed }, index) => {
    const points = values.map((value, at) => (value === null ? null : ([x(at), y(value)] as const)));
    const single = (at: number) => points[at] && !points[at - 1] && !points[at + 1];
    return (
      <g key={name} data-tone={tone} data-dashed={dashed}>
        {index === 0 && <path className="area" d={areas(points, y(0))} />}
        <path className="line" d={path(points)} />
        {points.map((point, at) => point && (at === read || single(at)) && <circle key={at} cx={point[0]} cy={point[1]} r={3.5} />)}
      </g>
    );
  });
}

/** One closed shape for each stretch without a gap. */
function areas(points: readonly (readonly [number, number] | null)[], ground: number): string {
  const stretches: (readonly [number, number])[][] = [[]];
  for (const point of points) {
    if (point) stretches.at(-1)?.push(point);
    else stretches.push([]);
  }
  return stretches
    .filter((stretch) => stretch.length > 1)
    .map((stretch) => `${path(stretch)}L${stretch.at(-1)?.[0]} ${ground}L${stretch[0]?.[0]} ${ground}Z`)
    .join("");
}

/** Piles; each piece has a little air above it, so that they are told apart without colours. */
export function Bars({ series, x, y, length, width }: Drawn & { length: number; width: number }) {
  const thick = Math.max(1, Math.min(width * 0.72, 36));
  return Array.from({ length }, (_, at) =>
    pile(series, at).map(({ series: index, from, to }) => {
      const height = y(from) - y(to);
      return (
        <rect
          key={`${at} ${index}`}
          data-tone={series[index]?.tone}
          className="bar"
          x={x(at) - thick / 2}
          width={thick}
          y={y(to)}
          height={Math.max(1, height - (height > 3 ? 1 : 0))}
          rx={Math.min(2, thick / 4)}
        />
      );
    }),
  );
}
