import { useLoaded } from "../loading.ts";
import { size, whole } from "../numbers.ts";
import { Heading, Loading, When } from "../parts.tsx";
import { address, go, useAddress } from "../router.ts";
import { type Column, Table } from "../table/Table.tsx";
import { duration, iso, moment } from "../times.ts";
import { type Document, type Knowledge as Held, knowledge, type Passage, search } from "../wire.ts";
import { useWords } from "../words.ts";
import { Folded } from "./Folded.tsx";
import { Search } from "./Search.tsx";

const MOST_PASSAGES = 10;

/** What the assistant can look up, and what it would find. */
export default function Knowledge() {
  const { words } = useWords();
  const wanted = useAddress().query.get("q") ?? "";
  const held = useLoaded("", knowledge);
  const nothing = held.value?.kind === "local" && held.value.files === 0;

  return (
    <>
      <Heading title={words.knowledge.heading}>{held.value && <p className="quiet">{told(held.value)}</p>}</Heading>
      <Loading of={held} />
      {held.value && !nothing && (
        <section>
          <h2>{words.knowledge.search}</h2>
          <Search
            key={`search ${wanted}`}
            label={words.knowledge.searchHint}
            button={words.knowledge.searchButton}
            words={wanted}
            onSearch={(q) => go(address("/admin/knowledge", { q }), { replace: true })}
          />
          {wanted && <Results key={`results ${wanted}`} of={wanted} />}
        </section>
      )}
      {held.value?.kind === "local" && <Lists of={held.value} />}
    </>
  );

  function told({ kind, passages, files }: Held): string {
    if (kind === "program") return words.knowledge.kinds.program;
    return files ? words.knowledge.kinds.local(passages, files) : words.knowledge.kinds.none;
  }
}

function Results({ of }: { of: string }) {
  const { words, language } = useWords();
  const found = useLoaded(of, () => search({ q: of, limit: MOST_PASSAGES }));
  if (!found.value) return <Loading of={found} />;
  const { passages, took_s } = found.value;
  const best = Math.max(0, ...passages.map(({ score }) => score));
  return (
    <div className="found" aria-live="polite">
      <p className="quiet">{passages.length ? words.knowledge.results(passages.length, duration(took_s, language)) : words.knowledge.nothing}</p>
      <ol>
        {passages.map((passage, at) => (
          <Found key={at} passage={passage} best={best} />
        ))}
      </ol>
    </div>
  );
}

function Found({ passage: { source, heading, text, score }, best }: { passage: Passage; best: number }) {
  const { words, language } = useWords();
  const told = words.knowledge.score(score.toLocaleString(language, { maximumFractionDigits: 3 }));
  return (
    <li className="panel">
      <p className="found-head">
        <strong>{source}</strong>
        <span className="quiet">{heading}</span>
        <span className="score">
          {told}
          <meter min={0} max={best || 1} value={score} aria-label={told} />
        </span>
      </p>
      <Folded text={text} lines={6} />
    </li>
  );
}

function Lists({ of: { files, documents, broken, named } }: { of: Held }) {
  const { words, language } = useWords();
  const { column } = words;
  const columns: Column<Document>[] = [
    { key: "source", label: column.source, long: true, value: ({ source }) => source },
    { key: "path", label: column.path, long: true, value: ({ path }) => path, cell: ({ path }) => <code>{path}</code> },
    { key: "passages", label: column.passages, end: true, value: ({ passages }) => passages, cell: ({ passages }) => whole(passages, language) },
    { key: "size", label: column.size, end: true, value: ({ size_bytes }) => size_bytes, cell: ({ size_bytes }) => size(size_bytes, language) },
    {
      key: "read",
      label: column.read,
      value: ({ read_s }) => iso(read_s),
      text: ({ read_s }) => moment(read_s, language),
      cell: ({ read_s }) => <When at_s={read_s} />,
    },
  ];
  return (
    <>
      {broken.length > 0 && (
        <section>
          <h2>{words.knowledge.broken}</h2>
          <Table
            plain
            caption={words.knowledge.broken}
            columns={[
              { key: "path", label: column.path, long: true, value: ({ path }) => path, cell: ({ path }) => <code>{path}</code> },
              { key: "reason", label: column.reason, long: true, value: ({ reason }) => reason },
            ]}
            rows={broken}
            name={({ path }) => path}
            empty=""
          />
        </section>
      )}
      <section>
        <h2>{words.knowledge.documents}</h2>
        {documents.length < files && <p className="quiet">{words.knowledge.firstOnes(documents.length, files)}</p>}
        <Table
          caption={words.knowledge.documents}
          columns={columns}
          rows={documents}
          name={({ path }) => path}
          empty={words.knowledge.noDocuments}
          file="knowledge"
        />
      </section>
      {named.length > 0 && (
        <section>
          <h2>{words.knowledge.named}</h2>
          <ul className="named">
            {named.map(({ path, by }) => (
              <li key={`${by} ${path}`}>
                <code>{path}</code>{" "}
                <span className="quiet">{by === "settings" ? words.knowledge.by.settings : words.knowledge.by.hand}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
