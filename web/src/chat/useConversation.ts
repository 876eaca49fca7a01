/** The conversation that an address shows; one that has not begun has a name already, but no address. */

import { useEffect, useMemo, useState } from "react";
import { inThisTab } from "../kept.ts";
import { Conversation, type Wire } from "../store/index.ts";
import { addressOf, go, newName, type Route } from "./route.ts";

// A reload of the frame goes on with the same conversation, and nothing but its name is kept for that.
const EMBEDDED = "penstock.embedded";

type Draft = { name: string; asked: boolean };
type Shown = { conversation: Conversation; isNew: boolean; asked: () => void; startAnew: () => void };

export function useConversation(wire: Wire, route: Route): Shown {
  const isEmbedded = route.page === "embed";
  const [draft, setDraft] = useState<Draft>(() => (isEmbedded && keptName()) || fresh());
  // Back to the first page: what was begun there has an address of its own now.
  if (route.page === "new" && draft.asked) setDraft(fresh());
  const thread = route.page === "thread" ? route.thread : draft.name;
  const isNew = thread === draft.name && !draft.asked;
  // `isNew` says how it is opened; when it begins, it stays the same one.
  const conversation = useMemo(() => new Conversation(wire, thread, { isNew }), [wire, thread]);
  useEffect(() => () => conversation.close(), [conversation]);
  return {
    conversation,
    isNew,
    asked: () => {
      setDraft({ name: thread, asked: true });
      if (isEmbedded) inThisTab.set(EMBEDDED, thread);
      else go(addressOf(thread), { instead: true });
    },
    startAnew: () => {
      if (isEmbedded) inThisTab.set(EMBEDDED, null);
      setDraft((before) => (before.asked ? fresh() : before));
    },
  };
}

const fresh = (): Draft => ({ name: newName(), asked: false });

function keptName(): Draft | null {
  const name = inThisTab.get(EMBEDDED);
  return name ? { name, asked: true } : null;
}
