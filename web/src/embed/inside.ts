/**
 * The chat's side of the button: Escape that nothing else took closes the panel, and an opened panel is typed into.
 *
 * Whose page is around us the server has decided (`embed_origins`); it hears only that the chat is there and that Escape was pressed.
 */
import { CLOSE, HELLO, OPENED, type Message } from "./messages.ts";

/** Does nothing where the chat is a page of its own. */
export function inside(frame: Window, focus: () => void): void {
  if (frame.parent === frame) return;
  frame.parent.postMessage({ type: HELLO } satisfies Message, "*");
  frame.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented && !event.isComposing) {
      frame.parent.postMessage({ type: CLOSE } satisfies Message, "*");
    }
  });
  frame.addEventListener("message", ({ source, data }: MessageEvent<Message | null>) => {
    if (source === frame.parent && data?.type === OPENED) focus();
  });
}
