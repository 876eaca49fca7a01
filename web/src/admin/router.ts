/** Which page an address means, and how to go to another without loading everything anew. */

import { useSyncExternalStore } from "react";

import { root } from "../root.ts";

// --- Pure: patterns and paths ---------------------------------------------------

export type Params = Readonly<Record<string, string>>;

/** What stands for the `:names` of a pattern such as "/admin/turns/:turn"; null when the path is another. */
export function matched(pattern: string, path: string): Params | null {
  const [wanted, there] = [parts(pattern), parts(path)];
  if (wanted.length !== there.length) return null;
  const params: Record<string, string> = {};
  for (const [at, part] of wanted.entries()) {
    const value = decoded(there[at] ?? "");
    if (part.startsWith(":")) params[part.slice(1)] = value;
    else if (part !== value) return null;
  }
  return params;
}

/** "/admin/turns" and what the page is to show: `{state: "failed"}`; what is empty is left out. */
export function address(path: string, query: Readonly<Record<string, string>> = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== "");
  return given.length ? `${path}?${new URLSearchParams(given)}` : path;
}

/** The address of a page about one thing, whatever is in the thing's name. */
export const under = (path: string, name: string) => `${path}/${encodeURIComponent(name)}`;

function parts(path: string): string[] {
  return path.split("/").filter(Boolean);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

// --- The browser's address bar ----------------------------------------------------

const MOVED = "penstock:moved";

/** The path behind our root, and the query, as one text, so that it is compared by value. */
function here(): string {
  return location.pathname.slice(root.length) + location.search;
}

function listen(changed: () => void): () => void {
  addEventListener("popstate", changed);
  addEventListener(MOVED, changed);
  return () => {
    removeEventListener("popstate", changed);
    removeEventListener(MOVED, changed);
  };
}

export function useAddress(): { path: string; query: URLSearchParams } {
  const [path = "", search = ""] = useSyncExternalStore(listen, here).split("?");
  return { path, query: new URLSearchParams(search) };
}

/** `replace`: "back" does not come here again, as when only a filter changed. */
export function go(to: string, { replace = false } = {}): void {
  history[replace ? "replaceState" : "pushState"](null, "", root + to);
  dispatchEvent(new Event(MOVED));
  if (!replace) scrollTo(0, 0);
}
