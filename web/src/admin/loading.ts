/** What a page shows comes from here: loaded once, or again and again while somebody looks. */

import { useCallback, useEffect, useRef, useState } from "react";

import { asApiError } from "../wire/problem.ts";
import { deny } from "./access.ts";
import { merged } from "./merged.ts";

export interface Loaded<T> {
  /** The newest that came; it stays while a newer one is on its way. */
  value: T | null;
  /** Why the last try failed, as a sentence. */
  error: string | null;
  loading: boolean;
  again: () => void;
}

/** Loads when `key` changes and, with `every_s`, again that long after each answer, while the page is visible. */
export function useLoaded<T>(key: string, load: () => Promise<T>, every_s = 0): Loaded<T> {
  const [state, setState] = useState<Omit<Loaded<T>, "again">>({ value: null, error: null, loading: true });
  const [asked, setAsked] = useState(0);
  const newest = useRef(load);
  newest.current = load;

  useEffect(() => {
    let over = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async () => {
      clearTimeout(timer);
      setState((before) => ({ ...before, loading: true }));
      try {
        const value = await newest.current();
        if (!over) setState({ value, error: null, loading: false });
      } catch (error) {
        if (over) return;
        const { status, message } = asApiError(error);
        if (status === 401 || status === 403) deny(status);
        setState((before) => ({ ...before, error: message, loading: false }));
      }
      clearTimeout(timer);
      if (every_s && !over && !document.hidden) timer = setTimeout(look, every_s * 1000);
    };
    const seen = () => void (every_s && !document.hidden && look());
    document.addEventListener("visibilitychange", seen);
    void look();
    return () => {
      over = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [key, every_s, asked]);

  const again = useCallback(() => setAsked((times) => times + 1), []);
  return { ...state, again };
}

export interface Listed<Row> {
  rows: readonly Row[];
  more: boolean;
  error: string | null;
  /** Nothing has come yet. */
  first: boolean;
  loading: boolean;
  loadMore: () => void;
  again: () => void;
}

interface Part<Row> {
  rows: readonly Row[];
  more: string | null;
}

const PAGE = 50;
// The most that the server gives at once.
const MOST = 200;

/** A list that is read on backwards, and whose newest part may be kept fresh. */
export function useListed<Row>(
  key: string,
  load: (before: string, limit: number) => Promise<Part<Row>>,
  name: (row: Row) => string,
  every_s = 0,
): Listed<Row> {
  const kept = useRef<Part<Row> & { key: string }>({ key, rows: [], more: null });
  const [failed, setFailed] = useState<string | null>(null);
  const [fetching, setFetching] = useState(false);

  // An answer to what was asked before must not replace what is asked now.
  const wanted = useRef(key);
  wanted.current = key;

  const known = () => (kept.current.key === key ? kept.current.rows : []);
  const { value, error, loading, again } = useLoaded(
    key,
    async () => {
      const fresh = await load("", Math.min(MOST, Math.max(PAGE, known().length)));
      if (wanted.current !== key) return fresh;
      const rows = merged(known(), fresh.rows, name);
      kept.current = { key, rows, more: rows.length > fresh.rows.length ? kept.current.more : fresh.more };
      return fresh;
    },
    every_s,
  );

  const loadMore = async () => {
    const { more } = kept.current;
    if (more === null || fetching || kept.current.key !== key) return;
    setFetching(true);
    try {
      const next = await load(more, PAGE);
      if (kept.current.key !== key) return;
      const names = new Set(known().map(name));
      kept.current = { key, rows: [...known(), ...next.rows.filter((row) => !names.has(name(row)))], more: next.more };
      setFailed(null);
    } catch (problem) {
      setFailed(asApiError(problem).message);
    } finally {
      // Draws what `kept` now has, too.
      setFetching(false);
    }
  };

  const { rows, more } = kept.current;
  return { rows, more: more !== null, error: failed ?? error, first: value === null, loading, loadMore, again };
}
