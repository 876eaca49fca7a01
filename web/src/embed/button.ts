/**
 * The button for other people's pages.
 *
 * It stands in a shadow tree of its own, with constructed style sheets, so that neither the page's CSS nor a
 * Content-Security-Policy without 'unsafe-inline' matters. docs/page.md lists its attributes.
 */
import { CLOSE, HELLO, OPENED, type Message } from "./messages.ts";
import { readableOn, style } from "./style.ts";

type Words = { label: string; close: string; absent: string; tab: string };
type Asked = Words & { root: string; accent: string; atStart: boolean };

const words: Record<string, Words> = {
  en: { label: "Ask", close: "Close", absent: "The chat does not show here.", tab: "Open it in a new tab" },
  ja: { label: "質問する", close: "閉じる", absent: "ここにはチャットを表示できません。", tab: "新しいタブで開く" },
};

/** What the script's tag says. Its own address tells where the server is. */
export function asked(script: HTMLScriptElement, lang: string): Asked {
  const said = words[lang.slice(0, 2).toLowerCase()] ?? words["en"]!;
  const { label = said.label, closeLabel: close = said.close, accent = "#2f6f5e", side } = script.dataset;
  return { ...said, root: new URL(".", script.src).href, label, close, accent, atStart: side === "start" };
}

/** Puts the button at the end of the page; once for each server. */
export function put(asked: Asked, page: Document): void {
  const there = [...page.querySelectorAll<HTMLElement>("[data-penstock]")];
  if (there.some((host) => host.dataset["penstock"] === asked.root)) return;
  const parts = made(asked, page);
  wire(parts, asked.root, page.defaultView ?? window);
  page.body.append(parts.host);
}

type Parts = { host: HTMLElement; button: HTMLElement; dialog: HTMLDialogElement; cross: HTMLElement; absent: HTMLElement; frame: HTMLIFrameElement };

function made({ root, label, close, absent: sentence, tab, accent, atStart }: Asked, page: Document): Parts {
  const host = element(page, "div", { "data-penstock": root });
  const button = element(page, "button", { type: "button", class: "open", "aria-haspopup": "dialog", "aria-expanded": "false" });
  const dialog = element(page, "dialog", { "aria-label": label });
  const bar = element(page, "header", {});
  const title = element(page, "span", {});
  const cross = element(page, "button", { type: "button", class: "close", "aria-label": close, title: close });
  const absent = element(page, "p", { role: "status" });
  const link = element(page, "a", { href: root, target: "_blank", rel: "noopener" });
  const frame = element(page, "iframe", { title: label, allow: "clipboard-write" });
  const shadow = host.attachShadow({ mode: "open" });

  button.textContent = title.textContent = label;
  cross.textContent = "✕";
  link.textContent = tab;
  absent.append(`${sentence} `, link);
  absent.hidden = true;
  for (const coloured of [button, bar]) {
    coloured.style.setProperty("--accent", accent);
    coloured.style.setProperty("--on-accent", readableOn(accent));
  }
  for (const placed of [button, dialog]) placed.classList.toggle("at-start", atStart);
  bar.append(title, cross);
  dialog.append(bar, absent, frame);
  shadow.append(button, dialog);
  shadow.adoptedStyleSheets = [style(page)];
  return { host, button, dialog, cross, absent, frame };
}

function wire({ button, dialog, cross, absent, frame }: Parts, root: string, window: Window): void {
  const tell = () => {
    frame.contentWindow?.postMessage({ type: OPENED } satisfies Message, new URL(root).origin);
  };
  const open = () => {
    // Where the panel fills the screen, what is behind it is out of reach for everybody.
    if (window.matchMedia(FULL_SCREEN).matches) dialog.showModal();
    else dialog.show();
    button.setAttribute("aria-expanded", "true");
    frame.focus();
    // Loaded only now, so that a page costs nothing to who never asks. Kept after closing: an answer goes on.
    if (frame.src) tell();
    else {
      awaitHello(frame, absent, window);
      frame.src = `${root}embed`;
    }
  };

  button.addEventListener("click", () => (dialog.open ? dialog.close() : open()));
  cross.addEventListener("click", () => dialog.close());
  frame.addEventListener("load", () => frame.matches(":focus") && tell());
  dialog.addEventListener("keydown", (event) => event.key === "Escape" && dialog.close());
  dialog.addEventListener("close", () => {
    button.setAttribute("aria-expanded", "false");
    button.focus();
  });
  // Keys that are pressed in the frame are heard there only.
  window.addEventListener("message", ({ source, data }: MessageEvent<Message | null>) => {
    if (source === frame.contentWindow && data?.type === CLOSE) dialog.close();
  });
}

/** A browser tells nobody that a frame was refused, so a chat that says nothing for a while is taken for one. */
export function awaitHello(frame: HTMLIFrameElement, absent: HTMLElement, window: Window): void {
  const late = window.setTimeout(() => {
    absent.hidden = false;
    console.warn("Penstock: the chat does not show. Do its settings name this page's origin in embed_origins?");
  }, PATIENCE_MS);
  window.addEventListener("message", ({ source, data }: MessageEvent<Message | null>) => {
    if (source !== frame.contentWindow || data?.type !== HELLO) return;
    window.clearTimeout(late);
    absent.hidden = true;
  });
}

const PATIENCE_MS = 5_000;
const FULL_SCREEN = "(max-width: 32em), (max-height: 30em)";

function element<K extends keyof HTMLElementTagNameMap>(page: Document, tag: K, attributes: Record<string, string>) {
  const one = page.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value);
  return one;
}
