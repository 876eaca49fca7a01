import { expect, test } from "vitest";
import { settled } from "../wire/world-by-hand.ts";
import { Conversations } from "./conversations.ts";
import { given } from "./server-by-hand.ts";

const LIST = "/api/threads";
const one = (thread: string, title = thread) => ({ thread, title, created_s: 1, asked_s: 2 });
const list = (threads: string[], more: string | null = null) => ({
  threads: threads.map((name) => one(name)),
  more,
});
const titles = (conversations: Conversations) => conversations.view().threads.map(({ title }) => title);

test("the list is read, and read on", async () => {
  const { world, conversations } = given_();
  expect(conversations.view()).toMatchObject({ threads: [], loading: true });
  await world.asked(LIST).gives(list(["a", "b"], "b"));
  expect(conversations.view()).toMatchObject({ loading: false, more: true });

  conversations.more();
  conversations.more();
  expect(world.open()).toEqual([`GET ${LIST}`]);
  expect(world.asked(LIST).query.get("before")).toBe("b");
  await world.asked(LIST).gives(list(["b", "c"]));

  expect(titles(conversations)).toEqual(["a", "b", "c"]);
  expect(conversations.view().more).toBe(false);
});

test("words that are typed are searched for once, and a late answer to others is not shown", async () => {
  const { world, conversations } = await read("a", "b");

  conversations.search("p");
  await world.pass(250);
  const late = world.asked(LIST);
  conversations.search("pa");
  conversations.search("par");
  await world.pass(250);
  expect(world.asked(LIST).query.get("words")).toBe("par");
  await world.asked(LIST).gives(list(["paris"]));
  await late.gives(list(["pisa"]));

  expect(titles(conversations)).toEqual(["paris"]);
});

test("a deleted conversation is gone at once, and comes back when that is undone", async () => {
  const { world, conversations } = await read("a", "b");

  const undo = conversations.remove("a");
  expect(titles(conversations)).toEqual(["b"]);
  expect(world.asked("/api/threads/a", "PATCH").body).toEqual({ deleted: true });
  const undone = undo();
  await world.asked("/api/threads/a", "PATCH").gives(one("a"));
  expect(world.asked("/api/threads/a", "PATCH").body).toEqual({ deleted: false });
  await world.asked("/api/threads/a", "PATCH").gives(one("a"));
  await undone;

  expect(titles(conversations)).toEqual(["a", "b"]);
});

test("a conversation that could not be deleted is there again, with the reason", async () => {
  const { world, conversations } = await read("a", "b");

  conversations.remove("a");
  await world.asked("/api/threads/a", "PATCH").refuses(503, "store-full", "The disk is full.");

  expect(titles(conversations)).toEqual(["a", "b"]);
  expect(conversations.view().error).toBe("The disk is full.");
});

test("a new title shows here and in the conversation that is open", async () => {
  const { world, wire, conversations } = await read("a", "b");
  const heard: unknown[] = [];
  wire.happened.listen((it) => void heard.push(it));

  const renaming = conversations.rename("a", " New ");
  await world.asked("/api/threads/a", "PATCH").gives(one("a", "New"));
  await renaming;

  expect(titles(conversations)).toEqual(["New", "b"]);
  expect(heard).toEqual([{ what: "renamed", thread: "a", title: "New" }]);
});

test("read again, what others did shows, and what did not change is the same object", async () => {
  const { world, conversations } = await read("a", "b");
  const before = conversations.view();

  await world.wake();
  await world.asked(LIST).gives(list(["a", "b"]));
  expect(conversations.view()).toBe(before);
  await world.wake();
  await world.asked(LIST).gives({ threads: [one("c"), one("a", "Renamed"), one("b")], more: null });

  expect(titles(conversations)).toEqual(["c", "Renamed", "b"]);
  expect(conversations.view().threads[2]).toBe(before.threads[1]);
});

test("a question moves its conversation to the top", async () => {
  const { world, wire, conversations } = await read("a", "b");

  wire.happened.tell({ what: "asked", thread: "b" });
  await world.asked(LIST).gives(list(["b", "a"]));

  expect(titles(conversations)).toEqual(["b", "a"]);
});

test("a server that is away does not take the list off the page, and is asked again when it is back", async () => {
  const { world, conversations } = await read("a");
  conversations.refresh();
  await world.asked(LIST).fails();
  expect(conversations.view()).toMatchObject({ error: null, loading: false });
  expect(titles(conversations)).toEqual(["a"]);

  await world.wake();
  await world.asked(LIST).gives(list(["a", "b"]));

  expect(titles(conversations)).toEqual(["a", "b"]);
});

test("a server that is away from the beginning is waited for", async () => {
  const { world, conversations } = given_();

  await world.asked(LIST).fails();
  expect(conversations.view()).toMatchObject({ error: null, loading: true });
  await world.wake();
  await world.asked(LIST).gives(list(["a"]));

  expect(conversations.view()).toMatchObject({ loading: false });
});

function given_() {
  const { world, wire } = given();
  return { world, wire, conversations: new Conversations(wire) };
}

async function read(...threads: string[]) {
  const all = given_();
  await settled();
  await all.world.asked(LIST).gives(list(threads));
  return all;
}
