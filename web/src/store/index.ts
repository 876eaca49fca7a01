/**
 * What the page shows, as objects for `useSyncExternalStore`: `subscribe(listener)` and `view()`.
 *
 * A view and everything in it keep their identity while they do not change.
 */

export type { Answer, AnswerState, Source } from "../log/answer.ts";
export type { Exchange, Feedback, Question, Version } from "../log/exchange.ts";
export { ApiError } from "../wire/problem.ts";
export type { ConnectionState } from "../wire/connection.ts";
export type { Auth, Me, Page, Shared, ThreadItem } from "../wire/server.ts";
export { openWire, server, type Wire } from "../wire/wire.ts";
export { Conversation } from "./conversation.ts";
export type { ConversationView } from "./showing.ts";
export { Conversations, type ConversationsView } from "./conversations.ts";
export { drafts } from "./drafts.ts";
export { openShared } from "./open-shared.ts";
