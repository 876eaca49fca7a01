/** What a conversation shows, made of what is known of it; as little of it as possible is new. */

import type { Exchange, Version } from "../log/exchange.ts";
import { shown } from "../log/standing.ts";
import type { ConnectionState } from "../wire/connection.ts";
import { same, sameList } from "./published.ts";

export type ConversationView = {
  thread: string;
  title: string;
  /** The token under which it is shared, or null. */
  shared: string | null;
  /** Those that stand, or the chosen versions; oldest first. Key them by `questions[0].id`. */
  exchanges: readonly Exchange[];
  /** By turn, of those shown that have more than one. */
  versions: Readonly<Record<string, Version>>;
  connection: ConnectionState;
  /** It is being read for the first time. */
  loading: boolean;
  /** There is more before what is shown: `loadEarlier()`. */
  earlier: boolean;
  /** A sentence, when it could not be read. */
  error: string | null;
  errorCode: string;
};

type Versions = ConversationView["versions"];

export const NOTHING: ConversationView = {
  thread: "",
  title: "",
  shared: null,
  exchanges: [],
  versions: {},
  connection: "connecting",
  loading: true,
  earlier: false,
  error: null,
  errorCode: "",
};

/** `all`: every exchange there is, oldest first; `chosen`: turns that are to be shown where there is a choice. */
export function shownOf(
  last: ConversationView,
  all: readonly Exchange[],
  chosen: ReadonlySet<string>,
  rest: Omit<ConversationView, "exchanges" | "versions">,
): ConversationView {
  const known = new Map(all.map((exchange) => [idOf(exchange), exchange]));
  const placed = [...known].map(([id, { replaces }]) => ({ id, replaces }));
  const { ids, versions } = shown(placed, chosen);
  const exchanges = ids.map((id) => known.get(id)!);
  return same(last, {
    ...rest,
    exchanges: sameList(last.exchanges, exchanges),
    versions: sameVersions(last.versions, versions),
  });
}

/** A question that is on its way has no turn yet. */
function idOf({ answer, questions }: Exchange): string {
  return answer.turn || (questions[0]?.id ?? "");
}

function sameVersions(last: Versions, versions: Versions): Versions {
  const kept = Object.entries(versions).map(([turn, version]) => [turn, sameVersion(last[turn], version)]);
  return same(last, Object.fromEntries(kept) as Versions);
}

function sameVersion(last: Version | undefined, version: Version): Version {
  const isSame = last?.at === version.at && sameList(last.turns, version.turns) === last.turns;
  return isSame ? last : version;
}
