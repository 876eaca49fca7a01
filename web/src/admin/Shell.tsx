import { type ComponentType, lazy, Suspense, useEffect, useRef, useState } from "react";

import { chosenTheme, keepTheme, THEMES } from "../chat/theme.ts";
import { root } from "../root.ts";
import { isLanguage, LANGUAGES } from "../words/index.ts";
import { deny, useDenied } from "./access.ts";
import { Icon } from "./icons.tsx";
import { Link } from "./Link.tsx";
import { usePageInfo } from "./pageInfo.ts";
import { type Page, pages } from "./pages.ts";
import { Mishap } from "./Mishap.tsx";
import { matched, type Params, useAddress } from "./router.ts";
import { signOut } from "./wire.ts";
import { useWords } from "./words.ts";

type Shown = ComponentType<{ params: Params }>;

// Made once: a lazy component that is made anew loads anew.
const routes = pages.map((page) => ({ page, Page: lazy(page.load) as unknown as Shown }));
// The chat's code, which only those need who are not signed in.
const SignedOut = lazy(() => import("./SignedOut.tsx"));

/** The navigation, and beside it the page that the address means. */
export function Shell() {
  const { words } = useWords();
  const { path } = useAddress();
  const denied = useDenied();
  const found = routes
    .map((route) => ({ ...route, params: matched(route.page.path, path) }))
    .find((route): route is typeof route & { params: Params } => route.params !== null);
  const heading = useArrival(path, found ? `${words.nav[found.page.label]} · ${words.title}` : words.title);

  if (denied === 401) {
    return (
      <Suspense>
        <SignedOut />
      </Suspense>
    );
  }
  if (denied === 403) return <NotAdmin />;
  return (
    <>
      <a className="skip" href="#main">
        {words.skip}
      </a>
      <div className="shell">
        <Side path={path} />
        <main id="main" className="page" ref={heading} tabIndex={-1}>
          {found ? (
            <Mishap key={path}>
              <Suspense fallback={<p className="quiet">{words.loading}</p>}>
                <found.Page params={found.params} />
              </Suspense>
            </Mishap>
          ) : (
            <>
              <h1>{words.notFound}</h1>
              <p>
                <Link to="/admin">{words.toOverview}</Link>
              </p>
            </>
          )}
        </main>
      </div>
    </>
  );
}

/** The title of the tab; and, after the first page, the focus on what is new, as a page that loads would have it. */
function useArrival(path: string, title: string) {
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => void (document.title = title), [title]);
  useEffect(() => {
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
  }, [path]);
  return main;
}

function Side({ path }: { path: string }) {
  const { words } = useWords();
  const page = usePageInfo();
  const [open, setOpen] = useState(false);
  useEffect(() => setOpen(false), [path]);
  return (
    <header className="side">
      <div className="side-top">
        <strong className="brand">
          {page?.title && <span dir="auto">{page.title}</span>}
          <span className="quiet">{words.title}</span>
        </strong>
        <button type="button" className="button phone-only" aria-expanded={open} aria-controls="pages" onClick={() => setOpen(!open)}>
          <Icon name="menu" /> {words.menu}
        </button>
      </div>
      <div id="pages" className="side-pages" data-open={open}>
        <nav aria-label={words.nav.label}>
          <ul>
            {pages.map((page) => page.icon && <Entry key={page.path} page={page} path={path} />)}
          </ul>
        </nav>
        <a className="entry" href={`${root}/`}>
          <Icon name="chat" /> {words.toChat}
        </a>
        <Choices />
      </div>
    </header>
  );
}

/** The same choices as the chat's, kept in the same place. */
function Choices() {
  const { words, name, choose } = useWords();
  const [theme, setTheme] = useState(chosenTheme);
  return (
    <div className="side-choices">
      <label>
        {words.language}
        <select value={name} onChange={({ target }) => isLanguage(target.value) && choose(target.value)}>
          {Object.entries(LANGUAGES).map(([tag, { name }]) => (
            <option key={tag} value={tag} lang={tag}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        {words.theme}
        <select
          value={theme}
          onChange={({ target }) => {
            const chosen = THEMES.find((one) => one === target.value) ?? "system";
            keepTheme(chosen);
            setTheme(chosen);
          }}
        >
          {THEMES.map((one) => (
            <option key={one} value={one}>
              {words.themes[one]}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

function Entry({ page, path }: { page: Page; path: string }) {
  const { words } = useWords();
  const here = matched(page.path, path) !== null;
  const inside = page.path !== "/admin" && path.startsWith(`${page.path}/`);
  return (
    <li>
      <Link to={page.path} className="entry" aria-current={here ? "page" : inside ? "true" : undefined}>
        {page.icon && <Icon name={page.icon} />} {words.nav[page.label]}
      </Link>
    </li>
  );
}

function NotAdmin() {
  const { words } = useWords();
  const leave = async () => {
    await signOut().catch(() => undefined);
    deny(401);
  };
  return (
    <main className="page alone">
      <h1>{words.notAdmin.heading}</h1>
      <p>{words.notAdmin.text}</p>
      <p className="actions">
        <a className="button" href={`${root}/`}>
          {words.toChat}
        </a>
        <button type="button" className="button" onClick={leave}>
          {words.notAdmin.signOut}
        </button>
      </p>
    </main>
  );
}
