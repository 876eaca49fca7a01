import { browser } from "../wire/browser.ts";
import { server } from "../wire/wire.ts";
import { SharedConversation } from "./shared.ts";

/** For the page of a link. */
export function openShared(token: string): SharedConversation {
  return new SharedConversation(
    browser,
    () => server.shared(token),
    () => document.visibilityState === "visible",
  );
}
