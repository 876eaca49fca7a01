/** What the button and the chat in its frame say to each other; nothing of what people write. */
export const OPENED = "penstock:opened";
export const CLOSE = "penstock:close";
export const HELLO = "penstock:hello";

export type Message = { type: typeof OPENED | typeof CLOSE | typeof HELLO };
