import { Chart } from "../charts/Chart.tsx";
import type { Series, Slots } from "../charts/series.ts";
import { compact, whole } from "../numbers.ts";
import { clock, duration, hour } from "../times.ts";
import type { Slot, Statistics, Times } from "../wire.ts";
import { useWords } from "../words.ts";
import { Tile } from "./Tile.tsx";

/** How the last 24 hours went, in numbers and hour by hour. */
export function LastDay({ of: { total, slots } }: { of: Statistics }) {
  const { words, language } = useWords();
  const label = words.overview;
  const { done, stopped, failed } = total.turns;
  const { input_tokens, output_tokens } = total.usage;
  const time = (seconds: number | null) => (seconds === null ? words.none : duration(seconds, language));
  return (
    <section>
      <h2>{label.day}</h2>
      <div className="tiles six">
        <Tile name={label.done} value={done} />
        <Tile name={label.stopped} value={stopped} />
        <Tile name={label.failed} value={failed} bad={failed > 0} />
        <Tile name={label.first} value={time(total.first_visible.p50_s)}>
          {label.p95(time(total.first_visible.p95_s))}
        </Tile>
        <Tile name={label.took} value={time(total.took.p50_s)}>
          {label.p95(time(total.took.p95_s))}
        </Tile>
        <Tile name={label.tokens} value={compact(input_tokens + output_tokens, language)}>
          {label.inOut(compact(input_tokens, language), compact(output_tokens, language))}
        </Tile>
      </div>
      <div className="charts">
        <Percentiles title={label.firstChart} slots={slots} of={({ first_visible }) => first_visible} file="first-words" />
        <Percentiles title={label.tookChart} slots={slots} of={({ took }) => took} file="whole-answers" />
        <Outcomes slots={slots} />
        <Kinds of={total.errors} />
      </div>
    </section>
  );
}

/** Of what kind the failures were, the most frequent first. */
function Kinds({ of }: { of: Readonly<Record<string, number>> }) {
  const { words, language } = useWords();
  const kinds = Object.entries(of).sort(([, a], [, b]) => b - a);
  const most = kinds[0]?.[1] ?? 1;
  return (
    <div className="panel kinds">
      <h3>{words.overview.kinds}</h3>
      {kinds.length === 0 && <p className="quiet">{words.overview.noKinds}</p>}
      <dl>
        {kinds.map(([code, count]) => (
          <div key={code}>
            <dt>
              <code>{code}</code>
            </dt>
            <dd>
              <svg width="100%" height="8" aria-hidden="true" data-tone="bad">
                <rect className="bar" width={`${(count / most) * 100}%`} height="8" rx="2" />
              </svg>
              {whole(count, language)}
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function useHours(slots: readonly Slot[]): Slots {
  const { language } = useWords();
  return {
    labels: slots.map(({ start_s }) => clock(start_s, language)),
    names: slots.map(({ start_s }) => hour(start_s, language)),
  };
}

interface PercentilesProps {
  title: string;
  slots: readonly Slot[];
  of: (slot: Slot) => Times;
  file: string;
}

function Percentiles({ title, slots, of, file }: PercentilesProps) {
  const { words, language } = useWords();
  const series: Series[] = [
    { name: words.overview.p50Line, tone: "1", values: slots.map((slot) => of(slot).p50_s) },
    { name: words.overview.p95Line, tone: "2", values: slots.map((slot) => of(slot).p95_s), dashed: true },
  ];
  return (
    <Chart
      title={title}
      kind="lines"
      slots={useHours(slots)}
      series={series}
      format={(seconds) => duration(seconds, language)}
      slot={words.column.hour}
      file={file}
    />
  );
}

function Outcomes({ slots }: { slots: readonly Slot[] }) {
  const { words, language } = useWords();
  const series: Series[] = [
    { name: words.states.done, tone: "1", values: slots.map(({ turns }) => turns.done) },
    { name: words.states.stopped, tone: "warn", values: slots.map(({ turns }) => turns.stopped) },
    { name: words.states.failed, tone: "bad", values: slots.map(({ turns }) => turns.failed) },
  ];
  return (
    <Chart
      title={words.overview.turnsChart}
      kind="bars"
      slots={useHours(slots)}
      series={series}
      format={(count) => whole(count, language)}
      whole
      slot={words.column.hour}
      file="answers"
    />
  );
}
