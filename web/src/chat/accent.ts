/** The one colour of a site's own: readable as it is set, whatever was chosen. */

type Rgb = readonly [number, number, number];

const LIGHT: Rgb = [255, 255, 255];
const DARK: Rgb = [24, 24, 27];
/** WCAG 2.2, 1.4.3: text against what lies behind it. */
const ENOUGH = 4.5;

/** What stands on the colour, and the colour as text on a light and on a dark page. Null for what is no "#rrggbb". */
export function shades(accent: string): { accent: string; on: string; inLight: string; inDark: string } | null {
  const rgb = parsed(accent);
  if (!rgb) return null;
  const on: Rgb = contrast(rgb, LIGHT) >= contrast(rgb, [0, 0, 0]) ? LIGHT : [0, 0, 0];
  return { accent: hex(rgb), on: hex(on), inLight: hex(towards(rgb, [0, 0, 0], LIGHT)), inDark: hex(towards(rgb, LIGHT, DARK)) };
}

export function applyAccent(accent: string, style: CSSStyleDeclaration): void {
  const found = shades(accent);
  if (!found) return;
  style.setProperty("--accent", found.accent);
  style.setProperty("--on-accent", found.on);
  style.setProperty("--accent-in-light", found.inLight);
  style.setProperty("--accent-in-dark", found.inDark);
}

export function contrast(one: Rgb, other: Rgb): number {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (lighter + 0.05) / (darker + 0.05);
}

export function parsed(text: string): Rgb | null {
  const short = /^#([\da-f])([\da-f])([\da-f])$/i.exec(text.trim());
  const match = short ?? /^#([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(text.trim());
  if (!match) return null;
  const [red, green, blue] = match.slice(1).map((digits) => parseInt(short ? digits + digits : digits, 16)) as [number, number, number];
  return [red, green, blue];
}

/** Mixed with `end` until it can be read on `page`. */
function towards(rgb: Rgb, end: Rgb, page: Rgb): Rgb {
  for (let share = 0; share <= 1; share += 0.02) {
    const mixed = rgb.map((part, at) => Math.round(part + (end[at]! - part) * share)) as unknown as Rgb;
    if (contrast(mixed, page) >= ENOUGH) return mixed;
  }
  return end;
}

function luminance(rgb: Rgb): number {
  const [red, green, blue] = rgb.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

const hex = (rgb: Rgb): string => `#${rgb.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
