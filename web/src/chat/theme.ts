/** Light, dark, or as the system has it: the reader's choice, kept in this browser. */

import { inThisBrowser } from "../kept.ts";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEY = "penstock.theme";

export function chosenTheme(): Theme {
  const kept = inThisBrowser.get(KEY);
  return THEMES.find((theme) => theme === kept) ?? "system";
}

export function applyTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

export function keepTheme(theme: Theme): void {
  inThisBrowser.set(KEY, theme);
  applyTheme(theme);
}
