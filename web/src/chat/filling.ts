/** Text put into the place to ask from elsewhere on the page: a suggestion, a question that was refused. */

type Filler = (text: string) => void;
let filler: Filler | null = null;

export function onFill(fill: Filler): () => void {
  filler = fill;
  return () => {
    if (filler === fill) filler = null;
  };
}

export const fillComposer: Filler = (text) => filler?.(text);
