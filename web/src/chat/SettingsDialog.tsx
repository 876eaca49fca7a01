/** The reader's own settings: light or dark, the language; who they are, and the way out. */

import { useContext, useId, useState } from "react";
import { root } from "../root.ts";
import type { Wire } from "../store/index.ts";
import { isLanguage, LANGUAGES, useLanguage, useWords } from "../words/index.ts";
import { LanguageContext, useMe, usePage } from "./contexts.ts";
import { Dialog } from "./Dialog.tsx";
import { home } from "./route.ts";
import { chosenTheme, keepTheme, THEMES, type Theme } from "./theme.ts";

export function SettingsDialog({ wire, onHelp, onClose }: { wire: Wire; onHelp: () => void; onClose: () => void }) {
  const words = useWords();
  const me = useMe();
  const page = usePage();
  const signOut = () => void wire.signOut().finally(() => location.assign(home));
  return (
    <Dialog title={words.chat.settings} onClose={onClose}>
      <ThemeChoice />
      <LanguageChoice />
      <div className="rows">
        <button type="button" className="row" onClick={onHelp}>{words.help.open}</button>
        {me?.admin && <a className="row" href={`${root}/admin`}>{words.chat.owner}</a>}
        {me && me.auth !== "none" && <button type="button" className="row" onClick={signOut}>{words.signIn.out}</button>}
      </div>
      <p className="note">
        {me && me.auth !== "none" && me.name && <span dir="auto">{words.chat.signedInAs(me.name)} · </span>}
        Penstock {page.version}
      </p>
    </Dialog>
  );
}

function ThemeChoice() {
  const words = useWords().look;
  const name = useId();
  const [theme, setTheme] = useState<Theme>(chosenTheme);
  const choose = (chosen: Theme) => {
    keepTheme(chosen);
    setTheme(chosen);
  };
  return (
    <fieldset className="choice">
      <legend>{words.theme}</legend>
      <div className="options">
        {THEMES.map((each) => (
          <label key={each}>
            <input type="radio" name={name} checked={theme === each} onChange={() => choose(each)} />
            {words[each]}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function LanguageChoice() {
  const words = useWords().look;
  const id = useId();
  const language = useLanguage();
  const choose = useContext(LanguageContext);
  return (
    <div className="choice">
      <label htmlFor={id}>{words.language}</label>
      <select id={id} value={language} onChange={(event) => isLanguage(event.target.value) && choose(event.target.value)}>
        {Object.entries(LANGUAGES).map(([tag, { name }]) => <option key={tag} value={tag} lang={tag}>{name}</option>)}
      </select>
    </div>
  );
}
