/** Was it good? A thumb, and a remark for whoever wants to say more. */

import { useEffect, useId, useRef, useState, type FormEvent } from "react";
import type { Feedback } from "../store/index.ts";
import { useWords } from "../words/index.ts";
import { IconButton } from "./Button.tsx";
import { useToast } from "./contexts.ts";

type Rate = (rating: Feedback["rating"] | null, remark?: string) => Promise<void>;

export function Rating({ feedback, onRate }: { feedback: Feedback | null; onRate: Rate }) {
  const words = useWords().answer;
  const [isAsking, setAsking] = useState(false);
  const thumbs = { up: useRef<HTMLButtonElement>(null), down: useRef<HTMLButtonElement>(null) };
  const close = () => {
    setAsking(false);
    if (feedback) thumbs[feedback.rating].current?.focus();
  };
  const press = (rating: Feedback["rating"]) => {
    const isTakenBack = feedback?.rating === rating;
    setAsking(!isTakenBack);
    void onRate(isTakenBack ? null : rating);
  };
  const thumb = (rating: Feedback["rating"], label: string) => (
    <IconButton ref={thumbs[rating]} icon={rating} label={label} aria-pressed={feedback?.rating === rating} onClick={() => press(rating)} />
  );
  return (
    <>
      {thumb("up", words.good)}
      {thumb("down", words.bad)}
      {isAsking && feedback && <Remark feedback={feedback} onRate={onRate} onClose={close} />}
    </>
  );
}

function Remark({ feedback, onRate, onClose }: { feedback: Feedback; onRate: Rate; onClose: () => void }) {
  const words = useWords();
  const toast = useToast();
  const id = useId();
  const [remark, setRemark] = useState(feedback.remark);
  const field = useRef<HTMLTextAreaElement>(null);
  // Left on the thumb, the next Enter would take it back.
  useEffect(() => field.current!.focus(), []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void onRate(feedback.rating, remark.trim()).then(() => toast({ text: words.answer.thanks }));
    onClose();
  };
  return (
    <form className="remark" onSubmit={submit} onKeyDown={(event) => event.key === "Escape" && (event.preventDefault(), onClose())}>
      <label htmlFor={id}>{words.answer.remark}</label>
      <textarea ref={field} id={id} value={remark} onChange={(event) => setRemark(event.target.value)} dir="auto" rows={2} maxLength={2_000} />
      <div className="buttons">
        <button type="button" className="button" onClick={onClose}>{words.chat.close}</button>
        <button type="submit" className="button primary" disabled={remark.trim() === ""}>{words.answer.sendRemark}</button>
      </div>
    </form>
  );
}
