import { expect, test } from "vitest";
import { inside } from "./inside.ts";
import { CLOSE, HELLO, OPENED } from "./messages.ts";

const someWindow = () => document.body.appendChild(document.createElement("iframe")).contentWindow!;

/** A window in a frame: what it told the page around it, and how often its composer was focused. */
function framed() {
  const told: unknown[] = [];
  const parent = Object.assign(someWindow(), { postMessage: (message: unknown) => told.push(message) });
  const frame = Object.assign(new EventTarget(), { parent }) as unknown as Window;
  const seen = { told, focused: 0, frame, parent, greeted: undefined as unknown };
  inside(frame, () => seen.focused++);
  // Its first word, which a test of its own is about.
  seen.greeted = told.shift();
  return seen;
}

const key = (name: string) => new KeyboardEvent("keydown", { key: name, cancelable: true });

test("the page around it hears that the chat is there", () => {
  expect(framed().greeted).toEqual({ type: HELLO });
});

test("Escape in the frame asks the page around it to close the panel", () => {
  const { frame, told } = framed();

  frame.dispatchEvent(key("a"));
  frame.dispatchEvent(key("Escape"));

  expect(told).toEqual([{ type: CLOSE }]);
});

test("Escape that closed a menu, or ended an input method's suggestion, does not close the panel", () => {
  const { frame, told } = framed();
  const taken = key("Escape");
  taken.preventDefault();

  frame.dispatchEvent(taken);
  frame.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", isComposing: true }));

  expect(told).toEqual([]);
});

test("the composer is focused when the page around says so, and nobody else", () => {
  const seen = framed();
  const says = (source: Window) => new MessageEvent("message", { data: { type: OPENED }, source });

  seen.frame.dispatchEvent(says(someWindow()));
  expect(seen.focused).toBe(0);

  seen.frame.dispatchEvent(says(seen.parent));
  expect(seen.focused).toBe(1);
});

test("a chat that is a page of its own tells nobody anything", () => {
  inside(window, () => {
    throw new Error("focused");
  });

  window.dispatchEvent(key("Escape"));
  window.dispatchEvent(new MessageEvent("message", { data: { type: OPENED }, source: window }));
});
