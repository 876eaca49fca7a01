import { type ReactNode, useRef } from "react";

import { useLoaded } from "../loading.ts";
import { whole } from "../numbers.ts";
import { Heading, Loading, StateMark, StopButton, ThreadLink, took } from "../parts.tsx";
import type { Params } from "../router.ts";
import { type Column, Table } from "../table/Table.tsx";
import { duration, iso, moment } from "../times.ts";
import { type Attempt, isLive, type Moment, type Timeline, timeline, type TurnFacts } from "../wire.ts";
import { useWords } from "../words.ts";
import { Axis } from "./Axis.tsx";
import { brokeOff } from "./brokeOff.ts";
import { isEnd } from "./course.ts";
import { reasonOf } from "./reason.ts";
import { useTitles } from "./titles.ts";

const LIVE_EVERY_S = 1;

/** How one answer came about: on a time axis, and as a list. */
export default function Turn({ params }: { params: Params }) {
  const { words } = useWords();
  const id = params["turn"] ?? "";
  const over = useRef(false);
  const loaded = useLoaded(id, () => timeline(id), over.current ? 0 : LIVE_EVERY_S);
  over.current = loaded.value !== null && !isLive(loaded.value.turn.state);

  return (
    <>
      <Heading title={words.turn.heading}>
        {loaded.value && <Where of={loaded.value.turn} />}
        {loaded.value && <StopButton turn={loaded.value.turn} onStopped={loaded.again} />}
      </Heading>
      <Loading of={loaded} />
      {loaded.value && (
        <>
          <Facts of={loaded.value} />
          <Axis of={loaded.value} />
          <List of={loaded.value} />
        </>
      )}
    </>
  );
}

function Where({ of }: { of: TurnFacts }) {
  const title = useTitles([of]).get(of.key);
  return (
    <p>
      <ThreadLink of={of.key}>{title || of.thread}</ThreadLink>
    </p>
  );
}

function Facts({ of: { turn, moments } }: { of: Timeline }) {
  const { words, language } = useWords();
  const { column } = words;
  const models = [...new Set(moments.filter(({ kind }) => kind === "usage").map(({ what }) => what))].filter(Boolean);
  const sentence = moments.find(({ kind }) => kind === "failed")?.detail["sentence"];
  const reason = reasonOf(moments);
  const took_s = took(turn, Date.now() / 1000);
  return (
    <>
      {sentence && (
        <div className="notice bad">
          <p>{String(sentence)}</p>
          {reason && (
            <p>
              {words.turn.reason} <code>{reason}</code>
            </p>
          )}
        </div>
      )}
      <dl className="facts panel">
        <Fact name={column.state}>
          <StateMark state={turn.state}>{turn.stop_by && words.turns.stoppedBy(turn.stop_by)}</StateMark>
        </Fact>
        <Fact name={column.asked}>{moment(turn.asked_s, language)}</Fact>
        <Fact name={column.took}>{took_s === null ? words.none : duration(took_s, language)}</Fact>
        <Fact name={column.tries}>{whole(turn.tries, language)}</Fact>
        <Fact name={column.model}>{models.join(", ") || words.none}</Fact>
        <Fact name={column.channel}>{turn.channel}</Fact>
        <Fact name={column.reference}>
          <code>{turn.turn}</code>
        </Fact>
      </dl>
    </>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function List({ of: { turn, moments, attempts } }: { of: Timeline }) {
  const { words, language } = useWords();
  const { column } = words;
  const rows = moments.map((told, at) => ({ ...told, at }));
  const columns: Column<Moment & { at: number }>[] = [
    {
      key: "since",
      label: column.since,
      end: true,
      value: ({ since_s }) => since_s,
      cell: ({ since_s, at_s }) =>
        since_s === null ? words.none : <span title={at_s ? moment(at_s, language) : iso(0)}>{duration(since_s, language)}</span>,
    },
    { key: "attempt", label: column.attempt, end: true, value: ({ attempt }) => attempt || null, cell: ({ attempt }) => attempt || words.none },
    {
      key: "kind",
      label: column.happened,
      value: ({ kind }) => words.turn.kinds[kind],
      cell: ({ kind }) => (
        <span className="happened" data-kind={kind}>
          {words.turn.kinds[kind]}
        </span>
      ),
    },
    { key: "detail", label: column.detail, long: true, value: (told) => detailed(told, attempts) },
  ];
  return (
    <section>
      <h2>{words.turn.list}</h2>
      <Table
        caption={words.turn.list}
        columns={columns}
        rows={rows}
        name={({ at }) => String(at)}
        empty={words.turn.noEvents}
        file={`answer-${turn.turn}`}
      />
    </section>
  );

  function detailed({ kind, what, detail, attempt }: Moment, tried: readonly Attempt[]): string {
    const told = kind === "began" && what ? words.turn.before(brokeOff(what), attempt - 1) : what;
    const chars = isEnd(kind) ? written(tried.find((one) => one.attempt === attempt)) : [];
    const rest = Object.entries(detail).filter(([, value]) => value !== null && value !== "" && value !== 0);
    return [told, ...chars, ...rest.map(([name, value]) => `${name.replaceAll("_", " ")}: ${value}`)].filter(Boolean).join(" · ");
  }

  function written(tried: Attempt | undefined): string[] {
    if (!tried) return [];
    const reasoning = tried.reasoning_chars ? [words.turn.reasoning(tried.reasoning_chars)] : [];
    return [words.turn.chars(tried.chars), ...reasoning];
  }
}

