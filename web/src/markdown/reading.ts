/** For tests: Markdown as a reader sees it. */

import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { Markdown } from "./Markdown.tsx";

export function page(text: string, growing = false): HTMLElement {
  const shown = document.createElement("div");
  shown.innerHTML = renderToStaticMarkup(createElement(Markdown, { text, growing }));
  for (const caption of shown.querySelectorAll("figcaption")) caption.remove();
  return shown;
}

/** The words and signs, without the spaces between them. */
export const words = (text: string, growing = false): string => page(text, growing).textContent!.replace(/\s/g, "");
