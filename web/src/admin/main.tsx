import "./admin.css";

import { StrictMode, useEffect, useMemo, useState } from "react";
import { createRoot } from "react-dom/client";

import { applyTheme, chosenTheme } from "../chat/theme.ts";
import { chosenLanguage, keepLanguage, LANGUAGES, WordsContext } from "../words/index.ts";
import { PageInfo, usePageLoaded } from "./pageInfo.ts";
import { Shell } from "./Shell.tsx";
import { ADMIN_WORDS, AdminWordsContext, regional } from "./words.ts";

function Admin() {
  const info = usePageLoaded();
  const [name, setName] = useState(chosenLanguage);
  const spoken = useMemo(
    () => ({ name, words: ADMIN_WORDS[name], language: regional(name, navigator.languages), choose: setName }),
    [name],
  );
  const chat = useMemo(() => ({ language: name, words: LANGUAGES[name] }), [name]);
  useEffect(() => {
    document.documentElement.lang = name;
    keepLanguage(name);
  }, [name]);
  return (
    <AdminWordsContext value={spoken}>
      {/* For what is the chat's: its Markdown, its sign-in. */}
      <WordsContext value={chat}>
        <PageInfo value={info}>
          <Shell />
        </PageInfo>
      </WordsContext>
    </AdminWordsContext>
  );
}

applyTheme(chosenTheme());
createRoot(document.getElementById("page")!).render(
  <StrictMode>
    <Admin />
  </StrictMode>,
);
