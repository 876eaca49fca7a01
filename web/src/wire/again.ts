/** Does something until the server has answered, however often the network fails in between. */

import { backoffMs } from "./backoff.ts";
import { asApiError } from "./problem.ts";
import type { Cancel, World } from "./world.ts";

/** `onChance` calls back when it might work now. */
export type Chances = { onChance: (listener: () => void) => Cancel };

/** `over` ends it: the promise is then never kept, and nobody must wait for it. */
export async function again<T>(
  world: Pick<World, "after" | "random">,
  chances: Chances,
  over: AbortSignal,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let failures = 0; ; failures += 1) {
    try {
      const found = await attempt();
      if (!over.aborted) return found;
    } catch (thrown) {
      const error = asApiError(thrown);
      const signedOut = error.code === "not_signed_in";
      if (!over.aborted && !error.passing && !signedOut) throw error;
      const ms = Math.max(error.retryAfterS * 1_000, backoffMs(failures, world.random()));
      // Signed out, it is for the person to go on, and no use to ask again before.
      if (!over.aborted) await pause(world, chances, over, signedOut ? null : ms);
    }
    if (over.aborted) return new Promise<T>(() => {});
  }
}

function pause(
  world: Pick<World, "after">,
  chances: Chances,
  over: AbortSignal,
  ms: number | null,
): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      cancels.forEach((cancel) => cancel());
      over.removeEventListener("abort", end);
      resolve();
    };
    const cancels = [chances.onChance(end), ...(ms === null ? [] : [world.after(ms, end)])];
    over.addEventListener("abort", end);
  });
}
