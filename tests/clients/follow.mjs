// Lets the official AG-UI client follow a turn at a real server, over a network that breaks, and prints what it
// made of it. In (stdin): {"url", "messages", "headers", "cuts": ["Pa", ...]}: each connection ends when those words
// have come by; the next one sends Last-Event-ID, as an EventSource would. Out: {"messages", "failures", "outcome",
// "sent": [the Last-Event-ID of each connection]}.
import { HttpAgent } from "@ag-ui/client";

let given = "";
for await (const piece of process.stdin) given += piece;
const { url, messages, headers, cuts } = JSON.parse(given);

let cursor = null;
const found = { failures: [], sent: [] };

// Passes whole events on, notes their ids, and ends right after the one with which `cut` has been said.
async function* breaking(body, cut) {
  let rest = "", said = "";
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    rest += chunk;
    for (let end; (end = rest.indexOf("\n\n")) >= 0; rest = rest.slice(end + 2)) {
      const event = rest.slice(0, end + 2);
      cursor = /^id: ?(.*)$/m.exec(event)?.[1] ?? cursor;
      const data = /^data: ?(.*)$/m.exec(event);
      said += data ? JSON.parse(data[1]).delta ?? "" : "";
      yield new TextEncoder().encode(event);
      if (cut && said.endsWith(cut)) return;
    }
  }
}

class Follower extends HttpAgent {
  requestInit(input) {
    const { body, ...rest } = super.requestInit(input);
    return { ...rest, method: "GET" };
  }
}

const agent = new Follower({
  url,
  threadId: "t1",
  initialMessages: messages,
  fetch: async (address, init) => {
    found.sent.push(cursor);
    const resume = cursor ? { "Last-Event-ID": cursor } : {};
    const response = await fetch(address, { ...init, headers: { ...init.headers, ...headers, ...resume } });
    const events = ReadableStream.from(breaking(response.body, cuts[found.sent.length - 1]));
    return new Response(events, { status: response.status, headers: response.headers });
  },
});

for (let connection = 0; connection <= cuts.length; connection++) {
  try {
    await agent.runAgent({}, { onRunFinishedEvent: ({ outcome }) => { found.outcome = outcome; } });
  } catch (error) {
    found.failures.push(String(error));
  }
}
console.log(JSON.stringify({ ...found, messages: agent.messages }));
