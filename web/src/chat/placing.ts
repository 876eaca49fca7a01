/** A popover beside the button that opens it, inside the window. Anchors in CSS would do it, once every browser has them. */

import type { MouseEvent } from "react";

/** For the button's `onClick`, which runs before the browser opens its `popoverTarget`. */
export function placePopover(event: MouseEvent<HTMLButtonElement>): void {
  const card = document.getElementById(event.currentTarget.getAttribute("popovertarget") ?? "");
  if (card) place(card, event.currentTarget);
}

export function place(card: HTMLElement, button: HTMLElement): void {
  const at = button.getBoundingClientRect();
  const set = (name: string, value: number | "auto") => card.style.setProperty(name, value === "auto" ? value : `${Math.max(8, value)}px`);
  set("inset", "auto");
  if (innerHeight - at.bottom > 240) set("top", at.bottom + 4);
  else set("bottom", innerHeight - at.top + 4);
  if (at.left < innerWidth / 2) set("left", at.left);
  else set("right", innerWidth - at.right);
}
