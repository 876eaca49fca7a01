// Runs the plain page's script with a document of its own. Takes the script on stdin; prints
// which streams it opened and what it shows, after one that was refused in mid-answer.
import { readFileSync } from "node:fs";
import vm from "node:vm";

class Line {
  textContent = "";
  append(...parts) { for (const part of parts) this.textContent += part.textContent ?? part; }
  addEventListener() {}
  scrollIntoView() {}
}

class EventSource {
  static CLOSED = 2;
  static opened = [];
  readyState = 1;
  constructor(url) { this.url = url; EventSource.opened.push(this); }
  say(event, lastEventId) { this.onmessage({ data: JSON.stringify(event), lastEventId }); }
  refused() { this.readyState = EventSource.CLOSED; this.onerror?.(); }
}

const elements = {}, lines = [], timers = [];
vm.runInNewContext(readFileSync(0, "utf8"), {
  EventSource,
  crypto: { randomUUID: () => "id" },
  document: {
    getElementById: (id) => (elements[id] ??= new Line()),
    createElement: () => (lines.push(new Line()), lines.at(-1)),
  },
  fetch: async () => ({ ok: true }),
  history: { replaceState() {} },
  location: { hash: "#t1" },
  setTimeout: (act) => timers.push(act),
});
await new Promise(setImmediate);

const began = { type: "RUN_STARTED", runId: "5e0c" };
const said = (delta) => ({ type: "TEXT_MESSAGE_CONTENT", messageId: "5e0c:0", delta });
const [first] = EventSource.opened;
first.say({ ...began, input: { messages: [{ content: "Capital?" }] } }, "");
first.say(said("Pa"), "5e0c.1.1");
first.refused();
timers.splice(0).forEach((act) => act());
const again = EventSource.opened.at(-1);
again.say(began, "");
again.refused();
timers.splice(0).forEach((act) => act());
EventSource.opened.at(-1).say(began, "");
EventSource.opened.at(-1).say(said("ris"), "5e0c.1.2");

const shown = lines.filter((line) => line.textContent).map((line) => [line.className, line.textContent]);
console.log(JSON.stringify({ opened: EventSource.opened.map((source) => source.url), shown }));
