/**
 * One conversation: its messages, the place to ask the next question, and what is heard of it.
 *
 * The runtime, the viewport that follows its end and the list of messages are assistant-ui's. Asking, asking again,
 * versions and thumbs are not: they act on turns of the log, of which the runtime knows nothing, and a second copy of
 * that state in the runtime would have to be kept true.
 */

import { AssistantRuntimeProvider, MessagePrimitive, ThreadPrimitive, useAuiState, useExternalStoreRuntime, useThreadViewportStore } from "@assistant-ui/react";
import { createContext, useContext, useEffect, useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore, type ReactNode } from "react";
import type { Conversation, ConversationView } from "../store/index.ts";
import { useWords } from "../words/index.ts";
import { Announcer } from "./Announcer.tsx";
import { AnswerView } from "./AnswerView.tsx";
import { Composer } from "./Composer.tsx";
import { useToast } from "./contexts.ts";
import { Icon } from "./icons.tsx";
import { convert, isRunning, messagesOf, type Shown } from "./messages.ts";
import { QuestionView } from "./QuestionView.tsx";
import { Trouble } from "./Trouble.tsx";

const ConversationContext = createContext<Conversation | null>(null);
const VersionsContext = createContext<ConversationView["versions"]>({});

export const useConversationView = (conversation: Conversation): ConversationView =>
  useSyncExternalStore(conversation.subscribe, conversation.view);

type Props = { conversation: Conversation; welcome: ReactNode; onAsked?: () => void };

export function Thread({ conversation, welcome, onAsked }: Props) {
  const view = useConversationView(conversation);
  const messages = useMemo(() => messagesOf(view.exchanges), [view.exchanges]);
  const running = view.exchanges.some(isRunning);
  // A greeting is read from its beginning, also where the suggestions are more than the window holds.
  const isWelcome = view.exchanges.length === 0 && !view.loading && view.error === null;
  const runtime = useExternalStoreRuntime<Shown>({
    messages,
    isRunning: running,
    convertMessage: convert,
    onNew: async () => undefined,
    onCancel: async () => conversation.stop(),
  });
  return (
    <AssistantRuntimeProvider runtime={runtime}>
      <ConversationContext value={conversation}>
        <VersionsContext value={view.versions}>
          <ThreadPrimitive.Root className="thread">
            <ThreadPrimitive.Viewport className="viewport" data-testid="viewport" autoScroll={!isWelcome} scrollToBottomOnInitialize={!isWelcome}>
              <Earlier conversation={conversation} view={view} />
              <Inside view={view} conversation={conversation} welcome={welcome} />
              <ThreadPrimitive.ViewportFooter className="thread-foot">
                <Latest />
                <Composer conversation={conversation} running={running} {...(onAsked && { onAsked })} />
              </ThreadPrimitive.ViewportFooter>
              <ToNewQuestion view={view} />
            </ThreadPrimitive.Viewport>
          </ThreadPrimitive.Root>
          <Announcer exchanges={view.exchanges} />
        </VersionsContext>
      </ConversationContext>
    </AssistantRuntimeProvider>
  );
}

function Inside({ view, conversation, welcome }: { view: ConversationView; conversation: Conversation; welcome: ReactNode }) {
  const words = useWords();
  if (view.exchanges.length) {
    return (
      <div className="messages">
        <ThreadPrimitive.Messages>{() => <Message />}</ThreadPrimitive.Messages>
      </div>
    );
  }
  if (view.error !== null) {
    return <Trouble sentence={view.errorCode === "not_found" ? words.chat.notFound : view.error} again={() => conversation.reload()} />;
  }
  return view.loading ? <p className="loading" role="status">{words.chat.loading}</p> : welcome;
}

function Message() {
  const conversation = useContext(ConversationContext)!;
  const shown = useAuiState((state) => (state.message.metadata.custom as { shown?: Shown }).shown);
  // The runtime adds a message of its own where it expects an answer; ours is already there.
  if (!shown) return null;
  return (
    <MessagePrimitive.Root className={`message ${shown.role}`} render={<article />}>
      {shown.role === "user" ? <Asked shown={shown} conversation={conversation} /> : <Answered shown={shown} conversation={conversation} />}
    </MessagePrimitive.Root>
  );
}

function Asked({ shown, conversation }: { shown: Extract<Shown, { role: "user" }>; conversation: Conversation }) {
  const { exchange, question } = shown;
  const version = useContext(VersionsContext)[exchange.answer.turn];
  const isLast = exchange.questions.at(-1) === question;
  const isOld = version !== undefined && version.at < version.turns.length - 1;
  const together = exchange.questions.map(({ text }) => text).join("\n\n");
  const askInstead = (text: string) => void conversation.ask(text, { replaces: exchange.answer.turn });
  return (
    <QuestionView
      question={question}
      editable={isLast && !isOld && exchange.answer.turn !== "" ? { text: together, ask: askInstead } : null}
      onRetry={() => conversation.retry(question.id)}
      onWithdraw={() => conversation.withdraw(question.id)}
    />
  );
}

function Answered({ shown, conversation }: { shown: Shown; conversation: Conversation }) {
  const toast = useToast();
  const { exchange } = shown;
  const { turn } = exchange.answer;
  const version = useContext(VersionsContext)[turn];
  const isOld = version !== undefined && version.at < version.turns.length - 1;
  const { connection } = useConversationView(conversation);
  const isUnsent = turn === "" && (connection === "reconnecting" || connection === "offline");
  const again = () => void conversation.ask(exchange.questions.map(({ text }) => text).join("\n\n"), { replaces: turn });
  return (
    <AnswerView
      answer={exchange.answer}
      isUnsent={isUnsent}
      feedback={exchange.feedback}
      version={version && { ...version, show: (index: number) => conversation.showVersion(turn, index) }}
      onAgain={turn && !isOld && !isRunning(exchange) ? again : null}
      onRate={(rating, remark) => conversation.rate(turn, rating, remark).catch((error: Error) => toast({ text: error.message }))}
    />
  );
}

/** Older messages are put above without moving what is being read. */
function Earlier({ conversation, view }: { conversation: Conversation; view: ConversationView }) {
  const words = useWords();
  const toast = useToast();
  const button = useRef<HTMLDivElement>(null);
  const height = useRef<number | null>(null);
  const first = view.exchanges[0]?.questions[0]?.id;
  useLayoutEffect(() => {
    const viewport = button.current?.parentElement;
    if (viewport && height.current !== null) viewport.scrollTop += viewport.scrollHeight - height.current;
    height.current = null;
  }, [first]);
  const load = () => {
    height.current = button.current!.parentElement!.scrollHeight;
    conversation.loadEarlier().catch((error: Error) => toast({ text: error.message }));
  };
  return <div ref={button} className="earlier">{view.earlier && <button type="button" className="button" onClick={load}>{words.chat.earlier}</button>}</div>;
}

function Latest() {
  const words = useWords();
  return (
    <ThreadPrimitive.ScrollToBottom className="latest" aria-label={words.answer.latest} title={words.answer.latest}>
      <Icon name="latest" />
    </ThreadPrimitive.ScrollToBottom>
  );
}

/** What was just asked comes into view, also while another answer runs, of which the runtime tells no beginning. */
function ToNewQuestion({ view }: { view: ConversationView }) {
  const viewport = useThreadViewportStore();
  const last = view.exchanges.at(-1)?.questions.at(-1);
  const [seen, setSeen] = useState(last?.id);
  useEffect(() => {
    if (last?.id === seen) return;
    setSeen(last?.id);
    if (last?.pending) viewport.getState().scrollToBottom({ behavior: "instant" });
  }, [last, seen, viewport]);
  return null;
}
