import { useListed } from "../loading.ts";
import { Choice, Heading, Loading, More, StopButton } from "../parts.tsx";
import { address, go, useAddress } from "../router.ts";
import { Table } from "../table/Table.tsx";
import { STATES, type State, turns } from "../wire.ts";
import { useWords } from "../words.ts";
import { useTurnColumns } from "./turnColumns.tsx";

const EVERY_S = 3;

/** Every answer, live and past. */
export default function Turns() {
  const { words } = useWords();
  const asked = useAddress().query.get("state") ?? "";
  const state = STATES.find((one) => one === asked) ?? "";
  const listed = useListed(
    state,
    async (before, limit) => {
      const found = await turns({ state, before, limit });
      return { rows: found.turns, more: found.more };
    },
    ({ turn }) => turn,
    EVERY_S,
  );
  const columns = useTurnColumns();
  const options: [State | "", string][] = [["", words.turns.all], ...STATES.map((one) => [one, words.states[one]] as [State, string])];

  return (
    <>
      <Heading title={words.turns.heading}>
        <p className="quiet">
          {words.turns.intro} {listed.error ? words.paused : words.live(EVERY_S)}
        </p>
      </Heading>
      <Choice
        label={words.turns.filter}
        options={options}
        chosen={state}
        onChoose={(value) => go(address("/admin/turns", { state: value }), { replace: true })}
      />
      <Loading of={listed} />
      {!listed.first && (
        <Table
          caption={words.turns.heading}
          columns={[
            ...columns,
            {
              key: "actions",
              label: words.column.actions,
              value: () => null,
              only: "screen",
              end: true,
              cell: (turn) => <StopButton turn={turn} onStopped={listed.again} />,
            },
          ]}
          rows={listed.rows}
          name={({ turn }) => turn}
          empty={state ? words.turns.noneOf : words.turns.none}
          partial={listed.more}
          file="answers"
        />
      )}
      <More of={listed} />
    </>
  );
}
