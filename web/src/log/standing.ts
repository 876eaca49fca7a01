/**
 * Which exchanges of a thread are shown, and which versions there are of them.
 *
 * The rule is core/standing.py's: a turn that replaces another stands instead of it and of all that came between.
 * What was replaced remains, as an earlier version that leads to its own later turns; so a thread is a tree, and what
 * is shown is one path through it, by the newest branch unless another was chosen.
 */

import type { Version } from "./exchange.ts";

export type Placed = { readonly id: string; readonly replaces: string };
export type Shown = { ids: string[]; versions: Record<string, Version> };

/** `turns` are consecutive, oldest first. A replaced turn that is not among them is older than all of them. */
export function shown(turns: readonly Placed[], chosen: ReadonlySet<string> = new Set()): Shown {
  const { branches, root } = tree(turns);
  const ids: string[] = [];
  const versions: Record<string, Version> = {};
  let siblings = branches.get(root);
  while (siblings) {
    const id = siblings.find((turn) => chosen.has(turn)) ?? siblings.at(-1)!;
    ids.push(id);
    if (siblings.length > 1) versions[id] = { turns: siblings, at: siblings.indexOf(id) };
    siblings = branches.get(id);
  }
  return { ids, versions };
}

/** The turns that stand, oldest first. */
export function standing(turns: readonly Placed[]): string[] {
  return shown(turns).ids;
}

/** What follows directly on what, and on what the path of the newest begins. */
function tree(turns: readonly Placed[]): { branches: Map<string, string[]>; root: string } {
  const branches = new Map<string, string[]>();
  const places = new Map<string, number>();
  const parents = new Map<string, string>();
  const stand: { id: string; place: number }[] = [];
  for (const [place, { id, replaces }] of turns.entries()) {
    if (replaces) cut(stand, places.get(replaces) ?? 0);
    const parent = stand.at(-1)?.id ?? beginning(replaces, parents);
    parents.set(id, parent);
    places.set(id, place);
    branches.set(parent, [...(branches.get(parent) ?? []), id]);
    stand.push({ id, place });
  }
  return { branches, root: parents.get(stand[0]?.id ?? "") ?? "" };
}

function cut(stand: { place: number }[], from: number): void {
  while (stand.length && stand.at(-1)!.place >= from) stand.pop();
}

/** Where a turn begins that nothing stands before. A space: no turn's id has one. */
function beginning(replaces: string, parents: ReadonlyMap<string, string>): string {
  return replaces ? (parents.get(replaces) ?? ` instead of ${replaces}`) : "";
}
