import { Link } from "../Link.tsx";
import { useListed } from "../loading.ts";
import { Heading, Loading, More, threadAddress, When } from "../parts.tsx";
import { address, go, useAddress } from "../router.ts";
import { type Column, Table } from "../table/Table.tsx";
import { iso, moment } from "../times.ts";
import { type ThreadRow, threads } from "../wire.ts";
import { useWords } from "../words.ts";
import { Search } from "./Search.tsx";

/** Everybody's conversations. */
export default function Threads() {
  const { words, language } = useWords();
  const wanted = useAddress().query.get("q") ?? "";
  const listed = useListed(
    wanted,
    async (before, limit) => {
      const found = await threads({ words: wanted, before, limit });
      return { rows: found.threads, more: found.more };
    },
    ({ key }) => key,
  );
  const { column } = words;
  const when = (key: string, label: string, at: (row: ThreadRow) => number): Column<ThreadRow> => ({
    key,
    label,
    value: (row) => iso(at(row)) || null,
    text: (row) => moment(at(row), language),
    cell: (row) => <When at_s={at(row)} />,
  });
  const columns: Column<ThreadRow>[] = [
    {
      key: "title",
      label: column.title,
      long: true,
      value: ({ title }) => title,
      cell: ({ key, title }) => <Link to={threadAddress(key)}>{title || words.threads.untitled}</Link>,
    },
    { key: "person", label: column.person, long: true, value: ({ owner }) => owner },
    { key: "channel", label: column.channel, value: ({ channel }) => channel },
    when("asked", column.lastAsked, ({ asked_s }) => asked_s),
    when("created", column.begun, ({ created_s }) => created_s),
  ];

  return (
    <>
      <Heading title={words.threads.heading}>
        <p className="quiet">{words.threads.intro}</p>
      </Heading>
      <Search
        key={wanted}
        label={words.threads.search}
        button={words.threads.searchButton}
        words={wanted}
        onSearch={(q) => go(address("/admin/threads", { q }), { replace: true })}
      />
      <Loading of={listed} />
      {!listed.first && (
        <Table
          caption={words.threads.heading}
          columns={columns}
          rows={listed.rows}
          name={({ key }) => key}
          empty={wanted ? words.threads.noneFound : words.threads.none}
          partial={listed.more}
          file="conversations"
        />
      )}
      <More of={listed} />
    </>
  );
}
