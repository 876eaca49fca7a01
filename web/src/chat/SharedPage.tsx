/** A conversation for whoever has its link: to read, and nothing else. */

import { useEffect, useMemo, useSyncExternalStore } from "react";
import { openShared, type Shared } from "../store/index.ts";
import { useWords } from "../words/index.ts";
import { AnswerView } from "./AnswerView.tsx";
import { Brand } from "./Brand.tsx";
import { usePage } from "./contexts.ts";
import { QuestionView } from "./QuestionView.tsx";
import { Trouble } from "./Trouble.tsx";

export function SharedPage({ token }: { token: string }) {
  const words = useWords();
  const page = usePage();
  const conversation = useMemo(() => openShared(token), [token]);
  useEffect(() => () => conversation.close(), [conversation]);
  const { shared, error, errorCode } = useSyncExternalStore(conversation.subscribe, conversation.view);
  useEffect(() => {
    document.title = shared?.title ? `${shared.title} · ${page.title}` : page.title;
  }, [shared, page.title]);
  const sentence = errorCode === "not_found" ? words.share.gone : error;
  return (
    <div className="chat shared">
      <main id="conversation">
        <header className="bar">
          <h1 dir="auto">{shared?.title || <Brand />}</h1>
          <p className="connection">{words.share.readOnly}</p>
        </header>
        <div className="viewport" tabIndex={0} role="region" aria-label={words.share.readOnly}>
          {sentence !== null ? <Trouble sentence={sentence} again={() => conversation.reload()} /> : <Exchanges shared={shared} />}
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
