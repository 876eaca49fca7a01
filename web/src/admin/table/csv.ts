/** Rows as a file for a spreadsheet: RFC 4180, and nothing in it that a spreadsheet would run.
 *
 * https://www.rfc-editor.org/rfc/rfc4180 and https://owasp.org/www-community/attacks/CSV_Injection
 */

import type { Column, Value } from "./rows.ts";

// Spreadsheets trim before they look, and know the full-width signs too.
const FORMULA = /^\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|^[\t\r\n]/;

/** The first line has the columns' names; every line ends in CRLF. */
export function csv<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const lines = [columns.map(({ label }) => label), ...rows.map((row) => columns.map(({ value }) => value(row)))];
  return lines.map((line) => line.map(field).join(",") + "\r\n").join("");
}

/** A number stays one, also below zero; text that would be a formula gets an apostrophe before it. */
export function field(value: Value): string {
  if (value === null) return "";
  if (typeof value !== "string") return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Handed to the browser as a file. The mark at its start tells Excel that it is UTF-8. */
export function save(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob(["\uFEFF", text], { type: "text/csv;charset=utf-8" }));
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  link.click();
  URL.revokeObjectURL(address);
}
