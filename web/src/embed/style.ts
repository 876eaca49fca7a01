/** How the button and its panel look. In em, because a page's rem is the page's own. */
const CSS = `
:host { all: initial !important; display: contents !important; color-scheme: light dark; }
* { box-sizing: border-box; }
button { font: inherit; cursor: pointer; border: 1px solid transparent; }
button:focus-visible { outline: 3px solid CanvasText; outline-offset: 2px; }
.open, dialog {
  position: fixed; z-index: 2147483000; inset: auto; inset-inline-end: max(1em, env(safe-area-inset-right));
  font: medium/1.4 system-ui, sans-serif;
}
.at-start { inset-inline: max(1em, env(safe-area-inset-left)) auto; }
.open {
  inset-block-end: max(1em, env(safe-area-inset-bottom)); min-block-size: 3em; padding: .5em 1.25em;
  border-radius: 1.5em; background: var(--accent); color: var(--on-accent); font-weight: 600;
  box-shadow: 0 2px 10px rgb(0 0 0 / .3);
}
dialog {
  inset-block-end: 5em; inline-size: min(27em, 100vw - 2em); block-size: min(44em, 100dvh - 7em);
  max-inline-size: none; max-block-size: none; margin: 0; padding: 0; overflow: hidden;
  border: 1px solid GrayText; border-radius: .75em; background: Canvas; color: CanvasText;
  box-shadow: 0 8px 40px rgb(0 0 0 / .35);
}
dialog[open] { display: grid; grid-template-rows: auto auto minmax(0, 1fr); }
header {
  display: flex; align-items: center; justify-content: space-between; padding-inline-start: 1em;
  background: var(--accent); color: var(--on-accent); font-weight: 600;
}
header span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.close { flex: none; inline-size: 2.75em; block-size: 2.75em; background: none; color: inherit; }
.close:focus-visible { outline-color: currentColor; outline-offset: -4px; }
p { margin: 0; padding: 1em; }
p a { color: inherit; }
iframe { grid-row: 3; display: block; inline-size: 100%; block-size: 100%; border: 0; }
@media (max-width: 32em), (max-height: 30em) {
  dialog { inset: 0; inline-size: 100%; block-size: 100dvh; border: 0; border-radius: 0; }
}
@media (prefers-reduced-motion: no-preference) {
  dialog[open] { animation: rise .15s ease-out; }
  @keyframes rise { from { opacity: 0; transform: translateY(.75em); } }
}
@media print { :host { display: none !important; } }
`;

export function style(page: Document): CSSStyleSheet {
  const sheet = new (page.defaultView ?? window).CSSStyleSheet();
  sheet.replaceSync(CSS);
  return sheet;
}

/** Black or white, whichever can be read on #rrggbb. https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
export function readableOn(colour: string): string {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0);
  // Where the contrast with both is the same.
  return luminance > 0.179 ? "#000" : "#fff";
}
