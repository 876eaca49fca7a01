import "../../look/markdown.css";

import { useId, useLayoutEffect, useRef, useState } from "react";

import { Markdown } from "../../markdown/index.ts";
import { useWords } from "../words.ts";

interface Props {
  text: string;
  /** About how many lines are seen of a long one. */
  lines?: 6 | 30;
}

/** Words of models and documents, as their readers see them; of long ones the beginning, until somebody wants all. */
export function Folded({ text, lines = 30 }: Props) {
  const { words } = useWords();
  const [open, setOpen] = useState(false);
  const [long, setLong] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const id = useId();

  useLayoutEffect(() => {
    const measured = box.current;
    if (!measured || open || typeof ResizeObserver === "undefined") return;
    const observer = new ResizeObserver(() => setLong(measured.scrollHeight > measured.clientHeight + 1));
    observer.observe(measured);
    return () => observer.disconnect();
  }, [open, text]);

  return (
    <>
      <div id={id} ref={box} className="folded" data-lines={open ? undefined : lines} data-long={long && !open}>
        <Markdown text={text} />
      </div>
      {long && (
        <button type="button" className="button small" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
          {open ? words.fold : words.unfold}
        </button>
      )}
    </>
  );
}
