/** An answer as far as it has come: what is being done, the reasoning, the text, how it ended, where it comes from. */

import { memo, useEffect, useMemo, useRef, useState } from "react";
import { CitingContext, Markdown, type Citing } from "../markdown/index.ts";
import type { Answer, Feedback, Version } from "../store/index.ts";
import { useLanguage, useWords, type Words } from "../words/index.ts";
import { IconButton } from "./Button.tsx";
import { CopyButton } from "./Copy.tsx";
import { Details } from "./Details.tsx";
import { Otherwise } from "./Otherwise.tsx";
import { Rating } from "./Rating.tsx";
import { SourceDialog, SourceList } from "./Sources.tsx";
import { length, wordCount } from "./times.ts";

type Props = {
  answer: Answer;
  /** The question waits for a connection. */
  isUnsent?: boolean;
  feedback?: Feedback | null;
  version?: (Version & { show: (index: number) => void }) | undefined;
  /** Null where it cannot be asked again. */
  onAgain?: (() => void) | null;
  onRate?: ((rating: Feedback["rating"] | null, remark?: string) => Promise<void>) | null;
};

export const AnswerView = memo(function AnswerView({ answer, isUnsent = false, feedback = null, version, onAgain = null, onRate = null }: Props) {
  const words = useWords();
  const [opened, setOpened] = useState<number | null>(null);
  const isOver = answer.state === "done" || answer.state === "stopped" || answer.state === "failed";
  const citing = useMemo<Citing>(
    () => ({
      known: new Set(answer.sources.map((source) => source.number)),
      label: (number) => words.answer.source(number, answer.sources.find((source) => source.number === number)?.source ?? ""),
      open: (number) => setOpened(number),
    }),
    [answer.sources, words],
  );
  const source = answer.sources.find(({ number }) => number === opened);
  return (
    <>
      <h2 className="unseen">{words.answer.from}</h2>
      {answer.reasoning && <Reasoning answer={answer} isOver={isOver} />}
      {!isOver && !answer.text && <Working answer={answer} isUnsent={isUnsent} />}
      <CitingContext value={citing}>
        {answer.text && (
          <Otherwise fallback={<p className="as-written" dir="auto">{answer.text}</p>}>
            <Markdown text={answer.text} growing={!isOver} />
          </Otherwise>
        )}
      </CitingContext>
      {!isOver && answer.text && answer.status && <p className="status">{answer.status}</p>}
      <Ending answer={answer} words={words.answer} />
      {/* Under a text that grows it would wander; the footnotes are there as they come. */}
      {isOver && answer.sources.length > 0 && <SourceList sources={answer.sources} onOpen={setOpened} />}
      {source && <SourceDialog source={source} onClose={() => setOpened(null)} />}
      {isOver && (
        <div className="actions">
          {answer.text && <CopyButton label={words.answer.copy} text={answer.text} />}
          {onAgain && <IconButton icon="again" label={words.answer.askAgain} onClick={onAgain} />}
          {onRate && <Rating feedback={feedback} onRate={onRate} />}
          <Details answer={answer} />
          {version && <Versions version={version} />}
        </div>
      )}
    </>
  );
});

function Working({ answer, isUnsent }: { answer: Answer; isUnsent: boolean }) {
  const words = useWords();
  if (isUnsent) return <p className="status" role="status">{words.answer.unsent}</p>;
  const queued = answer.ahead > 0 ? words.answer.ahead(answer.ahead) : answer.status || words.answer.working;
  return (
    <p className="status working" role="status" dir="auto">
      <span>{queued}</span>
    </p>
  );
}

/** Folded away; open it and it is there as it comes. */
function Reasoning({ answer, isOver }: { answer: Answer; isOver: boolean }) {
  const words = useWords();
  const language = useLanguage();
  const isThinking = !isOver && !answer.text;
  const seconds = useThoughtFor(isThinking);
  const amount = useMemo(() => (isThinking ? null : wordCount(answer.reasoning)), [isThinking, answer.reasoning]);
  const said = seconds !== null ? length(seconds, language) : amount && words.answer[amount.unit](amount.count);
  const [isOpen, setOpen] = useState(false);
  return (
    <details className="reasoning" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className={isThinking ? "working" : undefined}>
        <span>{isThinking ? words.answer.thinking : said ? words.answer.reasoningFor(said) : words.answer.reasoning}</span>
      </summary>
      {isOpen && <Markdown text={answer.reasoning} growing={isThinking} />}
    </details>
  );
}

/** How long it was watched to think, in seconds; null when that was not seen from its beginning here. */
function useThoughtFor(isThinking: boolean): number | null {
  const began = useRef<number | null>(null);
  const [seconds, setSeconds] = useState<number | null>(null);
  useEffect(() => {
    if (isThinking) began.current ??= performance.now();
    else if (began.current !== null) {
      setSeconds((performance.now() - began.current) / 1_000);
      began.current = null;
    }
  }, [isThinking]);
  return seconds;
}

function Ending({ answer, words }: { answer: Answer; words: Words["answer"] }) {
  switch (answer.state) {
    case "stopped":
      return <p className="ending">{answer.stoppedBy === "replaced" ? words.replaced : words.stopped}</p>;
    case "failed":
      return (
        <div className="ending wrong" role="alert">
          <span dir="auto">{answer.error || words.failed}</span>
          {answer.reference && <span className="reference">{words.reference(answer.reference)}</span>}
        </div>
      );
    case "done":
      if (answer.finish === "length") return <p className="ending">{words.length}</p>;
      return answer.finish === "blocked" ? <p className="ending">{words.blocked}</p> : null;
    default:
      return null;
  }
}

/** Which of the versions is shown. They are the log's, so assistant-ui's picker, which has its own branches, is not used. */
function Versions({ version }: { version: Version & { show: (index: number) => void } }) {
  const words = useWords();
  const [at, of] = [version.at + 1, version.turns.length];
  return (
    <div className="versions" role="group" aria-label={words.answer.version(at, of)}>
      <IconButton icon="left" label={words.answer.earlierVersion} disabled={at <= 1} onClick={() => version.show(version.at - 1)} />
      <span aria-hidden="true">{at}/{of}</span>
      <IconButton icon="right" label={words.answer.laterVersion} disabled={at >= of} onClick={() => version.show(version.at + 1)} />
    </div>
  );
}
