/** The owner's view in the reader's language: the one that the chat is in. */

import { createContext, useContext } from "react";

import { type AdminWords, adminEn } from "../words/admin-en.ts";
import { adminJa } from "../words/admin-ja.ts";
import type { Language } from "../words/index.ts";

/** A language of the chat is one of the owner's view too. */
export const ADMIN_WORDS: Readonly<Record<Language, AdminWords>> = { en: adminEn, ja: adminJa };

export interface Spoken {
  words: AdminWords;
  /** For dates and numbers: a BCP 47 tag with the reader's region, where the browser knows it. */
  language: string;
  name: Language;
  choose: (name: Language) => void;
}

export const AdminWordsContext = createContext<Spoken>({ words: adminEn, language: "en", name: "en", choose: () => undefined });

export const useWords = (): Spoken => useContext(AdminWordsContext);

/** "en-GB" for "en", when the browser says so. */
export function regional(name: Language, wanted: readonly string[]): string {
  return wanted.find((tag) => tag.toLowerCase().split("-")[0] === name) ?? name;
}
