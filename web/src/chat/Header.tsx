/** The conversation's title, whether it is connected, and what can be done with all of it. */

import type { Conversation, ConversationView } from "../store/index.ts";
import { useWords } from "../words/index.ts";
import { Brand } from "./Brand.tsx";
import { IconButton } from "./Button.tsx";
import { Icon } from "./icons.tsx";
import { useConversationView } from "./Thread.tsx";

type Props = {
  conversation: Conversation;
  isEmbedded: boolean;
  isListOpen: boolean;
  onList: () => void;
  onNew: () => void;
  onShare: (() => void) | null;
};

export function Header({ conversation, isEmbedded, isListOpen, onList, onNew, onShare }: Props) {
  const words = useWords();
  const view = useConversationView(conversation);
  return (
    <header className="bar">
      {!isEmbedded && !isListOpen && <IconButton icon="menu" label={words.chat.openList} aria-expanded={false} onClick={onList} />}
      {!isEmbedded && !isListOpen && <IconButton icon="add" label={words.chat.newChat} onClick={onNew} />}
      <h1 dir="auto">{isEmbedded ? <Brand /> : view.title || (view.exchanges.length ? words.chat.untitled : <span className="unseen">{words.chat.untitled}</span>)}</h1>
      <Connection state={view.connection} />
      {isEmbedded && <IconButton icon="add" label={words.chat.newChat} onClick={onNew} />}
      {onShare && (
        <button type="button" className="button quiet" onClick={onShare} aria-haspopup="dialog">
          <Icon name="share" />
          <span className="wide">{view.shared ? words.share.shared : words.share.open}</span>
        </button>
      )}
    </header>
  );
}

/** Quiet: nothing is lost while it is away, and it comes back by itself. */
function Connection({ state }: { state: ConversationView["connection"] }) {
  const words = useWords().connection;
  return (
    <p className="connection" role="status">
      {(state === "reconnecting" || state === "offline") && <span>{words[state]}</span>}
    </p>
  );
}
