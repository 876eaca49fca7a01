import { beforeEach, expect, test, vi } from "vitest";
import { asked, awaitHello, put } from "./button.ts";
import { HELLO } from "./messages.ts";
import { readableOn } from "./style.ts";

function script(attributes: Record<string, string> = {}): HTMLScriptElement {
  const element = document.createElement("script");
  element.src = "https://ask.example.org/chat/embed.js?1";
  Object.assign(element.dataset, attributes);
  return element;
}

beforeEach(() => document.body.replaceChildren());

test("the script's own address says where the server is, wherever it is mounted", () => {
  expect(asked(script(), "en").root).toBe("https://ask.example.org/chat/");
});

test("what the tag does not say is said in the page's language", () => {
  expect(asked(script(), "ja-JP")).toMatchObject({ label: "質問する", close: "閉じる", atStart: false });
  expect(asked(script({ label: "Ask us" }), "ja")).toMatchObject({ label: "Ask us", close: "閉じる" });
  expect(asked(script(), "fi")).toMatchObject({ label: "Ask", close: "Close" });
});

test("a page that has the script twice has one button for each server", () => {
  put(asked(script(), "en"), document);
  put(asked(script({ label: "Again" }), "en"), document);
  put({ ...asked(script(), "en"), root: "https://other.example.org/" }, document);

  expect([...document.body.children].map((host) => host.shadowRoot?.querySelector("button")?.textContent)).toEqual(["Ask", "Ask"]);
});

test("nothing is loaded before somebody asks", () => {
  put(asked(script(), "en"), document);

  expect(document.querySelector("div")?.shadowRoot?.querySelector("iframe")?.src).toBe("");
});

test("a label is text, whatever it looks like", () => {
  put(asked(script({ label: "<img src=x>" }), "en"), document);

  const button = document.querySelector("div")?.shadowRoot?.querySelector("button");
  expect([button?.textContent, button?.children.length]).toEqual(["<img src=x>", 0]);
});

test("a chat that says nothing for a while is said not to show, until it does", () => {
  vi.useFakeTimers();
  const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const frame = document.body.appendChild(document.createElement("iframe"));
  const absent = Object.assign(document.createElement("p"), { hidden: true });
  const says = (source: Window | null) => window.dispatchEvent(new MessageEvent("message", { data: { type: HELLO }, source }));

  awaitHello(frame, absent, window);
  vi.advanceTimersByTime(4_999);
  expect(absent.hidden).toBe(true);

  vi.advanceTimersByTime(1);
  says(window);
  expect([absent.hidden, String(warned.mock.calls[0])]).toEqual([false, expect.stringContaining("embed_origins")]);

  says(frame.contentWindow);
  expect(absent.hidden).toBe(true);
  vi.useRealTimers();
  warned.mockRestore();
});

test("a chat that says hello in time is left alone", () => {
  vi.useFakeTimers();
  const frame = document.body.appendChild(document.createElement("iframe"));
  const absent = Object.assign(document.createElement("p"), { hidden: true });

  awaitHello(frame, absent, window);
  window.dispatchEvent(new MessageEvent("message", { data: { type: HELLO }, source: frame.contentWindow }));
  vi.advanceTimersByTime(60_000);

  expect(absent.hidden).toBe(true);
  vi.useRealTimers();
});

test.each([
  ["#000000", "#fff"],
  ["#2f6f5e", "#fff"],
  ["#cc3300", "#fff"],
  ["#ffcc00", "#000"],
  ["#ffffff", "#000"],
  ["tomato", "#fff"],
])("what stands on %s is %s", (colour, readable) => {
  expect(readableOn(colour)).toBe(readable);
});
