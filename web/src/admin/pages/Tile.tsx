import type { ReactNode } from "react";

import { whole } from "../numbers.ts";
import { useWords } from "../words.ts";

interface TileProps {
  name: string;
  value: number | string | undefined;
  live?: boolean;
  bad?: boolean;
  children?: ReactNode;
}

/** One number, with what it counts. */
export function Tile({ name, value, live, bad, children }: TileProps) {
  const { words, language } = useWords();
  const shown = typeof value === "number" ? whole(value, language) : (value ?? words.none);
  return (
    <dl className="tile panel" data-live={live && Boolean(value)} data-bad={bad}>
      <dt>{name}</dt>
      <dd>{shown}</dd>
      {children && <dd className="quiet">{children}</dd>}
    </dl>
  );
}
