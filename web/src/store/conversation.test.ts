import { expect, test } from "vitest";
import type { Question } from "../log/exchange.ts";
import { settled, type WorldByHand } from "../wire/world-by-hand.ts";
import { Conversation } from "./conversation.ts";
import { accepted, given, told, transcript, Telling } from "./server-by-hand.ts";

const QUESTIONS = "/api/threads/a/questions";

test("a conversation is read, then followed from where the transcript ends", async () => {
  const { world, conversation } = await opened([told("t1")]);

  expect(conversation.view()).toMatchObject({
    title: "Title",
    loading: false,
    connection: "live",
    error: null,
    earlier: false,
  });
  expect(said(conversation)).toEqual(["It is t1."]);
  expect(world.socket.of("resume")).toEqual([{ type: "resume", re: "a", thread: "a", cursor: "t1.1.9" }]);
});

test("a question shows at once, is confirmed, and its answer grows", async () => {
  const { world, conversation } = await opened([]);

  const id = conversation.ask("Is it?");
  expect(questions(conversation)).toEqual([{ id, text: "Is it?", pending: true }]);

  expect(world.asked(QUESTIONS, "POST").body).toEqual({ id, text: "Is it?" });
  await world.asked(QUESTIONS, "POST").gives(accepted("t1"), 202);
  expect(questions(conversation)).toEqual([{ id, text: "Is it?" }]);
  expect(conversation.view().exchanges[0]!.answer).toMatchObject({ turn: "t1", state: "running" });

  const telling = new Telling(world, "t1");
  await telling.begins(id);
  await telling.says("It ", "is.");
  await telling.ends();
  world.picture();

  expect(conversation.view().exchanges).toHaveLength(1);
  expect(conversation.view().exchanges[0]!.answer).toMatchObject({
    text: "It is.",
    state: "done",
    finish: "complete",
    askedS: 11,
  });
});

test("a new conversation is read for the first time when it was asked, and gets its title from the server", async () => {
  const { world, wire } = given();
  const conversation = new Conversation(wire, "a", { isNew: true });
  await settled();
  await world.socket.opens();
  world.picture();
  expect(conversation.view()).toMatchObject({ loading: false, error: null, connection: "live" });
  expect(world.open()).toEqual([]);

  conversation.ask("Is it?");
  await world.asked(QUESTIONS, "POST").gives(accepted("t1"), 202);
  await world
    .asked("/api/threads/a")
    .gives(transcript([told("t1", { state: "running" })], { title: "Is it?" }));

  expect(conversation.view().title).toBe("Is it?");
  expect(world.socket.of("resume")).toEqual([{ type: "resume", re: "a", thread: "a" }]);
});

test("a question whose answer is lost is sent again under the same id, and is there once", async () => {
  const { world, conversation } = await opened([]);
  const id = conversation.ask("Is it?");

  await world.asked(QUESTIONS, "POST").fails();
  expect(questions(conversation)).toEqual([{ id, text: "Is it?", pending: true }]);
  await world.pass(500);
  // It had arrived: the stream of the thread tells of it before the second request is answered.
  await new Telling(world, "t1").begins(id);
  world.picture();
  expect(questions(conversation)).toEqual([{ id, text: `Is it ${id}?` }]);

  expect(world.asked(QUESTIONS, "POST").body).toMatchObject({ id });
  await world.asked(QUESTIONS, "POST").gives({ ...accepted("t1"), repeat: true }, 202);

  expect(questions(conversation)).toHaveLength(1);
});

test("a question that waits for the server is sent as soon as the connection is back", async () => {
  const { world, conversation } = await opened([]);
  await world.pass(15_000);
  await world.socket.dies();
  conversation.ask("Is it?");
  for (let times = 0; times < 4; times += 1) {
    await world.asked(QUESTIONS, "POST").fails();
    await world.pass(500 * 2 ** times);
  }
  await world.asked(QUESTIONS, "POST").fails();
  expect(world.open()).not.toContain(`POST ${QUESTIONS}`);

  await world.socket.opens();

  expect(world.open()).toContain(`POST ${QUESTIONS}`);
});

test("a server that asks for a pause gets it", async () => {
  const { world, conversation } = await opened([]);
  conversation.ask("Is it?");
  await world.asked(QUESTIONS, "POST").refuses(503, "shutting-down", "Shutting down.", 7);

  await world.pass(6_999);
  expect(world.open()).toEqual([]);
  await world.pass(1);

  expect(world.open()).toEqual([`POST ${QUESTIONS}`]);
});

test("a question that comes through opens the line that was lost, however long its pause is meant to be", async () => {
  const { world, conversation } = await opened([]);
  await world.pass(15_000);
  await world.socket.dies();
  for (const ms of [500, 1_000, 2_000, 4_000]) {
    await world.pass(ms);
    await world.socket.dies();
    await world.asked("/api/me").fails();
  }
  const before = world.sockets.length;

  conversation.ask("Is it?");
  await world.asked(QUESTIONS, "POST").gives(accepted("t1"), 202);

  expect(world.sockets).toHaveLength(before + 1);
});

test("questions are sent in the order in which they were asked", async () => {
  const { world, conversation } = await opened([]);

  conversation.ask("First?");
  conversation.ask("Second?");
  expect(world.open()).toEqual([`POST ${QUESTIONS}`]);
  await world.asked(QUESTIONS, "POST").gives(accepted("t1"), 202);
  expect(world.asked(QUESTIONS, "POST").body).toMatchObject({ text: "Second?" });
  await world.asked(QUESTIONS, "POST").gives(accepted("t2", "queued", 1), 202);

  expect(
    conversation.view().exchanges.map(({ answer }) => [answer.turn, answer.state, answer.ahead]),
  ).toEqual([
    ["t1", "running", 0],
    ["t2", "queued", 1],
  ]);
});

test("a refused question stays, says why, and can be sent again", async () => {
  const { world, conversation } = await opened([]);
  const id = conversation.ask("Is it?");

  await world.asked(QUESTIONS, "POST").refuses(429, "too-many-queued", "Too much waits.", 5);
  expect(questions(conversation)).toEqual([
    { id, text: "Is it?", failed: "Too much waits.", failedCode: "too_many_queued" },
  ]);
  conversation.retry(id);
  expect(questions(conversation)).toEqual([{ id, text: "Is it?", pending: true }]);
  await world.asked(QUESTIONS, "POST").gives(accepted("t1"), 202);

  expect(questions(conversation)).toEqual([{ id, text: "Is it?" }]);
});

test("a refused question can be taken back, to be edited", async () => {
  const { world, conversation } = await opened([]);
  const id = conversation.ask("Is it?");
  expect(conversation.withdraw(id)).toBe(null);
  await world.asked(QUESTIONS, "POST").refuses(413, "question-too-long", "Too long.");

  expect(conversation.withdraw(id)).toBe("Is it?");
  expect(questions(conversation)).toEqual([]);
});

test("a question that was not sent is there after a reload of the tab, and is sent", async () => {
  const { world, wire, conversation } = await opened([told("t1")]);
  const id = conversation.ask("And now?", { replaces: "t1" });
  await world.asked(QUESTIONS, "POST").fails();

  const again = new Conversation(wire, "a");
  expect(questions(again)).toMatchObject([{ id, text: "And now?", pending: true }]);
  await world.asked("/api/threads/a").gives(transcript([told("t1")]));

  expect(world.asked(QUESTIONS, "POST").body).toEqual({ id, text: "And now?", replaces: "t1" });
});

test("a question that had arrived when the tab was reloaded is not sent a second time", async () => {
  const { world, wire, conversation } = await opened([]);
  const id = conversation.ask("And now?");
  await world.asked(QUESTIONS, "POST").fails();
  const sent = world.requests.length;

  const again = new Conversation(wire, "a");
  const arrived = { ...told("t1"), questions: [{ id, text: "And now?" }] };
  await world.asked("/api/threads/a").gives(transcript([arrived]));

  expect(questions(again)).toEqual([{ id, text: "And now?" }]);
  expect(world.requests.slice(sent).map(({ method }) => method)).toEqual(["GET"]);
});

test("what another tab asks arrives here", async () => {
  const { world, conversation } = await opened([told("t1")]);

  await new Telling(world, "t2").begins("other");
  world.picture();

  expect(questions(conversation).at(-1)).toEqual({ id: "other", text: "Is it other?" });
});

test("a reload in the middle of an answer shows what there is, and never less while it catches up", async () => {
  const { world, conversation } = await opened([
    told("t1"),
    told("t2", { state: "running", text: "Once upon" }),
  ]);
  expect(said(conversation)).toEqual(["It is t1.", "Once upon"]);

  const telling = new Telling(world, "t2");
  await telling.begins("q-t2");
  await telling.says("Once");
  world.picture();
  expect(said(conversation)).toEqual(["It is t1.", "Once upon"]);
  await telling.says(" upon", " a time");
  world.picture();

  expect(said(conversation)).toEqual(["It is t1.", "Once upon a time"]);
});

test("a server that was started again is found again, and the answer goes on where it was", async () => {
  const { world, conversation } = await opened([]);
  conversation.ask("Is it?");
  await world.asked(QUESTIONS, "POST").gives(accepted("t1"), 202);
  const before = new Telling(world, "t1");
  await before.begins("x");
  await before.says("It ");
  await world.pass(15_000);

  await world.socket.dies();
  await world.pass(500);
  await world.socket.opens();
  expect(world.socket.of("resume")).toMatchObject([{ thread: "a", cursor: "t1.1.1" }]);
  const after = new Telling(world, "t1", 1);
  await after.begins();
  await after.says("is.");
  await after.ends();
  world.picture();

  expect(said(conversation)).toEqual(["It is."]);
});

test("a cursor that is of no use any more is got rid of by reading again", async () => {
  const { world, conversation } = await opened([told("t1")]);

  await world.socket.says({ type: "error", re: "a", code: "cursor_invalid", message: "Not ours." });
  await world.asked("/api/threads/a").gives(transcript([told("t7")]));
  expect(said(conversation)).toEqual(["It is t7."]);
  expect(world.socket.of("resume").at(-1)).toMatchObject({ cursor: "t7.1.9" });

  // And again, when there was news since.
  await new Telling(world, "t8").begins("x");
  await world.socket.says({ type: "error", re: "a", code: "cursor_invalid", message: "Not ours." });
  await world.asked("/api/threads/a").gives(transcript([told("t9")]));
  expect(said(conversation)).toEqual(["It is t9."]);
});

test("a conversation that was deleted in another tab says so", async () => {
  const { world, conversation } = await opened([told("t1")]);

  await world.socket.says({
    type: "error",
    re: "a",
    code: "not_found",
    message: "There is no such conversation.",
  });
  await world.asked("/api/threads/a").refuses(404, "not-found", "There is no such conversation.");

  expect(conversation.view()).toMatchObject({
    error: "There is no such conversation.",
    errorCode: "not_found",
  });
});

test("reading and following that contradict each other end in a sentence, not in a loop", async () => {
  const { world, conversation } = await opened([told("t1")]);
  const refused = { type: "error", re: "a", code: "cursor_invalid", message: "Not ours." };

  await world.socket.says(refused);
  await world.asked("/api/threads/a").gives(transcript([told("t1")]));
  await world.socket.says(refused);

  expect(world.open()).toEqual([]);
  expect(conversation.view().error).toBe("Not ours.");
});

test("a server that is away when the page opens is waited for", async () => {
  const { world, wire } = given();
  const conversation = new Conversation(wire, "a");
  for (const ms of [500, 1_000, 2_000]) {
    await world.asked("/api/threads/a").fails();
    expect(conversation.view()).toMatchObject({ loading: true, error: null });
    await world.pass(ms);
  }

  await world.asked("/api/threads/a").gives(transcript([told("t1")]));

  expect(conversation.view().loading).toBe(false);
  expect(said(conversation)).toEqual(["It is t1."]);
});

test("stopping orders the turn to be stopped, until the order has arrived", async () => {
  const { world, conversation } = await opened([told("t1"), told("t2", { state: "running", text: "Once" })]);

  conversation.stop();
  await world.asked("/api/turns/t2/stop", "POST").fails();
  await world.pass(500);
  await world.asked("/api/turns/t2/stop", "POST").gives({ turn: "t2", state: "running" }, 202);

  expect(world.open()).toEqual([]);
});

test("a question that is stopped on its way is stopped when it has arrived", async () => {
  const { world, conversation } = await opened([]);
  conversation.ask("Is it?");

  conversation.stop();
  await world.asked(QUESTIONS, "POST").gives(accepted("t1"), 202);

  expect(world.open()).toContain("POST /api/turns/t1/stop");
});

test("asking again shows the new version in the old one's place, and the old one can be looked at", async () => {
  const { world, conversation } = await opened([told("t1"), told("t2"), told("t3")]);

  const id = conversation.ask("What is t2?", { replaces: "t2" });
  expect(said(conversation)).toEqual(["It is t1.", ""]);
  await world.asked(QUESTIONS, "POST").gives(accepted("t4"), 202);
  expect(conversation.view().versions).toEqual({ t4: { turns: ["t2", "t4"], at: 1 } });

  conversation.showVersion("t4", 0);
  expect(said(conversation)).toEqual(["It is t1.", "It is t2.", "It is t3."]);
  expect(conversation.view().versions).toEqual({ t2: { turns: ["t2", "t4"], at: 0 } });

  conversation.showVersion("t2", 1);
  expect(questions(conversation).at(-1)!.id).toBe(id);
});

test("a conversation whose first question is edited gets the title that the server gives it then", async () => {
  const { world, conversation } = await opened([told("t1")]);

  conversation.ask("And what is t2?", { replaces: "t1" });
  await world.asked(QUESTIONS, "POST").gives(accepted("t2"), 202);
  await world.asked("/api/threads/a").gives(transcript([told("t2")], { title: "And what is t2?" }));

  expect(conversation.view().title).toBe("And what is t2?");
});

test("what is asked while an earlier version is looked at goes to the newest, and shows it", async () => {
  const { conversation } = await opened([told("t1"), told("t2", { replaces: "t1" })]);
  conversation.showVersion("t2", 0);
  expect(said(conversation)).toEqual(["It is t1."]);

  conversation.ask("And now?");

  expect(said(conversation)).toEqual(["It is t2.", ""]);
});

test("earlier exchanges are read on when they are wanted", async () => {
  const { world, wire } = given();
  const conversation = new Conversation(wire, "a");
  await world.asked("/api/threads/a").gives(transcript([told("t3")], { earlier: "t3" }));
  expect(conversation.view().earlier).toBe(true);

  const reading = conversation.loadEarlier();
  expect(world.asked("/api/threads/a").query.get("before")).toBe("t3");
  await world.asked("/api/threads/a").gives(transcript([told("t1"), told("t2")]));
  await reading;

  expect(said(conversation)).toEqual(["It is t1.", "It is t2.", "It is t3."]);
  expect(conversation.view().earlier).toBe(false);
});

test("a rating shows at once, and goes back when it is refused", async () => {
  const { world, conversation } = await opened([told("t1")]);

  const rating = conversation.rate("t1", "up", "Good.");
  expect(conversation.view().exchanges[0]!.feedback).toEqual({ rating: "up", remark: "Good." });
  const refusal = rating.catch((error: unknown) => error);
  await world.asked("/api/turns/t1/feedback", "PUT").refuses(404, "not-found", "There is no such answer.");

  expect(await refusal).toMatchObject({ code: "not_found" });
  expect(conversation.view().exchanges[0]!.feedback).toBe(null);
});

test("a link is made and taken back", async () => {
  const { world, conversation } = await opened([told("t1")]);

  const sharing = conversation.share();
  await world.asked("/api/threads/a/share", "PUT").gives({ token: "s3cret", path: "/s/s3cret" });
  expect(await sharing).toBe("/s/s3cret");
  expect(conversation.view().shared).toBe("s3cret");
  const unsharing = conversation.unshare();
  await world.asked("/api/threads/a/share", "DELETE").gives(null, 204);
  await unsharing;

  expect(conversation.view().shared).toBe(null);
});

test("twenty thousand deltas are one view a picture, and only the growing exchange is another object", async () => {
  const { world, conversation } = await opened([told("t1"), told("t2", { state: "running", text: "" })]);
  const telling = new Telling(world, "t2");
  await telling.begins("q-t2");
  world.picture();
  const before = conversation.view();
  let views = 0;
  conversation.subscribe(() => (views += 1));

  for (let n = 0; n < 20; n += 1) await telling.says(...Array<string>(1_000).fill("words"));
  expect(conversation.view()).toBe(before);
  world.picture();

  expect(views).toBe(1);
  expect(said(conversation)[1]).toHaveLength(100_000);
  expect(conversation.view().exchanges[0]).toBe(before.exchanges[0]);
  expect(conversation.view().exchanges[1]).not.toBe(before.exchanges[1]);
});

test("nothing new is no new view", async () => {
  const { world, conversation } = await opened([told("t1"), told("t2", { replaces: "t1" })]);
  const before = conversation.view();
  let views = 0;
  conversation.subscribe(() => (views += 1));

  await world.socket.says({ type: "pong" });
  await world.wake();
  world.picture();

  expect(conversation.view()).toBe(before);
  expect(views).toBe(0);
});

test("a closed conversation follows nothing, and what was asked in it is sent all the same", async () => {
  const { world, conversation } = await opened([]);
  conversation.ask("Is it?");
  await world.asked(QUESTIONS, "POST").fails();

  conversation.close();
  await world.pass(500);
  await world.asked(QUESTIONS, "POST").gives(accepted("t1"), 202);
  await new Telling(world, "t1").begins("x");

  expect(world.kept.get("outbox.a")).toBe(null);
  expect(world.socket.of("resume")).toHaveLength(1);
});

test("signed out in between, a question waits for its person", async () => {
  const { world, wire, conversation } = await opened([]);
  const id = conversation.ask("Is it?");
  await world.asked(QUESTIONS, "POST").refuses(401, "not-signed-in", "Please sign in.");
  await world.pass(60_000);
  expect(questions(conversation)).toEqual([{ id, text: "Is it?", pending: true }]);
  expect(world.open()).toEqual([]);

  wire.signedIn();
  await settled();

  expect(world.asked(QUESTIONS, "POST").body).toMatchObject({ id });
});

test("a refusal that comes after somebody has signed in does not sign out again", async () => {
  const { world, wire, conversation } = await opened([]);
  let out = 0;
  wire.onSignedOut(() => (out += 1));
  conversation.ask("Is it?");
  const first = world.asked(QUESTIONS, "POST");
  wire.signedIn();

  await first.refuses(401, "not-signed-in", "Please sign in.");
  await world.asked(QUESTIONS, "POST").gives(accepted("t1"), 202);

  expect(out).toBe(0);
  expect(world.kept.get("outbox.a")).toBe(null);
});

test("signed out in between, a question is not asked as another person, and is dropped", async () => {
  const { world, wire, conversation } = await opened([]);
  expect(wire.isStillFor("web/bob")).toBe(true);
  conversation.ask("Is it?");
  await world.asked(QUESTIONS, "POST").refuses(401, "not-signed-in", "Please sign in.");

  // Another tab has signed somebody in: whatever wakes this one, nothing is sent before it is known whom.
  await world.wake();
  expect(world.open().filter((one) => one.startsWith("POST"))).toEqual([]);
  expect(wire.isStillFor("web/ann")).toBe(false);

  expect(world.kept.get("outbox.a")).toBe(null);
  expect(wire.isStillFor("web/ann")).toBe(true);
});

// --- Vocabulary --------------------------------------------------------------------------

async function opened(turns: ReturnType<typeof told>[]) {
  const { world, wire } = given();
  const conversation = new Conversation(wire, "a");
  await settled();
  await world.socket.opens();
  await read(world, turns);
  return { world, wire, conversation };
}

const read = (world: WorldByHand, turns: ReturnType<typeof told>[]) =>
  world.asked("/api/threads/a").gives(transcript(turns));
const said = (conversation: Conversation) => conversation.view().exchanges.map(({ answer }) => answer.text);
const questions = (conversation: Conversation): Question[] =>
  conversation.view().exchanges.flatMap((one) => one.questions);
