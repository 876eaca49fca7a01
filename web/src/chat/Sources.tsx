/** The passages an answer rests on: numbered under it, and their text when one is pressed. */

import type { Source } from "../store/index.ts";
import { Markdown } from "../markdown/index.ts";
import { useWords } from "../words/index.ts";
import { Dialog } from "./Dialog.tsx";

export function SourceList({ sources, onOpen }: { sources: readonly Source[]; onOpen: (number: number) => void }) {
  const words = useWords();
  return (
    <section className="sources" aria-label={words.answer.sources}>
      <h3>{words.answer.sources}</h3>
      <ol>
        {sources.map((source) => (
          <li key={source.number}>
            <button type="button" onClick={() => onOpen(source.number)} aria-haspopup="dialog">
              <span className="number">{source.number}</span>
              <span className="name" dir="auto">
                {source.source}
                {source.heading && <span className="heading"> {source.heading}</span>}
              </span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}

export function SourceDialog({ source, onClose }: { source: Source; onClose: () => void }) {
  const words = useWords();
  return (
    <Dialog title={words.answer.sourceNumber(source.number)} className="sheet" onClose={onClose}>
      <p className="source-name" dir="auto">{source.source}</p>
      {source.heading && <p className="source-heading" dir="auto">{source.heading}</p>}
      <blockquote className="source-text" tabIndex={0}>
        <Markdown text={source.text} />
      </blockquote>
    </Dialog>
  );
}
