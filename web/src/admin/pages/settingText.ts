/** A setting's value as one line of text: for the page, the filter and the file. Pure. */

export interface SettingWords {
  yes: string;
  no: string;
}

/** "" for what is empty. A list is separated by commas; a table is written as JSON. */
export function settingText(value: unknown, words: SettingWords): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "boolean") return value ? words.yes : words.no;
  if (Array.isArray(value)) return value.map((one) => settingText(one, words)).join(", ");
  if (typeof value === "object") return Object.keys(value).length ? JSON.stringify(value) : "";
  return String(value);
}
