/**
 * An AG-UI event as it came over the wire, and what can be read from it: the border, where nothing is trusted.
 *
 * Every reader gives a plain value whatever is there, because a newer server may send what this page does not know.
 */

import type { Source } from "./answer.ts";

export type WireEvent = { readonly type: string; readonly [field: string]: unknown };

/** One message of a conversation in a snapshot, or a question in the input of a run. */
export type Line = { id: string; role: string; content: string };

type Fields = Readonly<Record<string, unknown>>;

export function isEvent(value: unknown): value is WireEvent {
  return typeof value === "object" && value !== null && typeof (value as Fields)["type"] === "string";
}

export function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export function number(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

export function lines(value: unknown): Line[] {
  return list(value).map((line) => {
    const { id, role, content } = fields(line);
    return { id: text(id), role: text(role), content: text(content) };
  });
}

export function source(value: unknown): Source {
  const from = fields(value);
  return {
    number: number(from["number"]),
    source: text(from["source"]),
    heading: text(from["heading"]),
    text: text(from["text"]),
    score: number(from["score"]),
  };
}

/** The turn of an event that begins a run, or nothing. */
export function begins(event: WireEvent): string {
  return event.type === "RUN_STARTED" ? text(event["runId"]) : "";
}

/** The questions a run answers; none for a reader that comes back in the middle of it. */
export function asked(event: WireEvent): {
  questions: { id: string; text: string }[];
  replaces: string;
  askedS: number;
} {
  const input = fields(event["input"]);
  const more = fields(input["forwardedProps"]);
  const questions = lines(input["messages"])
    .filter((line) => line.role === "user")
    .map((line) => ({ id: givenId(line.id), text: line.content }));
  return { questions, replaces: text(more["replaces"]), askedS: number(more["askedS"]) };
}

/** The id that the client gave a question: the server may write channel and person before it. */
function givenId(id: string): string {
  return id.slice(id.lastIndexOf(":") + 1);
}
