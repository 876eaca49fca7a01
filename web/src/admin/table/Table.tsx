import { type ReactNode, useId, useMemo, useState } from "react";

import { useWords } from "../words.ts";
import { csv, save } from "./csv.ts";
import { type Column as PureColumn, filtered, type Order, sorted, turned } from "./rows.ts";

export interface Column<Row> extends PureColumn<Row> {
  /** What stands in the cell, where it is more than the value. */
  cell?: (row: Row) => ReactNode;
  /** Numbers and buttons stand at the end of their cells. */
  end?: boolean;
  /** May be broken into lines; the others keep to one. */
  long?: boolean;
  /** For buttons: nothing to sort, find or export. */
  only?: "screen";
}

interface Props<Row> {
  /** Read to screen readers; shown when it is not the section's heading already. */
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  name: (row: Row) => string;
  /** What stands there when there are no rows at all. */
  empty: string;
  /** The exported file's name, without its ending. */
  file?: string;
  order?: Order | null;
  /** Stands before the filter: more to choose from. */
  tools?: ReactNode;
  /** There are more than these rows: what is found and exported is of those that are here. */
  partial?: boolean;
  /** Whether one can search in it; small tables need no tools. */
  plain?: boolean;
}

/** Rows that one can sort, filter and take away as CSV; on a phone each row is a card. */
export function Table<Row>(props: Props<Row>) {
  const { caption, columns, rows, name, empty, file, tools, partial = false, plain = false } = props;
  const { words, language } = useWords();
  const [order, setOrder] = useState<Order | null>(props.order ?? null);
  const [wanted, setWanted] = useState("");
  const id = useId();
  const data = useMemo(() => columns.filter(({ only }) => !only), [columns]);
  const found = useMemo(
    () => sorted(filtered(rows, data, wanted), data, order, language),
    [rows, data, wanted, order, language],
  );
  const count = wanted ? words.table.found(found.length, rows.length) : words.table.rows(rows.length);

  return (
    <div className="rows">
      {!plain && (
        <div className="rows-tools">
          {tools}
          <input
            type="search"
            aria-label={words.table.filter(caption)}
            placeholder={words.table.filterShort}
            value={wanted}
            onChange={(event) => setWanted(event.target.value)}
          />
          <PhoneOrder columns={data} order={order} onOrder={setOrder} />
          <span role="status" className="quiet">
            {partial ? words.table.soFar(count) : count}
          </span>
          {file && (
            <button type="button" className="button" disabled={!found.length} onClick={() => save(`${file}.csv`, csv(found, data))}>
              {words.table.export}
            </button>
          )}
        </div>
      )}
      {rows.length === 0 && <p className="rows-frame empty">{empty}</p>}
      {/* Wide tables scroll inside themselves, by keyboard too. */}
      <div className="rows-frame" hidden={rows.length === 0} role="region" aria-labelledby={id} tabIndex={0}>
        {/* The roles are said because the phone's layout takes them away. */}
        <table role="table">
          <caption id={id} className="unseen">
            {caption}
          </caption>
          <thead role="rowgroup">
            <tr role="row">
              {columns.map((column) => (
                <Heading
                  key={column.key}
                  column={column}
                  order={order}
                  onTurn={plain || column.only ? null : () => setOrder(turned(order, column.key))}
                />
              ))}
            </tr>
          </thead>
          <tbody role="rowgroup">
            {found.map((row) => (
              <tr role="row" key={name(row)}>
                {columns.map((column) => (
                  <td role="cell" key={column.key} className={classes(column)} data-label={column.label}>
                    {column.cell ? column.cell(row) : String(column.value(row) ?? "")}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
        {!found.length && <p className="empty">{words.table.nothingFound}</p>}
      </div>
    </div>
  );
}

interface HeadingProps<Row> {
  column: Column<Row>;
  order: Order | null;
  onTurn: (() => void) | null;
}

function Heading<Row>({ column, order, onTurn }: HeadingProps<Row>) {
  const turned = order?.key === column.key ? (order.down ? "descending" : "ascending") : "none";
  return (
    <th role="columnheader" scope="col" className={classes(column)} aria-sort={onTurn ? turned : undefined}>
      {onTurn ? (
        <button type="button" className="sort" data-sorted={turned} onClick={onTurn}>
          {column.label}
        </button>
      ) : (
        <span className={column.only ? "unseen" : undefined}>{column.label}</span>
      )}
    </th>
  );
}

interface PhoneOrderProps<Row> {
  columns: readonly Column<Row>[];
  order: Order | null;
  onOrder: (order: Order | null) => void;
}

/** Cards have no headings to click; CSS shows this in their place. */
function PhoneOrder<Row>({ columns, order, onOrder }: PhoneOrderProps<Row>) {
  const { words } = useWords();
  const chosen = order ? `${order.key} ${order.down ? "down" : "up"}` : "";
  const choose = (value: string) => {
    const [key = "", way] = value.split(" ");
    onOrder(key ? { key, down: way === "down" } : null);
  };
  return (
    <select className="phone-only" aria-label={words.table.order} value={chosen} onChange={(event) => choose(event.target.value)}>
      <option value="">{words.table.asItCame}</option>
      {columns.flatMap(({ key, label }) => [
        <option key={`${key} up`} value={`${key} up`}>{`${label} ↑`}</option>,
        <option key={`${key} down`} value={`${key} down`}>{`${label} ↓`}</option>,
      ])}
    </select>
  );
}

function classes<Row>({ end, long, only }: Column<Row>): string | undefined {
  return [end && "end", long && "long", only && "stays"].filter(Boolean).join(" ") || undefined;
}
