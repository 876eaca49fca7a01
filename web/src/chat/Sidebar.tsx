/** The conversations: by day, to search, to rename, to delete. On a narrow screen it lies over the page. */

import { useEffect, useRef, useState, useSyncExternalStore, type Ref } from "react";
import type { Conversations } from "../store/index.ts";
import { useLanguage, useWords } from "../words/index.ts";
import { Brand } from "./Brand.tsx";
import { IconButton } from "./Button.tsx";
import { useMe } from "./contexts.ts";
import { byDay } from "./days.ts";
import { Icon } from "./icons.tsx";
import { home } from "./route.ts";
import { SidebarItem } from "./SidebarItem.tsx";

type Props = {
  conversations: Conversations;
  current: string | null;
  isOpen: boolean;
  search: Ref<HTMLInputElement>;
  onNew: () => void;
  onClose: () => void;
  onWent: () => void;
  onSettings: () => void;
};

export function Sidebar({ conversations, current, isOpen, search, onNew, onClose, onWent, onSettings }: Props) {
  const words = useWords();
  const me = useMe();
  const side = useRef<HTMLElement>(null);
  const close = useRef<HTMLButtonElement>(null);
  const wasOpen = useRef(isOpen);
  const [searched, setSearched] = useState("");
  const searchFor = (text: string) => {
    setSearched(text);
    conversations.search(text.trim());
  };
  useEffect(() => {
    if (isOpen && !wasOpen.current) close.current?.focus();
    // Whoever closes it from inside would otherwise be nowhere.
    if (!isOpen && wasOpen.current && side.current!.contains(document.activeElement)) {
      document.querySelector<HTMLElement>(".bar [aria-expanded]")?.focus();
    }
    wasOpen.current = isOpen;
  }, [isOpen]);
  return (
    <>
      <div className="curtain" onClick={onClose} aria-hidden="true" />
      <nav ref={side} className="sidebar" aria-label={words.chat.conversations} inert={!isOpen}>
        <div className="sidebar-head">
          <a href={home} className="to-start" onClick={(event) => (event.preventDefault(), onNew())}><Brand /></a>
          <IconButton ref={close} icon="menu" label={words.chat.closeList} aria-expanded onClick={onClose} />
        </div>
        <button type="button" className="new-chat" onClick={onNew}>
          <Icon name="add" />
          {words.chat.newChat}
        </button>
        <Search text={searched} onSearch={searchFor} field={search} />
        <List conversations={conversations} isSearched={searched.trim() !== ""} current={current} onWent={onWent} onRemovedCurrent={onNew} />
        <button type="button" className="sidebar-foot" onClick={onSettings} aria-haspopup="dialog">
          <Icon name="settings" />
          <span dir="auto">{me && me.auth !== "none" && me.name ? me.name : words.chat.settings}</span>
        </button>
      </nav>
    </>
  );
}

function Search({ text, onSearch, field }: { text: string; onSearch: (text: string) => void; field: Ref<HTMLInputElement> }) {
  const words = useWords().chat;
  return (
    <div className="search" role="search">
      <Icon name="search" />
      <input
        ref={field}
        type="search"
        value={text}
        dir="auto"
        placeholder={words.search}
        aria-label={words.search}
        onChange={(event) => onSearch(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || !text) return;
          event.preventDefault();
          onSearch("");
        }}
      />
      {text && <IconButton icon="close" label={words.clearSearch} onClick={() => onSearch("")} />}
    </div>
  );
}

type ListProps = { conversations: Conversations; isSearched: boolean; current: string | null; onWent: () => void; onRemovedCurrent: () => void };

function List({ conversations, isSearched, current, onWent, onRemovedCurrent }: ListProps) {
  const words = useWords().chat;
  const language = useLanguage();
  const { threads, more, loading, error } = useSyncExternalStore(conversations.subscribe, conversations.view);
  return (
    <div className="list" aria-busy={loading}>
      {error !== null && <p className="note" role="alert">{error}</p>}
      {threads.length === 0 && !loading && error === null && <p className="note">{isSearched ? words.nothingFound : words.noneYet}</p>}
      {byDay(threads, new Date(), words, language).map((group, place) => (
        <section key={`${group.name} ${place}`} aria-label={group.name}>
          <h2>{group.name}</h2>
          <ul>
            {group.threads.map((item) => (
              <SidebarItem
                key={item.thread}
                item={item}
                isCurrent={item.thread === current}
                conversations={conversations}
                onWent={onWent}
                onRemovedCurrent={onRemovedCurrent}
              />
            ))}
          </ul>
        </section>
      ))}
      {more && <button type="button" className="button quiet" onClick={() => conversations.more()} disabled={loading}>{words.more}</button>}
    </div>
  );
}
