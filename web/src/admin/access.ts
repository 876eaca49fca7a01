/** What keeps somebody out, known to all pages at once: not signed in (401), or not an owner (403). */

import { useSyncExternalStore } from "react";

export type Denied = 401 | 403 | null;

let denied: Denied = null;
const listeners = new Set<() => void>();

export function deny(status: Denied): void {
  denied = status;
  for (const changed of listeners) changed();
}

export function useDenied(): Denied {
  return useSyncExternalStore(listen, () => denied);
}

function listen(changed: () => void): () => void {
  listeners.add(changed);
  return () => listeners.delete(changed);
}
