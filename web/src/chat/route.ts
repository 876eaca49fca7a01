/** Which page an address is, and going to another without loading it. */

import { useSyncExternalStore } from "react";
import { root } from "../root.ts";

export type Route =
  | { page: "new" }
  | { page: "thread"; thread: string }
  | { page: "shared"; token: string }
  | { page: "embed" };

export function routeOf(path: string, mountedAt: string = root): Route {
  const [kind = "", name = ""] = path.slice(mountedAt.length).split("/").filter(Boolean).map(decoded);
  if (kind === "c" && name) return { page: "thread", thread: name };
  if (kind === "s" && name) return { page: "shared", token: name };
  return kind === "embed" ? { page: "embed" } : { page: "new" };
}

export const addressOf = (thread: string): string => `${root}/c/${encodeURIComponent(thread)}`;
export const home: string = `${root}/`;

const listeners = new Set<() => void>();

/** `instead` takes the place of the present address, so that Back leads past it. */
export function go(address: string, { instead = false } = {}): void {
  if (instead) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  for (const listener of listeners) listener();
}

export const usePath = (): string => useSyncExternalStore(subscribe, () => location.pathname);

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    removeEventListener("popstate", listener);
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}

/** A name for a new thread. randomUUID is there on HTTPS and localhost only. */
export function newName(): string {
  if ("randomUUID" in crypto) return crypto.randomUUID();
  return Array.from((crypto as Crypto).getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A click that the browser should handle itself: another tab, another window, a download. */
export function isForBrowser(event: React.MouseEvent): boolean {
  return event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
}
