/** The site's title and colour: what /api/page says to everybody. */

import { createContext, useContext, useEffect, useState } from "react";

import { applyAccent } from "../chat/accent.ts";
import type { Page } from "../wire/server.ts";
import { page } from "./wire.ts";

export const PageInfo = createContext<Page | null>(null);
export const usePageInfo = (): Page | null => useContext(PageInfo);

/** Null until it came; these pages do without it. */
export function usePageLoaded(): Page | null {
  const [loaded, setLoaded] = useState<Page | null>(null);
  useEffect(() => {
    page().then(setLoaded, () => undefined);
  }, []);
  useEffect(() => {
    if (loaded) applyAccent(loaded.accent, document.documentElement.style);
  }, [loaded]);
  return loaded;
}
