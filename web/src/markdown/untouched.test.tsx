// @vitest-environment jsdom
import { act } from "react";
import { createRoot } from "react-dom/client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Markdown } from "./Markdown.tsx";

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

const PART = "## A part\n\nSome **bold** text with `code`, [a link](https://example.com) and a footnote [1].\n\n- one\n- two\n\n```python\nprint(1)\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n";

let place: HTMLElement;
let root: ReturnType<typeof createRoot>;
const show = (text: string) => act(() => root.render(<Markdown text={text} growing />));

beforeEach(() => {
  place = document.createElement("div");
  root = createRoot(place);
});
afterEach(() => act(() => root.unmount()));

/** Where the page changed while the answer grew by these pieces: places among the children of the Markdown. */
async function changed(text: string, pieces: string[]): Promise<Set<number>> {
  await show(text);
  const shown = place.firstElementChild!;
  const touched = new Set<number>();
  const records: MutationRecord[] = [];
  const observer = new MutationObserver((news) => records.push(...news));
  observer.observe(shown, { subtree: true, childList: true, characterData: true, attributes: true });
  for (const piece of pieces) {
    text += piece;
    await show(text);
    for (const { target, addedNodes } of [...records.splice(0), ...observer.takeRecords()]) {
      for (const node of target === shown ? addedNodes : [target]) {
        touched.add([...shown.children].findIndex((child) => child.contains(node)));
      }
    }
  }
  observer.disconnect();
  return touched;
}

test("at the end of a long answer a few words change the last block and nothing else", async () => {
  const text = PART.repeat(60);

  const touched = await changed(text, ["And ", "then ", "**some", " more**", " words"]);

  expect([...touched]).toEqual([place.firstElementChild!.children.length - 1]);
});

test("of a long list only its last item changes, of a long table its last row", async () => {
  const list = "- item\n".repeat(200) + "- la";
  await show(list);
  const items = [...place.querySelectorAll("li")].map((item) => item.firstChild);
  await show(list + "st **words**");
  expect([...place.querySelectorAll("li")].slice(0, -1).map((item) => item.firstChild)).toEqual(items.slice(0, -1));

  const table = "| a |\n|---|\n" + "| b |\n".repeat(200);
  await show(table);
  const row = place.querySelector("tbody")!.firstElementChild!;
  await show(table + "| new |\n");
  expect(place.querySelector("tbody")!.firstElementChild).toBe(row);
  expect(place.querySelectorAll("tbody tr")).toHaveLength(201);
});

test("what was taken back is gone, and the rest stays", async () => {
  await show("One.\n\nTwo is **wrong");
  const first = place.querySelector("p")!;

  await show("One.\n\n");

  expect(place.querySelector("p")).toBe(first);
  expect(place.textContent).toBe("One.");
});
