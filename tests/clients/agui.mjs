// Lets the official AG-UI client read streams, and prints what it made of them.
// In (stdin): {"url": base, "cases": [{"messages": [...], "paths": [...]}, ...]}; a case is one client that
// reads its paths one after the other. Out: {"cases": [{"messages", "results", "failures", "customs"}], "warnings"}.
import { HttpAgent } from "@ag-ui/client";

const warnings = [];
console.warn = (...said) => warnings.push(said.join(" "));
console.error = console.warn;

class Reader extends HttpAgent {
  requestInit(input) {
    const { body, ...rest } = super.requestInit(input);
    return { ...rest, method: "GET" };
  }
}

async function read(url, { messages, paths }) {
  const agent = new Reader({ url, threadId: "web:1", initialMessages: messages });
  const seen = { results: [], failures: [], customs: [] };
  for (const path of paths) {
    agent.url = url + path;
    try {
      const { result } = await agent.runAgent({}, {
        onCustomEvent: ({ event }) => { seen.customs.push([event.name, event.value]); },
        onRunErrorEvent: ({ event }) => { seen.failures.push(event); },
        onRunFinishedEvent: ({ event, outcome }) => { seen.outcome = outcome; seen.usage = event.usage; },
      });
      if (result !== undefined) seen.results.push(result);
    } catch (error) {
      seen.failures.push(String(error));
    }
  }
  return { messages: agent.messages, ...seen };
}

let given = "";
for await (const piece of process.stdin) given += piece;
const { url, cases } = JSON.parse(given);
const found = [];
for (const one of cases) found.push(await read(url, one));
console.log(JSON.stringify({ cases: found, warnings }));
