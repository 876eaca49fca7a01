/** Who is there? A token in a form, or the way to the organisation's own sign-in and back here. */

import { useEffect, useId, useRef, useState, type FormEvent } from "react";
import { root } from "../root.ts";
import type { Wire } from "../store/index.ts";
import { useWords } from "../words/index.ts";
import { Logo } from "./Brand.tsx";
import { usePage } from "./contexts.ts";

type Props = { wire: Wire; onSignedIn: () => void };

export function SignIn(props: Props) {
  return (
    <main className="sign-in">
      <Card {...props} />
    </main>
  );
}

/** Over a page that stays as it is, and over whatever dialog is open there. */
export function SignInAgain(props: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current!.showModal(), []);
  return (
    <dialog ref={dialog} className="sign-in-again" onCancel={(event) => event.preventDefault()} aria-labelledby="sign-in">
      <Card {...props} again />
    </dialog>
  );
}

function Card({ wire, onSignedIn, again = false }: Props & { again?: boolean }) {
  const words = useWords();
  const page = usePage();
  return (
    <div className="card">
      {page.logo && <Logo source={page.logo} />}
      <h1 id="sign-in">{words.signIn.title(page.title)}</h1>
      {again && <p role="status">{words.signIn.again}</p>}
      {page.auth === "oidc" ? (
        <a className="button primary" href={`${root}/auth/login?next=${encodeURIComponent(location.pathname)}`}>{words.signIn.oidc}</a>
      ) : (
        <TokenForm wire={wire} onSignedIn={onSignedIn} />
      )}
    </div>
  );
}

function TokenForm({ wire, onSignedIn }: { wire: Wire; onSignedIn: () => void }) {
  const words = useWords();
  const id = useId();
  const [error, setError] = useState("");
  const [isBusy, setBusy] = useState(false);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const token = String(new FormData(event.currentTarget).get("token") ?? "").trim();
    setBusy(true);
    setError("");
    try {
      await wire.api.signIn(token);
      onSignedIn();
    } catch (refused) {
      setError((refused as Error).message);
    } finally {
      setBusy(false);
    }
  };

  return (
    <form onSubmit={(event) => void submit(event)}>
      <label htmlFor={id}>{words.signIn.token}</label>
      <input id={id} name="token" type="password" autoComplete="current-password" required autoFocus aria-describedby={`${id}-help`} />
      <p id={`${id}-help`} className="note">{words.signIn.tokenHelp}</p>
      <p role="alert" className="wrong">{error}</p>
      <button type="submit" className="button primary" disabled={isBusy}>{words.signIn.submit}</button>
    </form>
  );
}
