// @vitest-environment jsdom
import { act } from "react";
import { createRoot } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it, test, vi } from "vitest";
import type { Answer, Exchange } from "../store/index.ts";
import { Announcer } from "./Announcer.tsx";
import { AnswerView } from "./AnswerView.tsx";
import { Growing } from "./Growing.tsx";
import { convert, isRunning, messagesOf } from "./messages.ts";
import { shortcutOf } from "./shortcuts.ts";

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

const ANSWER: Answer = {
  turn: "t1", state: "done", text: "It opens at nine [1].", reasoning: "", status: "", ahead: 0, finish: "complete", stoppedBy: "",
  sources: [{ number: 1, source: "hours.md", heading: "Hours", text: "Nine.", score: 1 }],
  error: "", errorCode: "", reference: "", model: "m", askedS: 1, endedS: 2, epoch: 0,
};
const exchange = (answer: Partial<Answer> = {}, more: Partial<Exchange> = {}): Exchange => ({
  questions: [{ id: "q1", text: "When?" }], answer: { ...ANSWER, ...answer }, replaces: "", feedback: null, ...more,
});

let place: HTMLElement;
let root: ReturnType<typeof createRoot>;
beforeEach(() => {
  place = document.body.appendChild(document.createElement("div"));
  root = createRoot(place);
});
afterEach(() => {
  act(() => root.unmount());
  place.remove();
});

describe("Enter asks", () => {
  const press = (init: KeyboardEventInit): boolean => {
    let isAsked = false;
    act(() => root.render(<form onSubmit={(event) => { event.preventDefault(); isAsked = true; }}><Growing value="x" onChange={() => undefined} label="Question" /></form>));
    act(() => place.querySelector("textarea")!.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ...init })));
    return isAsked;
  };
  beforeEach(() => vi.stubGlobal("CSS", { supports: () => true }));
  afterEach(() => vi.unstubAllGlobals());

  it.each<[string, KeyboardEventInit, boolean]>([
    ["and nothing else does", {}, true],
    ["but breaks the line with Shift", { shiftKey: true }, false],
    ["but takes the proposal of an input method", { isComposing: true }, false],
    ["but takes it in Safari, which says so by key code alone", { keyCode: 229 } as KeyboardEventInit, false],
  ])("%s", (_, init, asked) => expect(press(init)).toBe(asked));
});

test("each question and each answer is a message, and what has not changed stays the same one", () => {
  const one = exchange();

  const [question, answer] = messagesOf([one]);

  expect(messagesOf([one, exchange()]).slice(0, 2)).toEqual([question, answer]);
  expect(messagesOf([one])[1]).toBe(answer);
  expect([convert(question!).content, convert(answer!).content]).toEqual(["When?", ANSWER.text]);
});

test("a question that was refused has no answer to wait for", () => {
  const refused = exchange({ turn: "", state: "queued", text: "" }, { questions: [{ id: "q1", text: "When?", failed: "Too many." }] });

  expect(messagesOf([refused]).map(({ role }) => role)).toEqual(["user"]);
  expect(isRunning(refused)).toBe(false);
});

describe("keys", () => {
  const key = (key: string, more: Partial<KeyboardEvent> = {}) => ({ key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, isComposing: false, ...more });

  it.each([
    [key("o", { ctrlKey: true, shiftKey: true }), true, "newChat"],
    [key("K", { metaKey: true }), true, "search"],
    [key("/"), false, "focus"],
    [key("/"), true, null],
    [key("?", { shiftKey: true }), false, "help"],
    [key("Escape"), true, "stop"],
    [key("Escape", { isComposing: true }), true, null],
    [key("c", { ctrlKey: true }), false, null],
  ])("%j while typing: %s", (event, isTyping, shortcut) => expect(shortcutOf(event, isTyping)).toBe(shortcut));
});

describe("an answer", () => {
  const shown = (answer: Partial<Answer>) => {
    act(() => root.render(<AnswerView answer={{ ...ANSWER, ...answer }} />));
    return place;
  };

  test("cites by numbers that are buttons, and lists its sources", () => {
    const page = shown({});
    expect(page.querySelector(".footnote")!.getAttribute("aria-label")).toBe("Source 1: hours.md");
    expect(page.querySelector(".sources")!.textContent).toContain("hours.md Hours");
  });

  test("leaves a number that is no source of its own as text", () => {
    expect(shown({ text: "See [7]." }).querySelector(".markdown")!.textContent).toBe("See [7].");
  });

  test("says what is being done while nothing is written yet", () => {
    expect(shown({ state: "running", text: "", status: "Looking in the handbook…" }).textContent).toContain("Looking in the handbook…");
    expect(shown({ state: "queued", text: "", ahead: 2 }).textContent).toContain("2 answers come first");
  });

  test("that was stopped keeps its words and says so", () => {
    expect(shown({ state: "stopped", text: "It opens", stoppedBy: "ada" }).textContent).toContain("It opensStopped. The answer ends here.");
  });

  test("that failed says what to do, and its reference", () => {
    const alert = shown({ state: "failed", text: "It", error: "Please ask again.", reference: "t1" }).querySelector("[role=alert]")!;
    expect(alert.textContent).toBe("Please ask again.Reference: t1");
  });

  test("shows its reasoning when it is asked to", async () => {
    const page = shown({ reasoning: "Two words." });
    expect(page.querySelector("summary")!.textContent).toBe("Reasoning, 2 words");
    await act(async () => {
      page.querySelector("details")!.open = true;
      page.querySelector("details")!.dispatchEvent(new Event("toggle"));
    });
    expect(page.querySelector("details")!.textContent).toContain("Two words.");
  });
});

test("an answer is read out to its end, also when another was asked meanwhile", () => {
  const running = (text: string) => exchange({ state: "running", text });
  const asked = exchange({ turn: "", state: "queued", text: "" }, { questions: [{ id: "q2", text: "And?", pending: true }] });
  const hear = (...exchanges: Exchange[]) => act(() => root.render(<Announcer exchanges={exchanges} />));
  hear(running(""));

  hear(running("It opens "), asked);
  hear(running(""), asked);
  hear(exchange({ text: "It opens at nine." }), asked);
  hear(exchange({ text: "It opens at nine." }), exchange({ turn: "t2", text: "At ten." }, { questions: [{ id: "q2", text: "And?" }] }));

  const said = [...place.querySelectorAll("p")].map((one) => one.textContent);
  expect(said).toEqual(["It opens at nine.", "The answer is complete.", "At ten.", "The answer is complete."]);
});
