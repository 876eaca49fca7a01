/** What is typed and not asked yet, by thread ("" for a new conversation). It survives a reload of the tab. */

import { browser } from "../wire/browser.ts";

export const drafts = {
  get: (thread: string): string => browser.kept.get(`draft.${thread}`) ?? "",
  set: (thread: string, text: string): void => browser.kept.set(`draft.${thread}`, text || null),
};
