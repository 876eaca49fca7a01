/** What the server answers under /api/admin: its shapes (server/admin_shapes.py), and one function for each route.
 *
 * Names that end in `_s` are seconds since the epoch, but `took_s`, `since_s`, `p50_s` and the like are seconds.
 */

import { api } from "../wire/api.ts";
import type { Page } from "../wire/server.ts";

// --- Shapes ---------------------------------------------------------------------

export type State = "queued" | "running" | "done" | "stopped" | "failed";
export const STATES: readonly State[] = ["running", "queued", "done", "stopped", "failed"];
export const isLive = (state: State) => state === "queued" || state === "running";

/** `key` is the thread's whole key, `thread` its name. `here`: the process that was asked answers it. */
export interface TurnFacts {
  turn: string;
  key: string;
  tenant: string;
  channel: string;
  thread: string;
  state: State;
  asked_s: number;
  /** 0: not yet. */
  ended_s: number;
  attempts: number;
  tries: number;
  stop_by: string;
  here: boolean;
}

export interface TurnRow extends TurnFacts {
  person: string;
  name: string;
  model: string;
  /** The conversation's. */
  title: string;
  /** Its beginning. */
  question: string;
  error_code: string;
  /** What a reader is told of a failure: the turn's id. */
  reference: string;
}

export interface Turns {
  turns: TurnRow[];
  more: string | null;
  running: number;
  queued: number;
  readers: number;
}

export interface Attempt {
  attempt: number;
  /** null: the log is from before times were kept. */
  began_s: number | null;
  why: string;
  first_word_s: number | null;
  chars: number;
  reasoning_chars: number;
}

export type MomentKind =
  | "received"
  | "waiting"
  | "began"
  | "first_word"
  | "status"
  | "passage"
  | "noted"
  | "tool"
  | "returned"
  | "step"
  | "retracted"
  | "usage"
  | "done"
  | "stopped"
  | "failed"
  | "unknown";

export type Detail = Readonly<Record<string, string | number | boolean | null>>;

export interface Moment {
  at_s: number | null;
  since_s: number | null;
  /** 0: before the first. */
  attempt: number;
  kind: MomentKind;
  what: string;
  detail: Detail;
}

export interface Timeline {
  turn: TurnFacts;
  attempts: Attempt[];
  moments: Moment[];
}

export interface ThreadRow {
  key: string;
  tenant: string;
  channel: string;
  thread: string;
  owner: string;
  title: string;
  created_s: number;
  asked_s: number;
  /** 0: not in the bin. */
  binned_s: number;
}

export type Rating = "up" | "down";

export interface Source {
  number: number;
  passage: { source: string; text: string; heading: string; score: number };
}

export interface Answer {
  turn: string;
  state: State;
  text: string;
  reasoning: string;
  status: string;
  citations: Source[];
  finish: string | null;
  stopped_by: string;
  error_code: string;
  error: string;
  reference: string;
}

export interface Told {
  questions: { id: string; text: string }[];
  answer: Answer;
  replaces: string;
  asked_s: number;
  ended_s: number;
  model: string;
  feedback: { rating: Rating; remark: string } | null;
}

export interface Transcript {
  thread: ThreadRow;
  turns: Told[];
  earlier: string | null;
}

export interface FeedbackRow {
  turn: string;
  key: string;
  thread: string;
  tenant: string;
  channel: string;
  person: string;
  title: string;
  rating: Rating;
  remark: string;
  rated_s: number;
}

export interface Outcomes {
  done: number;
  stopped: number;
  failed: number;
}

export interface Times {
  count: number;
  p50_s: number | null;
  p95_s: number | null;
}

export interface Usage {
  input_tokens: number;
  output_tokens: number;
  reasoning_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
}

export interface Counted {
  turns: Outcomes;
  errors: Readonly<Record<string, number>>;
  first_visible: Times;
  took: Times;
  usage: Usage;
}

export type Slot = Counted & { start_s: number };
export type Day = Counted & { day: string; model: string; channel: string };

export interface Statistics {
  since_s: number;
  until_s: number;
  step: "hour" | "day";
  slots: Slot[];
  days: Day[];
  total: Slot;
  models: string[];
  channels: string[];
}

export interface Document {
  source: string;
  path: string;
  passages: number;
  size_bytes: number;
  read_s: number;
}

export interface Knowledge {
  /** "program": it can be searched, and no more is known of it. */
  kind: "local" | "program";
  files: number;
  passages: number;
  documents: Document[];
  named: { path: string; by: string }[];
  broken: { path: string; reason: string }[];
}

export interface Passage {
  source: string;
  heading: string;
  text: string;
  score: number;
}

export interface Setting {
  name: string;
  section: string;
  value: unknown;
  is_default: boolean;
  origin: string;
  secret: boolean;
  help: string;
}

export interface Settings {
  settings: Setting[];
  version: string;
  model: { name: string; why: string };
}

// --- Calls ------------------------------------------------------------------------

export const turns = (query: { state: string; before: string; limit: number }) => api<Turns>("/api/admin/turns", { query });
export const timeline = (turn: string) => api<Timeline>(`/api/admin/turns/${encodeURIComponent(turn)}/timeline`);
export const stop = (turn: string) =>
  api<{ turn: string; state: State }>(`/api/admin/turns/${encodeURIComponent(turn)}/stop`, { method: "POST" });
export const threads = (query: { words: string; before: string; limit: number }) =>
  api<{ threads: ThreadRow[]; more: string | null }>("/api/admin/threads", { query });
export const transcript = (query: { key: string; before: string; limit: number }) =>
  api<Transcript>("/api/admin/thread", { query });
export const feedback = (query: { before: string; limit: number }) =>
  api<{ feedback: FeedbackRow[]; more: string | null }>("/api/admin/feedback", { query });
export const statistics = (hours: number) => api<Statistics>("/api/admin/statistics", { query: { hours } });
export const knowledge = () => api<Knowledge>("/api/admin/knowledge");
export const search = (query: { q: string; limit: number }) =>
  api<{ passages: Passage[]; took_s: number }>("/api/admin/knowledge/search", { query });
export const settings = () => api<Settings>("/api/admin/settings");
export const page = () => api<Page>("/api/page");
export const signOut = () => api<void>("/auth/sign-out", { method: "POST" });
