/** A conversation for whoever has its link: to read, and nothing else. */

import { useCallback, useEffect, useState } from "react";
import { ApiError, server, type Shared } from "../store/index.ts";
import { useWords } from "../words/index.ts";
import { AnswerView } from "./AnswerView.tsx";
import { Brand } from "./Brand.tsx";
import { usePage } from "./contexts.ts";
import { QuestionView } from "./QuestionView.tsx";
import { Trouble } from "./Trouble.tsx";

export function SharedPage({ token }: { token: string }) {
  const words = useWords();
  const page = usePage();
  const [shared, setShared] = useState<Shared | null>(null);
  const [error, setError] = useState("");
  const load = useCallback(() => {
    setError("");
    server.shared(token).then(setShared, (refused: unknown) => {
      setError(refused instanceof ApiError && refused.status === 404 ? words.share.gone : (refused as Error).message);
    });
  }, [token, words]);
  useEffect(load, [load]);
  useEffect(() => {
    document.title = shared?.title ? `${shared.title} · ${page.title}` : page.title;
  }, [shared, page.title]);
  return (
    <div className="chat shared">
      <main id="conversation">
        <header className="bar">
          <h1 dir="auto">{shared?.title || <Brand />}</h1>
          <p className="connection">{words.share.readOnly}</p>
        </header>
        <div className="viewport" tabIndex={0} role="region" aria-label={words.share.readOnly}>
          {error ? <Trouble sentence={error} again={load} /> : <Exchanges shared={shared} />}
        </div>
      </main>
    </div>
  );
}

function Exchanges({ shared }: { shared: Shared | null }) {
  const words = useWords();
  if (!shared) return <p className="loading" role="status">{words.chat.loading}</p>;
  return (
    <div className="messages">
      {shared.exchanges.flatMap(({ questions, answer }, place) => [
        ...questions.map((question) => <article key={question.id} className="message user"><QuestionView question={question} /></article>),
        <article key={`answer ${place}`} className="message assistant"><AnswerView answer={answer} /></article>,
      ])}
    </div>
  );
}
