/** Where a link of a model's may lead: the web and the mail, nothing that runs or reads. */

const SCHEMES = new Set(["http:", "https:", "mailto:"]);

/** The address to put into `href`, or null when the link is shown as its text alone. */
export function safeAddress(written: string): string | null {
  try {
    const url = new URL(decodeEntities(written).trim());
    return SCHEMES.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

// Those that models write. Others stay as written, which is harmless: they are shown, not interpreted.
const NAMED: Record<string, string> = {
  amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0", copy: "©", reg: "®", trade: "™", hellip: "…",
  mdash: "—", ndash: "–", lsquo: "‘", rsquo: "’", ldquo: "“", rdquo: "”", bull: "•", middot: "·", times: "×",
  deg: "°", plusmn: "±", le: "≤", ge: "≥", ne: "≠", rarr: "→", larr: "←", euro: "€", pound: "£", yen: "¥",
};

export const ENTITY_NAMES: readonly string[] = Object.keys(NAMED);

export function decodeEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|(\w{2,8}));/g, (whole, decimal, hex, name) => {
    if (name) return Object.hasOwn(NAMED, name) ? NAMED[name]! : whole;
    const code = decimal ? Number(decimal) : parseInt(hex, 16);
    return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000) ? String.fromCodePoint(code) : "\ufffd";
  });
}
