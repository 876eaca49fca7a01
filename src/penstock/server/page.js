// The plain page: one box, one thread, one answer at a time. The thread's name lies in the
// address, so a reload reads it again, and EventSource comes back by itself with its cursor.
const $ = (id) => document.getElementById(id);
const name = location.hash.slice(1) || Math.random().toString(36).slice(2);
history.replaceState(null, "", "#" + name);
const base = "api/threads/" + encodeURIComponent(name);
let turn = null, source = null, parts = {};

function add(kind, text) {
  const line = document.createElement("div");
  line.className = kind;
  line.textContent = text;
  $("thread").append(line);
  return line;
}

function began(event) {
  turn = event.runId;
  for (const line of event.input?.messages ?? []) add("question", line.content);
  parts = parts.turn === turn ? parts : { turn, status: add("status", ""), answer: add("answer", ""), sources: add("sources", "") };
  $("stop").hidden = false;
}

function ended(note) {
  parts.status.textContent = note;
  $("stop").hidden = true;
  turn = null;
}

const custom = {
  "penstock.status": (value) => { parts.status.textContent = value.label; },
  "penstock.waiting": (value) => { parts.status.textContent = `Waiting: ${value.ahead} before this one`; },
  "penstock.passage_cited": (value) => { parts.sources.append(`[${value.number}] ${value.source} `); },
  "penstock.taken_back": () => { parts.answer.textContent = ""; parts.sources.textContent = ""; },
};

const heard = {
  RUN_STARTED: began,
  TEXT_MESSAGE_CONTENT: (event) => { parts.status.textContent = ""; parts.answer.append(event.delta); },
  MESSAGES_SNAPSHOT: () => { parts.answer.textContent = ""; },
  CUSTOM: (event) => custom[event.name]?.(event.value),
  RUN_FINISHED: (event) => ended(event.outcome?.type === "cancelled" ? "Stopped." : ""),
  RUN_ERROR: (event) => ended(event.message),
};

function follow() {
  source = new EventSource(base + "/events");
  source.onmessage = (message) => { const event = JSON.parse(message.data); heard[event.type]?.(event); };
}

$("ask").addEventListener("submit", async (submit) => {
  submit.preventDefault();
  const text = $("text").value;
  const body = JSON.stringify({ text, id: crypto.randomUUID?.() ?? String(Math.random()) });
  const response = await fetch(base + "/questions", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  if (!response.ok) return add("status", (await response.json()).detail);
  $("text").value = "";
  if (!source || source.readyState === EventSource.CLOSED) follow();
});
$("stop").addEventListener("click", () => turn && fetch(`api/turns/${turn}/stop`, { method: "POST" }));
fetch(base).then((response) => { if (response.ok) follow(); });
