import type { AnchorHTMLAttributes, MouseEvent } from "react";

import { root } from "../root.ts";
import { go } from "./router.ts";

type Props = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "href"> & { to: string };

/** A link to another of our pages: without loading anew, but a new tab or a middle click are the browser's. */
export function Link({ to, ...others }: Props) {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
  };
  return <a {...others} href={root + to} onClick={follow} />;
}
