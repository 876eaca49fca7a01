import { beforeEach, expect, test } from "vitest";
import { asked, put } from "./button.ts";
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
