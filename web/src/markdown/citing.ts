/** Which numbers in brackets are footnotes, and what happens when one is pressed. */

import { createContext } from "react";

export type Citing = {
  known: ReadonlySet<number>;
  label: (number: number) => string;
  open: (number: number, button: HTMLElement) => void;
};

export const CitingContext = createContext<Citing | null>(null);
