/**
 * A conversation without a page, for tests with a real server (tests/faults/test_page_killed.py): run by Node.
 *
 *     node driver.ts <address of the server> <thread> socket|streams
 *
 * In: lines of JSON, {"ask": "text"} or {"stop": true}. Out: its view, as a line, whenever that is another.
 */

import { createInterface } from "node:readline";
import type { Wire as WireClass } from "../wire/wire.ts";
import type { SocketLike, World } from "../wire/world.ts";

const [address = "", thread = "", way = "socket"] = process.argv.slice(2);

// root.ts reads it from the page, of which there is none here.
Object.assign(globalThis, { document: { documentElement: { dataset: {} } } });
const { Wire } = await import("../wire/wire.ts");
const { Conversation } = await import("./conversation.ts");

const kept = new Map<string, string>();
const world: World = {
  fetch: (path, init) => fetch(address + path, init),
  openSocket: (path) => new WebSocket(reached(path)) as unknown as SocketLike,
  nowMs: () => Date.now(),
  after: (ms, then) => cancelled(setTimeout(then, ms)),
  frame: (then) => cancelled(setTimeout(then, 0)),
  random: () => Math.random(),
  newId: () => crypto.randomUUID(),
  isOnline: () => true,
  onAwake: () => () => {},
  onOffline: () => () => {},
  kept: {
    get: (name) => kept.get(name) ?? null,
    set: (name, value) => void (value === null ? kept.delete(name) : kept.set(name, value)),
    clear: () => kept.clear(),
  },
};

/** Where sockets are to fail, an address at which the server has none. */
function reached(path: string): string {
  return address.replace(/^http/, "ws") + (way === "socket" ? path : "/nothing");
}

function cancelled(timer: NodeJS.Timeout): () => void {
  return () => clearTimeout(timer);
}

const wire: WireClass = new Wire(world, "none");
const conversation = new Conversation(wire, thread, { isNew: true });
conversation.subscribe(() => console.log(JSON.stringify(conversation.view())));

for await (const line of createInterface({ input: process.stdin })) {
  const said = JSON.parse(line) as { ask?: string; stop?: boolean };
  if (said.ask) conversation.ask(said.ask);
  if (said.stop) conversation.stop();
}
process.exit(0);
