/** The keys that do something anywhere on the page. */

export type Shortcut = "newChat" | "search" | "focus" | "list" | "help" | "stop";

type Pressed = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey" | "isComposing">;

/** `isTyping`: a field has the focus, so that plain signs belong to it. */
export function shortcutOf(event: Pressed, isTyping: boolean): Shortcut | null {
  if (event.isComposing || event.altKey) return null;
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (event.shiftKey) return key === "o" ? "newChat" : null;
    return ({ k: "search", b: "list", "/": "help" } as const)[key] ?? null;
  }
  if (key === "escape") return event.shiftKey ? "focus" : "stop";
  if (isTyping) return null;
  return ({ "/": "focus", "?": "help" } as const)[key] ?? null;
}

export function isTypingIn(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");
}

const COMMAND = /Mac|iP(hone|ad)/.test(globalThis.navigator?.platform ?? "") ? "⌘" : "Ctrl";

/** For the list of shortcuts. */
export const KEYS: Record<Shortcut | "send" | "lineBreak", string[]> = {
  newChat: [COMMAND, "Shift", "O"],
  search: [COMMAND, "K"],
  focus: ["Shift", "Esc"],
  send: ["Enter"],
  lineBreak: ["Shift", "Enter"],
  stop: ["Esc"],
  list: [COMMAND, "B"],
  help: [COMMAND, "/"],
};
