// The plain page: one box, one thread, one answer at a time; the thread's name lies in the address.
const $ = (id) => document.getElementById(id);
const newId = () => crypto.randomUUID?.() ?? Math.random().toString(36).slice(2);
const name = decodeURIComponent(location.hash.slice(1)) || newId();
history.replaceState(null, "", "#" + encodeURIComponent(name));
const base = "api/threads/" + encodeURIComponent(name);
let turn = null, source = null, parts = {}, id = newId(), cursor = "";

function add(kind, text) {
  const line = Object.assign(document.createElement("div"), { className: kind, textContent: text });
  $("thread").append(line);
  line.scrollIntoView({ block: "nearest" });
  return line;
}

function began(event) {
  turn = event.runId;
  $("stop").hidden = false;
  // Coming back in the middle of an answer, we have its beginning.
  if (parts.turn === turn) return;
  for (const line of event.input?.messages ?? []) add("question", line.content);
  parts = { turn, status: add("status", ""), answer: add("answer", ""), sources: add("sources", "") };
}

function ended(note) {
  parts.status.textContent = note;
  $("stop").hidden = true;
  turn = null;
}

const custom = {
  "penstock.status": (value) => { parts.status.textContent = value.label; },
  "penstock.waiting": (value) => { parts.status.textContent = value.ahead ? `Waiting: ${value.ahead} before this one` : ""; },
  "penstock.passage_cited": (value) => { parts.sources.append(`[${value.number}] ${value.source} `); },
  "penstock.taken_back": (value) => { parts.sources.textContent = ""; value.citations.forEach(custom["penstock.passage_cited"]); },
};

const heard = {
  RUN_STARTED: began,
  TEXT_MESSAGE_CONTENT: (event) => {
    parts.status.textContent = "";
    parts.answer.append(event.delta);
    parts.answer.scrollIntoView({ block: "end" });
  },
  // Something was taken back: what is left of the answer is its last line.
  MESSAGES_SNAPSHOT: (event) => {
    const last = event.messages.at(-1);
    parts.answer.textContent = last?.role === "assistant" && last.id.startsWith(turn) ? last.content : "";
  },
  CUSTOM: (event) => custom[event.name]?.(event.value),
  RUN_FINISHED: (event) => ended(event.outcome?.type === "cancelled" ? "Stopped." : ""),
  RUN_ERROR: (event) => ended(event.message),
};

function follow() {
  source = new EventSource(base + "/events" + (cursor && "?cursor=" + cursor));
  source.onmessage = ({ data, lastEventId }) => {
    const event = JSON.parse(data);
    heard[event.type]?.(event);
    cursor = lastEventId || cursor;
  };
  // Refused, say by a proxy while the server starts again: then it does not come back by itself.
  source.onerror = () => source.readyState === EventSource.CLOSED && setTimeout(follow, 3000);
}

$("ask").addEventListener("submit", async (submit) => {
  submit.preventDefault();
  const body = new Blob([JSON.stringify({ text: $("text").value, id })], { type: "application/json" });
  const response = await fetch(base + "/questions", { method: "POST", body }).catch(() => null);
  if (!response) return add("status", "The server cannot be reached. Ask again in a moment.");
  if (!response.ok) return add("status", (await response.json()).detail);
  id = newId();
  $("text").value = "";
  if (!source) follow();
});
$("stop").addEventListener("click", () => turn && fetch(`api/turns/${turn}/stop`, { method: "POST" }));
fetch(base).then((response) => { if (response.ok) follow(); });
