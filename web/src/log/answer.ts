/**
 * One answer as a reader should see it now: the fold of its events (docs/http-api.md lists them).
 *
 * Values only. `heard` gives the answer after an event; it is the same object when the event changes nothing.
 */

import { fields, lines, list, number, source, text, type Line, type WireEvent } from "./event.ts";

export type AnswerState = "queued" | "running" | "done" | "stopped" | "failed";

export type Source = { number: number; source: string; heading: string; text: string; score: number };

export type Answer = {
  /** Empty while the server has not taken the question yet. */
  turn: string;
  state: AnswerState;
  text: string;
  reasoning: string;
  /** What is being done while nothing is written yet. */
  status: string;
  /** So many answers come first. */
  ahead: number;
  sources: Source[];
  /** How a done answer ended: complete, length, blocked, refused or tool. */
  finish: string;
  stoppedBy: string;
  /** A sentence for the reader, of a failed answer. */
  error: string;
  errorCode: string;
  reference: string;
  model: string;
  /** Seconds since the epoch by the server's clock; 0 while not known. `endedS` is in transcripts, not in events. */
  askedS: number;
  endedS: number;
  epoch: number;
};

/** An answer of which nothing is known but that it will come. */
export function awaited(turn: string, known: Partial<Answer> = {}): Answer {
  return { ...NOTHING, turn, ...known };
}

export function hasEnded(answer: Answer): boolean {
  return answer.state === "done" || answer.state === "stopped" || answer.state === "failed";
}

/** The answer after this event. What this page does not know folds to nothing. */
export function heard(answer: Answer, event: WireEvent): Answer {
  switch (event.type) {
    case "TEXT_MESSAGE_CONTENT":
      // Engines keep what is added to a string as a rope: in a long answer a delta costs no more than in a short one.
      return { ...answer, state: "running", status: "", text: answer.text + text(event["delta"]) };
    case "REASONING_MESSAGE_CONTENT":
      return { ...answer, state: "running", reasoning: answer.reasoning + text(event["delta"]) };
    case "TOOL_CALL_START":
    case "TOOL_CALL_RESULT":
      return answer.state === "running" ? answer : { ...answer, state: "running" };
    case "CUSTOM":
      return custom(answer, text(event["name"]), fields(event["value"]));
    case "MESSAGES_SNAPSHOT":
      return restated(answer, lines(event["messages"]));
    case "RUN_FINISHED":
      return finished(answer, event);
    case "RUN_ERROR":
      return failed(answer, event);
    default:
      return answer;
  }
}

const NOTHING: Answer = {
  turn: "",
  state: "queued",
  text: "",
  reasoning: "",
  status: "",
  ahead: 0,
  sources: [],
  finish: "",
  stoppedBy: "",
  error: "",
  errorCode: "",
  reference: "",
  model: "",
  askedS: 0,
  endedS: 0,
  epoch: 0,
};

type Value = Readonly<Record<string, unknown>>;

function custom(answer: Answer, name: string, value: Value): Answer {
  switch (name) {
    case "penstock.status":
      return { ...answer, state: "running", status: text(value["label"]) };
    case "penstock.waiting":
      return { ...answer, ahead: number(value["ahead"]) };
    case "penstock.passage_cited":
      return { ...answer, state: "running", sources: [...answer.sources, source(value)] };
    case "penstock.taken_back":
      return { ...answer, epoch: number(value["epoch"]), sources: list(value["citations"]).map(source) };
    case "penstock.stopped":
      return { ...answer, stoppedBy: text(value["by"]) };
    default:
      return answer;
  }
}

/** What a snapshot of the whole conversation says of this answer: a message it does not have is gone. */
function restated(answer: Answer, messages: readonly Line[]): Answer {
  const ours = messages.filter((line) => line.id.startsWith(`${answer.turn}:`));
  const said = (role: string) => ours.find((line) => line.role === role)?.content ?? "";
  return { ...answer, text: said("assistant"), reasoning: said("reasoning") };
}

function finished(answer: Answer, event: WireEvent): Answer {
  const cancelled = fields(event["outcome"])["type"] === "cancelled";
  const finish = text(fields(event["result"])["finish"]);
  return { ...ended(answer, event), state: cancelled ? "stopped" : "done", finish };
}

function failed(answer: Answer, event: WireEvent): Answer {
  return {
    ...ended(answer, event),
    state: "failed",
    error: text(event["message"]),
    errorCode: text(event["code"]),
    reference: text(fields(event["metadata"])["reference"]),
  };
}

function ended(answer: Answer, event: WireEvent): Answer {
  const models = list(event["usage"]).map((used) => text(fields(used)["model"]));
  return { ...answer, status: "", ahead: 0, model: models.at(-1) || answer.model };
}
