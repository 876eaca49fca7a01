import { Link } from "../Link.tsx";
import { useLoaded } from "../loading.ts";
import { Heading, Loading, StopButton } from "../parts.tsx";
import { address } from "../router.ts";
import { Table } from "../table/Table.tsx";
import { statistics, timeline, type TurnRow, turns } from "../wire.ts";
import { useWords } from "../words.ts";
import { LastDay } from "./LastDay.tsx";
import { Tile } from "./Tile.tsx";
import { reasonOf } from "./reason.ts";
import { useTurnColumns } from "./turnColumns.tsx";

const LIVE_EVERY_S = 2;
const COUNTED_EVERY_S = 15;
const FAILURES = 5;

/** What happens now, and how the last day went. */
export default function Overview() {
  const { words } = useWords();
  const live = useLoaded("live", () => turns({ state: "running,queued", before: "", limit: 50 }), LIVE_EVERY_S);
  const day = useLoaded("day", () => statistics(24), COUNTED_EVERY_S);
  const failed = useLoaded("failed", failures, COUNTED_EVERY_S);
  const columns = useTurnColumns();
  const shown = columns.filter(({ key }) => !["reference", "error"].includes(key));

  return (
    <>
      <Heading title={words.nav.overview}>
        <p className="quiet">{live.error ? words.paused : words.live(LIVE_EVERY_S)}</p>
      </Heading>
      <Loading of={live.error ? live : day} />
      <section aria-label={words.overview.now} className="tiles">
        <Tile name={words.overview.running} value={live.value?.running} live />
        <Tile name={words.overview.queued} value={live.value?.queued} />
        <Tile name={words.overview.readers} value={live.value?.readers} />
      </section>
      <section>
        <h2>{words.overview.live}</h2>
        <Table
          plain
          caption={words.overview.live}
          columns={[
            ...shown,
            {
              key: "actions",
              label: words.column.actions,
              value: () => null,
              only: "screen",
              end: true,
              cell: (turn) => <StopButton turn={turn} onStopped={live.again} />,
            },
          ]}
          rows={live.value?.turns ?? []}
          name={({ turn }) => turn}
          empty={words.overview.nothingLive}
        />
      </section>
      {day.value && <LastDay of={day.value} />}
      <section>
        <h2>{words.overview.failures}</h2>
        {failed.value && (
          <Table
            plain
            caption={words.overview.failures}
            columns={[
              ...shown.filter(({ key }) => !["state", "tries", "model"].includes(key)),
              { key: "reason", label: words.column.reason, long: true, value: ({ why }) => why, cell: ({ why, error_code }) => <Why code={error_code} why={why} /> },
            ]}
            rows={failed.value.turns}
            name={({ turn }) => turn}
            empty={words.overview.noFailures}
          />
        )}
        {failed.value?.more && (
          <p className="below">
            <Link to={address("/admin/turns", { state: "failed" })}>{words.overview.allFailures}</Link>
          </p>
        )}
      </section>
    </>
  );
}

function Why({ code, why }: { code: string; why: string }) {
  return (
    <>
      <code>{code}</code> <span className="quiet">{why}</span>
    </>
  );
}

/** The latest, each with the reason that its timeline has. */
async function failures(): Promise<{ turns: (TurnRow & { why: string })[]; more: boolean }> {
  const found = await turns({ state: "failed", before: "", limit: FAILURES });
  const ends = await Promise.all(found.turns.map(async ({ turn }) => reasonOf((await timeline(turn)).moments)));
  return { turns: found.turns.map((turn, at) => ({ ...turn, why: ends[at] ?? "" })), more: found.more !== null };
}
