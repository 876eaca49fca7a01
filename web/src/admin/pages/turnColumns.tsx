import { Link } from "../Link.tsx";
import { StateMark, ThreadLink, took, Took, turnAddress, When } from "../parts.tsx";
import type { Column } from "../table/Table.tsx";
import { duration, iso, moment } from "../times.ts";
import type { TurnRow } from "../wire.ts";
import { useWords } from "../words.ts";

/** What every list of turns shows of each. */
export function useTurnColumns(): Column<TurnRow>[] {
  const { words, language } = useWords();
  const { column } = words;
  const title = ({ title, thread }: TurnRow) => title || thread;
  const person = ({ name, person }: TurnRow) => name || person;
  return [
    {
      key: "asked",
      label: column.asked,
      value: ({ asked_s }) => iso(asked_s),
      text: ({ asked_s }) => moment(asked_s, language),
      cell: (turn) => (
        <Link to={turnAddress(turn.turn)}>
          <When at_s={turn.asked_s} />
          <span className="unseen">{words.turns.open(person(turn))}</span>
        </Link>
      ),
    },
    {
      key: "question",
      label: column.question,
      long: true,
      value: ({ question }) => question,
      cell: ({ turn, question }) => (
        <Link to={turnAddress(turn)} className="cut" dir="auto" title={question}>
          {question || words.none}
        </Link>
      ),
    },
    {
      key: "thread",
      label: column.thread,
      long: true,
      value: title,
      cell: (turn) => (
        <span className="cut">
          <ThreadLink of={turn.key}>{title(turn)}</ThreadLink>
        </span>
      ),
    },
    {
      key: "state",
      label: column.state,
      value: ({ state }) => words.states[state],
      cell: ({ state, stop_by }) => (
        <StateMark state={state}>{state === "stopped" && stop_by ? words.turns.stoppedBy(stop_by) : null}</StateMark>
      ),
    },
    {
      key: "took",
      label: column.took,
      end: true,
      value: (turn) => took(turn, Date.now() / 1000),
      text: (turn) => duration(took(turn, Date.now() / 1000) ?? 0, language),
      cell: (turn) => <Took turn={turn} />,
    },
    { key: "person", label: column.person, value: person, long: true },
    { key: "channel", label: column.channel, value: ({ channel }) => channel },
    { key: "model", label: column.model, value: ({ model }) => model || null, cell: ({ model }) => model || words.none },
    { key: "tries", label: column.tries, end: true, value: ({ tries }) => tries },
    { key: "reference", label: column.reference, long: true, value: ({ reference }) => reference, cell: ({ reference }) => <code>{reference}</code> },
    { key: "error", label: column.error, value: ({ error_code }) => error_code || null, cell: ({ error_code }) => error_code && <code>{error_code}</code> },
  ];
}
