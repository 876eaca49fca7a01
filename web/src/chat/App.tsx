/** What comes first: the page's settings, the reader's language, whether somebody must sign in; then the page of the address. */

import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { ApiError, openWire, server, type Me, type Page, type Wire } from "../store/index.ts";
import { chosenLanguage, keepLanguage, LANGUAGES, useWords, WordsContext, type Language } from "../words/index.ts";
import { applyAccent } from "./accent.ts";
import { Chat } from "./Chat.tsx";
import { LanguageContext, PageContext, PersonContext } from "./contexts.ts";
import { home, routeOf, usePath } from "./route.ts";
import { SharedPage } from "./SharedPage.tsx";
import { SignIn, SignInAgain } from "./SignIn.tsx";
import { Trouble } from "./Trouble.tsx";

export function App() {
  const [language, setLanguage] = useState<Language>(chosenLanguage);
  const words = useMemo(() => ({ language, words: LANGUAGES[language] }), [language]);
  const choose = useCallback((chosen: Language) => {
    keepLanguage(chosen);
    setLanguage(chosen);
  }, []);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  return (
    <WordsContext value={words}>
      <LanguageContext value={choose}>
        <WithPage />
      </LanguageContext>
    </WordsContext>
  );
}

function WithPage() {
  const words = useWords();
  const route = routeOf(usePath());
  const [page, setPage] = useState<Page | "unreachable" | null>(null);
  const load = useCallback(() => {
    setPage(null);
    server.page().then(setPage, () => setPage("unreachable"));
  }, []);
  useEffect(load, [load]);
  useEffect(() => {
    if (page === null || page === "unreachable") return;
    applyAccent(page.accent, document.documentElement.style);
  }, [page]);

  if (page === null) return null;
  if (page === "unreachable") return <Trouble sentence={words.chat.unreachable} again={load} />;
  return (
    <PageContext value={page}>
      {route.page === "shared" ? <SharedPage token={route.token} /> : <WithPerson page={page} />}
    </PageContext>
  );
}

type State = { me: Me } | "unknown" | "stranger" | "unreachable";

/** Asks who is there. When the server says later that it is nobody, the form lies over the page, which keeps everything. */
function WithPerson({ page }: { page: Page }) {
  const words = useWords();
  const wire = useMemo<Wire>(() => openWire(page.auth), [page.auth]);
  const [person, setPerson] = useState<State>("unknown");
  const [isOut, setOut] = useState(false);
  const isBegun = useRef(false);
  const ask = useCallback(() => {
    wire.api.me().then(
      (me) => {
        const isSame = wire.isStillFor(me.id);
        if (!isSame && isBegun.current) return location.assign(home);
        isBegun.current = true;
        wire.signedIn();
        setPerson({ me });
        setOut(false);
      },
      (error: unknown) => setPerson((before) => (typeof before === "object" ? before : afterRefusal(error))),
    );
  }, [wire]);
  useEffect(() => wire.onSignedOut(() => setOut(true)), [wire]);
  useEffect(ask, [ask]);
  // Somebody may have signed in in another tab.
  useEffect(() => (isOut ? wire.world.onAwake(ask) : undefined), [isOut, wire, ask]);

  if (person === "unknown") return null;
  if (person === "unreachable") return <Trouble sentence={words.chat.unreachable} again={ask} />;
  if (person === "stranger") return <SignIn wire={wire} onSignedIn={ask} />;
  return (
    <PersonContext value={person.me}>
      <Chat wire={wire} />
      {isOut && <SignInAgain wire={wire} onSignedIn={ask} />}
    </PersonContext>
  );
}

function afterRefusal(error: unknown): State {
  return error instanceof ApiError && (error.code === "not_signed_in" || error.status === 401) ? "stranger" : "unreachable";
}
