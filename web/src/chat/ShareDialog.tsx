/** A link with which anybody may read the conversation, until it is revoked. */

import { useId, useState } from "react";
import { root } from "../root.ts";
import type { Conversation } from "../store/index.ts";
import { useWords } from "../words/index.ts";
import { CopyButton } from "./Copy.tsx";
import { Dialog } from "./Dialog.tsx";

export function ShareDialog({ conversation, shared, onClose }: { conversation: Conversation; shared: string | null; onClose: () => void }) {
  const words = useWords().share;
  const id = useId();
  const [said, setSaid] = useState({ text: "", isWrong: false });
  const [isBusy, setBusy] = useState(false);
  const link = shared && new URL(`${root}/s/${encodeURIComponent(shared)}`, location.href).href;

  const run = (action: Promise<unknown>, done: string) => {
    setBusy(true);
    action
      .then(
        () => setSaid({ text: done, isWrong: false }),
        (error: Error) => setSaid({ text: error.message, isWrong: true }),
      )
      .finally(() => setBusy(false));
  };
  return (
    <Dialog title={words.title} onClose={onClose}>
      <p>{words.what}</p>
      {link ? (
        <>
          <div className="link-row">
            <label htmlFor={id} className="unseen">{words.link}</label>
            <input id={id} readOnly value={link} dir="ltr" onFocus={(event) => event.target.select()} />
            <CopyButton label={words.copy} text={link} />
          </div>
          <button type="button" className="button danger" disabled={isBusy} onClick={() => run(conversation.unshare(), words.revoked)}>{words.revoke}</button>
        </>
      ) : (
        <button type="button" className="button primary" disabled={isBusy} onClick={() => run(conversation.share(), "")}>{words.create}</button>
      )}
      <p className={said.isWrong ? "note wrong" : "note"} role="status">{said.text}</p>
    </Dialog>
  );
}
