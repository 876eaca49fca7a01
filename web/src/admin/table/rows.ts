/** What a table does with its rows, without a table: filter, sort, turn the order. */

export type Value = string | number | boolean | null;

/** What pure code must know of a column. `value` is what is sorted and exported; `text` what is found. */
export interface Column<Row> {
  key: string;
  label: string;
  value: (row: Row) => Value;
  text?: (row: Row) => string;
}

export type Order = { key: string; down: boolean };

/** The rows in which every one of the words is found somewhere, whatever the case. */
export function filtered<Row>(rows: readonly Row[], columns: readonly Column<Row>[], words: string): readonly Row[] {
  const wanted = folded(words).split(/\s+/).filter(Boolean);
  if (!wanted.length) return rows;
  return rows.filter((row) => {
    const texts = columns.map((column) => folded(textOf(column, row))).join("\n");
    return wanted.every((word) => texts.includes(word));
  });
}

/** A new array. Equal rows keep their order; what has no value stands last, whichever way. */
export function sorted<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  order: Order | null,
  language = "en",
): readonly Row[] {
  const column = columns.find(({ key }) => key === order?.key);
  if (!order || !column) return rows;
  const collator = new Intl.Collator(language, { numeric: true, sensitivity: "base" });
  return [...rows].sort((a, b) => {
    const [left, right] = [column.value(a), column.value(b)];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    return (order.down ? -1 : 1) * compared(left, right, collator);
  });
}

/** A click on a heading: up, down, and then as the rows came. */
export function turned(order: Order | null, key: string): Order | null {
  if (order?.key !== key) return { key, down: false };
  return order.down ? null : { key, down: true };
}

function compared(left: Value, right: Value, collator: Intl.Collator): number {
  if (typeof left === "string" || typeof right === "string") return collator.compare(String(left), String(right));
  return Number(left) - Number(right);
}

function textOf<Row>(column: Column<Row>, row: Row): string {
  const value = column.value(row);
  const shown = column.text?.(row);
  return [shown, value === null ? "" : String(value)].filter(Boolean).join(" ");
}

/** Full-width letters are found by plain ones, as people type them. */
function folded(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}
