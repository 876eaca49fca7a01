import { useState } from "react";

import { Chart } from "../charts/Chart.tsx";
import { useLoaded } from "../loading.ts";
import { compact, whole } from "../numbers.ts";
import { Choice, Heading, Loading } from "../parts.tsx";
import { address, go, useAddress } from "../router.ts";
import { type Column, Table } from "../table/Table.tsx";
import { date, duration } from "../times.ts";
import { type Day, type Statistics, statistics } from "../wire.ts";
import { useWords } from "../words.ts";
import { answers, daysBetween, grouped, tokens } from "./grouping.ts";

const RANGES = ["7", "30", "90"] as const;
const EVERY_S = 60;

type By = "model" | "channel";

/** What was answered and what it took, by day, model and channel. */
export default function Usage() {
  const { words } = useWords();
  const asked = useAddress().query.get("days");
  const range = RANGES.find((one) => one === asked) ?? "30";
  const [by, setBy] = useState<By>("model");
  const loaded = useLoaded(range, () => statistics(Number(range) * 24), EVERY_S);

  return (
    <>
      <Heading title={words.usage.heading}>
        <p className="quiet">{words.usage.intro}</p>
      </Heading>
      <div className="choices">
        <Choice
          label={words.usage.range}
          options={RANGES.map((days) => [days, words.usage.days(Number(days))] as const)}
          chosen={range}
          onChoose={(days) => go(address("/admin/usage", { days }), { replace: true })}
        />
        <Choice
          label={words.usage.by}
          options={[
            ["model", words.usage.byModel],
            ["channel", words.usage.byChannel],
          ]}
          chosen={by}
          onChoose={setBy}
        />
      </div>
      <Loading of={loaded} />
      {loaded.value && <Charts of={loaded.value} by={by} />}
      {loaded.value && <Days of={loaded.value.days} />}
    </>
  );
}

function Charts({ of, by }: { of: Statistics; by: By }) {
  const { words, language } = useWords();
  const days = daysBetween(of.since_s, of.until_s);
  const group = (row: Day) => row[by] || words.usage.unnamed;
  // A day of the server's is one of UTC, and is called so.
  const names = days.map((day) => date(Date.parse(day) / 1000, language, "UTC"));
  const shared = { kind: "bars", slots: { labels: names, names }, slot: words.column.day, whole: true } as const;
  const { input_tokens, output_tokens } = of.total.usage;
  return (
    <div className="charts">
      <h2 className="unseen">{words.usage.charts}</h2>
      <Chart
        {...shared}
        title={words.usage.answersChart}
        series={grouped(of.days, days, group, answers, words.usage.others)}
        format={(count) => whole(count, language)}
        file="answers-by-day"
      />
      <Chart
        {...shared}
        title={words.usage.tokensChart}
        series={grouped(of.days, days, group, tokens, words.usage.others)}
        format={(count) => compact(count, language)}
        file="tokens-by-day"
        note={words.overview.inOut(compact(input_tokens, language), compact(output_tokens, language))}
      />
    </div>
  );
}

function Days({ of }: { of: readonly Day[] }) {
  const { words, language } = useWords();
  const { column } = words;
  const count = (key: string, label: string, value: (row: Day) => number): Column<Day> => ({
    key,
    label,
    value,
    end: true,
    cell: (row) => whole(value(row), language),
  });
  const time = (key: string, label: string, value: (row: Day) => number | null): Column<Day> => ({
    key,
    label,
    value,
    end: true,
    cell: (row) => told(value(row)),
  });
  const told = (seconds: number | null) => (seconds === null ? words.none : duration(seconds, language));
  const columns: Column<Day>[] = [
    { key: "day", label: column.day, value: ({ day }) => day },
    { key: "model", label: column.model, value: ({ model }) => model || words.usage.unnamed },
    { key: "channel", label: column.channel, value: ({ channel }) => channel },
    count("answers", column.answers, answers),
    count("stopped", column.stopped, ({ turns }) => turns.stopped),
    count("failed", column.failed, ({ turns }) => turns.failed),
    count("in", column.tokensIn, ({ usage }) => usage.input_tokens),
    count("cached", column.cached, ({ usage }) => usage.cache_read_tokens),
    count("out", column.tokensOut, ({ usage }) => usage.output_tokens),
    time("firstP50", column.firstP50, ({ first_visible }) => first_visible.p50_s),
    time("firstP95", column.firstP95, ({ first_visible }) => first_visible.p95_s),
    time("tookP50", column.tookP50, ({ took }) => took.p50_s),
    time("tookP95", column.tookP95, ({ took }) => took.p95_s),
  ];
  return (
    <section>
      <h2>{words.usage.rows}</h2>
      <Table
        caption={words.usage.rows}
        columns={columns}
        rows={of}
        name={({ day, model, channel }) => `${day} ${model} ${channel}`}
        order={{ key: "day", down: true }}
        empty={words.usage.none}
        file="usage"
      />
    </section>
  );
}
