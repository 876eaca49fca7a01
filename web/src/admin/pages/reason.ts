import type { Moment } from "../wire.ts";

/** Why an answer failed, as the server's log says it; "" of one that did not, and of old ones. Pure. */
export function reasonOf(moments: readonly Moment[]): string {
  const noted = moments.findLast(({ kind, what }) => kind === "noted" && what === "failed");
  return String(noted?.detail["reason"] ?? "");
}
