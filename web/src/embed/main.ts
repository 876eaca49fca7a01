/** embed.js, for other people's pages: <script src="https://ask.example.org/embed.js" defer></script> */
import { asked, put } from "./button.ts";

const script = document.currentScript;
if (script instanceof HTMLScriptElement) {
  const begin = () => put(asked(script, document.documentElement.lang || navigator.language), document);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
}
