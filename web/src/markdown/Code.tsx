/** A block of code: its language, a copy button, colours when they have come. */

import { useEffect, useMemo, useState, type ReactNode } from "react";
import { useWords } from "../words/index.ts";
import { isClosed, settledCode } from "./growing.ts";
import type { Tokens } from "./lexer.ts";

type Colour = (code: string, language: string) => ReactNode;

/** Colouring costs about a millisecond for 1,000 characters: while the code grows, only as long as a frame has room. */
const MOST_GROWING_CHARS = 6_000;
const MOST_CHARS = 200_000;

let colour: Colour | null = null;

export function Code({ token, open }: { token: Tokens.Code; open: boolean }) {
  const words = useWords();
  const growing = open && !isClosed(token.raw);
  const code = growing ? settledCode(token.raw, token.text) : token.text;
  // The name of the language is whole when its line is.
  const language = growing && !token.raw.includes("\n") ? "" : (/^[\w+#.-]{1,30}/.exec(token.lang ?? "")?.[0] ?? "");
  const paint = useColour(language !== "");
  const painted = useMemo(
    () => (paint && code.length < (growing ? MOST_GROWING_CHARS : MOST_CHARS) ? paint(code, language.toLowerCase()) : null),
    [paint, code, language, growing],
  );
  return (
    <figure className="code" dir="ltr">
      <figcaption>
        <span>{language || words.markdown.code}</span>
        <CopyCode code={code} />
      </figcaption>
      {/* Wider than the page, it is scrolled by keyboard too. */}
      <pre tabIndex={0} aria-label={language || words.markdown.code}>
        <code>{painted ?? code}</code>
      </pre>
    </figure>
  );
}

function CopyCode({ code }: { code: string }) {
  const words = useWords();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <button type="button" className="quiet" onClick={() => void navigator.clipboard.writeText(code).then(() => setCopied(true))}>
      {copied ? words.markdown.copied : words.markdown.copyCode}
    </button>
  );
}

/** The highlighter, once it is loaded; without it the code stays black. */
function useColour(wanted: boolean): Colour | null {
  const [loaded, setLoaded] = useState<Colour | null>(() => colour);
  useEffect(() => {
    if (!wanted || loaded) return undefined;
    let isShown = true;
    import("./highlighter.ts").then(
      (module) => {
        colour = module.coloured;
        if (isShown) setLoaded(() => module.coloured);
      },
      () => undefined,
    );
    return () => {
      isShown = false;
    };
  }, [wanted, loaded]);
  return wanted ? loaded : null;
}
