import { useEffect, useRef, useState } from "react";

import { type ThreadRow, threads } from "../wire.ts";

const MOST = 200;

/** The titles of these turns' threads, by key: a list of turns does not bring them.
 *
 * One request has those of the newest threads, which are the newest turns'; it is made again when a thread is new.
 */
export function useTitles(turns: readonly { key: string }[]): ReadonlyMap<string, string> {
  const [titles, setTitles] = useState<ReadonlyMap<string, string>>(new Map());
  const sought = useRef(new Set<string>());
  const unknown = turns.filter(({ key }) => !sought.current.has(key)).map(({ key }) => key);
  const wanted = unknown.join("\n");

  useEffect(() => {
    if (!wanted) return;
    // Those that are older are not sought again and again.
    for (const key of wanted.split("\n")) sought.current.add(key);
    const add = (rows: readonly ThreadRow[]) =>
      setTitles((known) => new Map([...known, ...rows.map(({ key, title }) => [key, title] as const)]));
    // Without titles the list shows the threads' names.
    threads({ words: "", before: "", limit: MOST }).then(({ threads }) => add(threads), () => undefined);
  }, [wanted]);
  return titles;
}
