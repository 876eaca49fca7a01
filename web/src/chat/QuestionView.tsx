/** A question as it was asked; it can be copied, changed and asked again, and sent again when it was refused. */

import { memo, useState, type FormEvent, type KeyboardEvent } from "react";
import type { Question } from "../store/index.ts";
import { useWords } from "../words/index.ts";
import { IconButton } from "./Button.tsx";
import { CopyButton } from "./Copy.tsx";
import { fillComposer } from "./filling.ts";
import { Growing } from "./Growing.tsx";
import { tooLong } from "./limits.ts";

type Props = {
  question: Question;
  editable?: { text: string; ask: (text: string) => void } | null;
  onRetry?: () => void;
  /** Takes a refused one off the page and gives its text. */
  onWithdraw?: () => string | null;
};

export const QuestionView = memo(function QuestionView({ question, editable = null, onRetry, onWithdraw }: Props) {
  const words = useWords();
  const [isEdited, setEdited] = useState(false);
  if (isEdited && editable) {
    return <Edit text={editable.text} onAsk={editable.ask} onClose={() => setEdited(false)} />;
  }
  return (
    <>
      <h2 className="unseen">{words.answer.you}</h2>
      <div className={question.pending ? "bubble pending" : "bubble"}>
        {question.text.split(/\n{2,}/).map((part, place) => <p key={place} dir="auto">{part}</p>)}
      </div>
      {question.failed !== undefined && (
        <div className="ending wrong" role="alert">
          <span>{words.answer.notSent} {question.failed}</span>
          <button type="button" className="link" onClick={onRetry}>{words.answer.sendAgain}</button>
          <button type="button" className="link" onClick={() => fillComposer(onWithdraw?.() ?? "")}>{words.answer.editing}</button>
        </div>
      )}
      <div className="actions">
        <CopyButton label={words.answer.copyQuestion} text={question.text} />
        {editable && <IconButton icon="edit" label={words.answer.edit} onClick={() => setEdited(true)} />}
      </div>
    </>
  );
});

function Edit({ text, onAsk, onClose }: { text: string; onAsk: (text: string) => void; onClose: () => void }) {
  const words = useWords();
  const [changed, setChanged] = useState(text);
  const canAsk = changed.trim() !== "" && !tooLong(changed);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!canAsk) return;
    onAsk(changed.trim());
    onClose();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    onClose();
  };
  return (
    <form className="edit" onSubmit={submit} onKeyDown={onKeyDown}>
      <Growing value={changed} onChange={setChanged} label={words.answer.editing} autoFocus />
      <div className="buttons">
        <button type="button" className="button" onClick={onClose}>{words.chat.cancel}</button>
        <button type="submit" className="button primary" disabled={!canAsk}>{words.answer.ask}</button>
      </div>
    </form>
  );
}
