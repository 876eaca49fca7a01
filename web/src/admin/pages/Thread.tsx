import { useRef } from "react";

import { Link } from "../Link.tsx";
import { useListed } from "../loading.ts";
import { Heading, Loading, StateMark, turnAddress, When } from "../parts.tsx";
import type { Params } from "../router.ts";
import { duration } from "../times.ts";
import { isLive, type ThreadRow, type Told, transcript } from "../wire.ts";
import { useWords } from "../words.ts";
import { Folded } from "./Folded.tsx";

const EVERY_S = 5;

/** What was asked and answered in one conversation, as its people saw it; what they replaced too. */
export default function Thread({ params }: { params: Params }) {
  const { words } = useWords();
  const key = params["key"] ?? "";
  const about = useRef<ThreadRow | null>(null);
  const listed = useListed(
    key,
    async (before, limit) => {
      const found = await transcript({ key, before, limit });
      about.current = found.thread;
      // The server's are oldest first, a list's newest.
      return { rows: found.turns.toReversed(), more: found.earlier };
    },
    ({ answer }) => answer.turn,
    EVERY_S,
  );
  const thread = about.current;
  if (!thread) return <Loading of={listed} />;

  const told = listed.rows.toReversed();
  const replaced = new Set(told.map(({ replaces }) => replaces).filter(Boolean));
  return (
    <>
      <Heading title={thread.title || words.threads.untitled}>
        <p className="quiet">
          {words.thread.of(thread.owner, thread.channel)} · <When at_s={thread.created_s} />
        </p>
      </Heading>
      {thread.binned_s > 0 && <p className="notice">{words.thread.binned}</p>}
      <Loading of={listed} />
      {listed.more && (
        <button type="button" className="button more" onClick={listed.loadMore}>
          {words.earlier}
        </button>
      )}
      {told.length === 0 && <p className="quiet">{words.thread.empty}</p>}
      <ol className="transcript">
        {told.map((one) => (
          <Exchange key={one.answer.turn} told={one} replaced={replaced.has(one.answer.turn)} />
        ))}
      </ol>
    </>
  );
}

function Exchange({ told, replaced }: { told: Told; replaced: boolean }) {
  const { words, language } = useWords();
  const { answer, questions, feedback, model } = told;
  const took_s = told.ended_s ? told.ended_s - told.asked_s : null;
  return (
    <li className="exchange panel" data-replaced={replaced}>
      {replaced && <p className="quiet">{words.thread.replaced}</p>}
      {questions.map(({ id, text }) => (
        <div key={id} className="asked">
          <h2 className="unseen">{words.thread.question}</h2>
          <p dir="auto">{text}</p>
        </div>
      ))}
      <h2 className="unseen">{words.thread.answer}</h2>
      {answer.reasoning && (
        <details>
          <summary>{words.thread.reasoning}</summary>
          <Folded text={answer.reasoning} />
        </details>
      )}
      {answer.text ? <Folded text={answer.text} /> : <p className="quiet">{answer.status || (isLive(answer.state) ? words.states[answer.state] : words.thread.noWords)}</p>}
      {answer.error && (
        <div className="notice bad">
          {answer.error} <code className="quiet">{answer.error_code}</code>
        </div>
      )}
      {answer.citations.length > 0 && (
        <details>
          <summary>{`${words.thread.sources} (${answer.citations.length})`}</summary>
          <ol className="sources">
            {answer.citations.map(({ number, passage }) => (
              <li key={number} value={number}>
                <strong>{passage.source}</strong> {passage.heading}
                <Folded text={passage.text} lines={6} />
              </li>
            ))}
          </ol>
        </details>
      )}
      <p className="about">
        <StateMark state={answer.state}>{answer.stopped_by && words.turns.stoppedBy(answer.stopped_by)}</StateMark>
        <When at_s={told.asked_s} />
        {took_s !== null && <span>{duration(took_s, language)}</span>}
        {model && <span>{model}</span>}
        {feedback && <Rated {...feedback} />}
        <Link to={turnAddress(answer.turn)}>{words.thread.timeline}</Link>
      </p>
    </li>
  );
}

export function Rated({ rating, remark }: NonNullable<Told["feedback"]>) {
  const { words } = useWords();
  return (
    <span className="rated" data-rating={rating}>
      {rating === "up" ? words.thread.up : words.thread.down}
      {remark && <q dir="auto">{remark}</q>}
    </span>
  );
}
