/** When it was asked, how long it took and which model wrote it, for who wants to know. */

import { useId } from "react";
import type { Answer } from "../store/index.ts";
import { useLanguage, useWords } from "../words/index.ts";
import { Icon } from "./icons.tsx";
import { placePopover } from "./placing.ts";
import { length, moment } from "./times.ts";

export function Details({ answer }: { answer: Answer }) {
  const words = useWords().answer;
  const language = useLanguage();
  const id = useId();
  const took = answer.askedS && answer.endedS ? answer.endedS - answer.askedS : null;
  return (
    <>
      <button type="button" className="icon-button" aria-label={words.details} title={words.details} popoverTarget={id} onClick={placePopover}>
        <Icon name="info" />
      </button>
      <dl id={id} popover="auto" className="details-card" aria-label={words.details}>
        <dt>{words.askedAt}</dt>
        <dd>{answer.askedS ? moment(answer.askedS, language) : words.unknown}</dd>
        {took !== null && (
          <>
            <dt>{words.took}</dt>
            <dd>{length(took, language)}</dd>
          </>
        )}
        <dt>{words.model}</dt>
        <dd dir="auto">{answer.model || words.unknown}</dd>
      </dl>
    </>
  );
}
