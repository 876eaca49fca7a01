/** The page's languages, and which one a reader sees: the one chosen, else the first of the browser's that we have. */

import { createContext, useContext } from "react";
import { inThisBrowser } from "../kept.ts";
import { en, type Words } from "./en.ts";
import { ja } from "./ja.ts";

export type { Words };

export const LANGUAGES = { en, ja } satisfies Record<string, Words>;
export type Language = keyof typeof LANGUAGES;

const KEY = "penstock.language";

export function isLanguage(name: string | null): name is Language {
  return name !== null && Object.hasOwn(LANGUAGES, name);
}

export function firstOf(wanted: readonly string[]): Language {
  return wanted.map((tag) => tag.split("-")[0]!.toLowerCase()).find(isLanguage) ?? "en";
}

export function chosenLanguage(): Language {
  const kept = inThisBrowser.get(KEY);
  return isLanguage(kept) ? kept : firstOf(navigator.languages);
}

export function keepLanguage(language: Language): void {
  inThisBrowser.set(KEY, language);
}

export const WordsContext = createContext<{ language: Language; words: Words }>({ language: "en", words: en });

export const useWords = (): Words => useContext(WordsContext).words;
export const useLanguage = (): Language => useContext(WordsContext).language;
