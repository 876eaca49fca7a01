/** The server's HTTP API as far as the chat uses it (docs/http-api.md): shapes in, the page's values out. */

import { awaited, type Answer, type AnswerState, type Source } from "../log/answer.ts";
import { fields, list, number, source, text } from "../log/event.ts";
import type { Exchange, Feedback } from "../log/exchange.ts";
import type { Ask } from "./api.ts";

export type Auth = "none" | "token" | "oidc";
export type Page = {
  title: string;
  greeting: string;
  suggestions: string[];
  accent: string;
  logo: string | null;
  auth: Auth;
  version: string;
};
export type Me = { id: string; name: string; admin: boolean; auth: Auth };
export type ThreadItem = { thread: string; title: string; createdS: number; askedS: number };
export type Threads = { threads: ThreadItem[]; more: string | null };
export type Accepted = { turn: string; state: AnswerState; ahead: number };
export type Transcript = {
  title: string;
  shared: string | null;
  exchanges: Exchange[];
  /** Pass it as `before` to read on backwards. */
  earlier: string | null;
  /** From where to follow. */
  cursor: string | null;
};
export type Shared = { title: string; exchanges: Exchange[] };
export type Asked = { id: string; text: string; replaces: string };

export class Server {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  page = () => this.#ask<Page>("/api/page");
  me = () => this.#ask<Me>("/api/me");
  signIn = (token: string) => this.#ask<void>("/auth/token", { method: "POST", body: { token } });
  signOut = () => this.#ask<void>("/auth/sign-out", { method: "POST" });

  async ticket(): Promise<string> {
    return (await this.#ask<{ ticket: string }>("/api/ticket", { method: "POST" })).ticket;
  }

  async threads(words: string, before?: string, limit = 50): Promise<Threads> {
    const found = await this.#ask<Json>("/api/threads", { query: { words, before, limit } });
    return { threads: list(found["threads"]).map(item), more: text(found["more"]) || null };
  }

  async change(thread: string, change: { title?: string; deleted?: boolean }): Promise<ThreadItem> {
    return item(await this.#ask<Json>(at(thread), { method: "PATCH", body: change }));
  }

  async transcript(thread: string, before?: string, limit = 50): Promise<Transcript> {
    return transcript(await this.#ask<Json>(at(thread), { query: { before, limit } }));
  }

  async ask(thread: string, { id, text: words, replaces }: Asked): Promise<Accepted> {
    const body = { id, text: words, ...(replaces && { replaces }) };
    return this.#ask<Accepted>(`${at(thread)}/questions`, { method: "POST", body });
  }

  stop = (turn: string) => this.#ask<void>(`${ofTurn(turn)}/stop`, { method: "POST" });

  rate(turn: string, feedback: Feedback | null): Promise<void> {
    const path = `${ofTurn(turn)}/feedback`;
    return feedback
      ? this.#ask(path, { method: "PUT", body: feedback })
      : this.#ask(path, { method: "DELETE" });
  }

  share = (thread: string) =>
    this.#ask<{ token: string; path: string }>(`${at(thread)}/share`, { method: "PUT" });
  unshare = (thread: string) => this.#ask<void>(`${at(thread)}/share`, { method: "DELETE" });

  async shared(token: string): Promise<Shared> {
    const found = await this.#ask<Json>(`/api/shared/${encodeURIComponent(token)}`);
    return { title: text(found["title"]), exchanges: list(found["turns"]).map(exchange) };
  }
}

// --- Wire: plain data in, plain data out ------------------------------------------------

type Json = Readonly<Record<string, unknown>>;

const STATES: readonly string[] = ["queued", "running", "done", "stopped", "failed"] satisfies AnswerState[];

function at(thread: string): string {
  return `/api/threads/${encodeURIComponent(thread)}`;
}

function ofTurn(turn: string): string {
  return `/api/turns/${encodeURIComponent(turn)}`;
}

function item(value: unknown): ThreadItem {
  const found = fields(value);
  return {
    thread: text(found["thread"]),
    title: text(found["title"]),
    createdS: number(found["created_s"]),
    askedS: number(found["asked_s"]),
  };
}

export function transcript(found: Json): Transcript {
  return {
    title: text(found["title"]),
    shared: text(found["shared"]) || null,
    exchanges: list(found["turns"]).map(exchange),
    earlier: text(found["earlier"]) || null,
    cursor: text(found["cursor"]) || null,
  };
}

export function exchange(value: unknown): Exchange {
  const turn = fields(value);
  return {
    questions: list(turn["questions"])
      .map(fields)
      .map((asked) => ({ id: text(asked["id"]), text: text(asked["text"]) })),
    answer: answer(turn, fields(turn["answer"])),
    replaces: text(turn["replaces"]),
    feedback: feedback(turn["feedback"]),
  };
}

function answer(turn: Json, found: Json): Answer {
  return awaited(text(found["turn"]), {
    state: STATES.includes(text(found["state"])) ? (found["state"] as AnswerState) : "done",
    text: text(found["text"]),
    reasoning: text(found["reasoning"]),
    status: text(found["status"]),
    ahead: number(found["ahead"]),
    sources: list(found["citations"]).map(cited),
    finish: text(found["finish"]),
    stoppedBy: text(found["stopped_by"]),
    error: text(found["error"]),
    errorCode: text(found["error_code"]),
    reference: text(found["reference"]),
    epoch: number(found["epoch"]),
    model: text(turn["model"]),
    askedS: number(turn["asked_s"]),
    endedS: number(turn["ended_s"]),
  });
}

/** In a transcript the passage stands beside its number; in an event they are one. */
function cited(value: unknown): Source {
  const found = fields(value);
  return source({ ...fields(found["passage"]), ...found });
}

function feedback(value: unknown): Feedback | null {
  const { rating, remark } = fields(value);
  return rating === "up" || rating === "down" ? { rating, remark: text(remark) } : null;
}
