import { expect, test } from "vitest";
import { settled, WorldByHand } from "../wire/world-by-hand.ts";
import { asking } from "../wire/api.ts";
import { Server } from "../wire/server.ts";
import { told } from "./server-by-hand.ts";
import { SharedConversation } from "./shared.ts";

const PATH = "/api/shared/s3cret";

function opened(isSeen = () => true) {
  const world = new WorldByHand();
  const api = new Server(asking(world));
  return { world, conversation: new SharedConversation(world, () => api.shared("s3cret"), isSeen) };
}

const turns = (...all: ReturnType<typeof told>[]) => ({ title: "Title", turns: all });
const said = (conversation: SharedConversation) =>
  conversation.view().shared?.exchanges.map(({ answer }) => `${answer.state}: ${answer.text}`);

test("whoever reads a link in mid-answer sees the answer end, and what is asked later", async () => {
  const { world, conversation } = opened();
  await world.asked(PATH).gives(turns(told("t1", { state: "running", text: "" })));
  expect(said(conversation)).toEqual(["running: "]);

  await world.pass(1_500);
  await world.asked(PATH).gives(turns(told("t1")));
  expect(said(conversation)).toEqual(["done: It is t1."]);

  await world.pass(14_999);
  expect(world.open()).toEqual([]);
  await world.pass(1);
  await world.asked(PATH).gives(turns(told("t1"), told("t2")));
  expect(said(conversation)).toEqual(["done: It is t1.", "done: It is t2."]);
});

test("what has not changed stays the same object", async () => {
  const { world, conversation } = opened();
  await world.asked(PATH).gives(turns(told("t1"), told("t2", { state: "running" })));
  const before = conversation.view();

  await world.pass(1_500);
  await world.asked(PATH).gives(turns(told("t1"), told("t2", { state: "running" })));
  expect(conversation.view()).toBe(before);
  await world.pass(1_500);
  await world.asked(PATH).gives(turns(told("t1"), told("t2")));

  expect(conversation.view().shared!.exchanges[0]).toBe(before.shared!.exchanges[0]);
  expect(conversation.view().shared!.exchanges[1]).not.toBe(before.shared!.exchanges[1]);
});

test("a server that is away takes nothing from the reader, a revoked link takes all", async () => {
  const { world, conversation } = opened();
  await world.asked(PATH).gives(turns(told("t1")));
  await world.pass(15_000);
  await world.asked(PATH).fails();
  expect(conversation.view()).toMatchObject({ error: null, shared: { title: "Title" } });

  await world.pass(15_000);
  await world.asked(PATH).refuses(404, "not-found", "There is no such link.");
  expect(conversation.view().errorCode).toBe("not_found");
  await world.pass(60_000);

  expect(world.open()).toEqual([]);
});

test("a page in the background asks for nothing until somebody looks, and a closed one never", async () => {
  let isSeen = false;
  const { world, conversation } = opened(() => isSeen);
  await world.asked(PATH).gives(turns(told("t1")));
  await world.pass(60_000);
  expect(world.open()).toEqual([]);

  isSeen = true;
  await world.wake();
  await world.asked(PATH).gives(turns(told("t1")));
  conversation.close();
  await world.pass(60_000);
  await settled();

  expect(world.open()).toEqual([]);
});
