/** The page: conversations on one side, the chosen one on the other. Embedded in another page it is the latter alone. */

import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { Conversations, type Wire } from "../store/index.ts";
import { useWords } from "../words/index.ts";
import { ToastContext, usePage, type Toast } from "./contexts.ts";
import { Header } from "./Header.tsx";
import { HelpDialog } from "./HelpDialog.tsx";
import { isRunning } from "./messages.ts";
import { go, home, routeOf, usePath } from "./route.ts";
import { SettingsDialog } from "./SettingsDialog.tsx";
import { ShareDialog } from "./ShareDialog.tsx";
import { isTypingIn, shortcutOf, type Shortcut } from "./shortcuts.ts";
import { Sidebar } from "./Sidebar.tsx";
import { Thread, useConversationView } from "./Thread.tsx";
import { ToastView } from "./ToastView.tsx";
import { useConversation } from "./useConversation.ts";
import { Welcome } from "./Welcome.tsx";

/** Wide enough for the list beside the conversation (look/sidebar.css). */
const wide = matchMedia("(min-width: 56rem)");

function onWidth(changed: () => void): () => void {
  wide.addEventListener("change", changed);
  return () => wide.removeEventListener("change", changed);
}

type Opened = "help" | "settings" | "share" | null;

export function Chat({ wire }: { wire: Wire }) {
  const words = useWords();
  const page = usePage();
  const route = routeOf(usePath());
  const isEmbedded = route.page === "embed";
  const { conversation, isNew, asked, startAnew } = useConversation(wire, route);
  const view = useConversationView(conversation);
  const list = useMemo(() => new Conversations(wire), [wire]);
  useEffect(() => () => list.close(), [list]);
  const isWide = useSyncExternalStore(onWidth, () => wide.matches);
  const [isListOpen, setListOpen] = useState(isWide);
  const [opened, setOpened] = useState<Opened>(null);
  const [toast, setToast] = useState<Toast | null>(null);
  const search = useRef<HTMLInputElement>(null);

  const closeIfDrawer = useCallback(() => {
    if (!wide.matches) setListOpen(false);
  }, []);
  useEffect(() => setListOpen(isWide), [isWide]);
  const newChat = useCallback(() => {
    startAnew();
    if (!isEmbedded) go(home);
    closeIfDrawer();
    requestAnimationFrame(focusComposer);
  }, [startAnew, isEmbedded, closeIfDrawer]);

  useEffect(() => {
    document.title = view.title ? `${view.title} · ${page.title}` : page.title;
  }, [view.title, page.title]);
  useEffect(() => {
    const looked = () => document.visibilityState === "visible" && list.refresh();
    document.addEventListener("visibilitychange", looked);
    return () => document.removeEventListener("visibilitychange", looked);
  }, [list]);

  const isDrawerOpen = !isWide && isListOpen && !isEmbedded;
  const running = view.exchanges.some(isRunning);
  useShortcuts({
    newChat,
    search: () => {
      setListOpen(true);
      requestAnimationFrame(() => search.current?.focus());
    },
    focus: focusComposer,
    list: () => setListOpen((before) => !before),
    help: () => setOpened("help"),
    stop: () => {
      if (isDrawerOpen) setListOpen(false);
      else if (running) conversation.stop();
    },
  });

  return (
    <ToastContext value={setToast}>
      <div className={`chat${isEmbedded ? " embedded" : ""}${isListOpen ? " with-list" : ""}`}>
        {/* A link to a part of the page changes no address: the router would take it for one. */}
        <a className="skip" href="#conversation" onClick={(event) => (event.preventDefault(), focusComposer())}>{words.chat.skip}</a>
        {!isEmbedded && (
          <Sidebar
            conversations={list}
            current={route.page === "thread" ? route.thread : null}
            isOpen={isListOpen}
            search={search}
            onNew={newChat}
            onClose={() => setListOpen(false)}
            onWent={closeIfDrawer}
            onSettings={() => setOpened("settings")}
          />
        )}
        <main id="conversation" inert={isDrawerOpen}>
          <Header
            conversation={conversation}
            isEmbedded={isEmbedded}
            isListOpen={isListOpen}
            onList={() => setListOpen(true)}
            onNew={newChat}
            onShare={view.exchanges.length > 0 && !isNew && !isEmbedded ? () => setOpened("share") : null}
          />
          <Thread
            key={conversation.thread}
            conversation={conversation}
            welcome={<Welcome onAsk={(text) => (conversation.ask(text), isNew && asked())} />}
            {...(isNew && { onAsked: asked })}
          />
        </main>
        {toast && <ToastView key={toast.text} toast={toast} onClose={() => setToast(null)} />}
        {opened === "help" && <HelpDialog onClose={() => setOpened(null)} />}
        {opened === "settings" && <SettingsDialog wire={wire} onHelp={() => setOpened("help")} onClose={() => setOpened(null)} />}
        {opened === "share" && <ShareDialog conversation={conversation} shared={view.shared} onClose={() => setOpened(null)} />}
      </div>
    </ToastContext>
  );
}

function focusComposer(): void {
  document.querySelector<HTMLElement>(".composer textarea")?.focus();
}

function useShortcuts(run: Record<Shortcut, () => void>): void {
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  });
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      // A dialog or a menu that is open has the keyboard to itself.
      if (event.defaultPrevented || document.querySelector("dialog[open], :popover-open")) return;
      const shortcut = shortcutOf(event, isTypingIn(event.target));
      if (!shortcut) return;
      if (shortcut !== "stop") event.preventDefault();
      latest.current[shortcut]();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}
