/** One request to the server's HTTP API: JSON in, JSON out, ApiError and nothing else when it fails. */

import { browser } from "./browser.ts";
import { ApiError, problemOf, unreachable } from "./problem.ts";
import type { World } from "./world.ts";

// A network that swallows what is sent would otherwise be waited for minutes.
const PATIENCE_MS = 30_000;

export type Wish = {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** What has no value is left out. */
  query?: Readonly<Record<string, string | number | undefined>>;
  body?: unknown;
};

/** `path` begins with a slash, without the root. */
export type Ask = <T>(path: string, wish?: Wish) => Promise<T>;

export function asking(world: Pick<World, "fetch" | "after">): Ask {
  return async <T>(path: string, wish: Wish = {}): Promise<T> => {
    const gone = new AbortController();
    const cancel = world.after(PATIENCE_MS, () => gone.abort());
    try {
      const response = await world.fetch(path + queried(wish.query), requested(wish, gone.signal));
      if (!response.ok) throw await problemOf(response);
      return (response.status === 204 ? undefined : await response.json()) as T;
    } catch (thrown) {
      // fetch has one error for everything between here and there; so does a body that breaks off.
      throw thrown instanceof ApiError ? thrown : unreachable();
    } finally {
      cancel();
    }
  };
}

export const api: Ask = asking(browser);

function requested({ method = "GET", body }: Wish, signal: AbortSignal): RequestInit {
  // "same-origin" is the default of fetch, and said because the session's cookie hangs on it.
  const request: RequestInit = {
    method,
    signal,
    credentials: "same-origin",
    headers: { Accept: "application/json" },
  };
  if (body === undefined) return request;
  return {
    ...request,
    body: JSON.stringify(body),
    headers: { Accept: "application/json", "Content-Type": "application/json" },
  };
}

export function queried(query: Wish["query"] = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const words = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return given.length ? `?${words}` : "";
}
