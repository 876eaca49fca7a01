import { expect, test } from "vitest";
import { backoffMs } from "./backoff.ts";
import type { Follower } from "./connection.ts";
import type { News } from "./line.ts";
import type { ApiError } from "./problem.ts";
import type { Auth } from "./server.ts";
import { Wire } from "./wire.ts";
import { WorldByHand } from "./world-by-hand.ts";

test("the pauses grow to twenty seconds, and chance spreads them from nothing", () => {
  expect([0, 1, 2, 5, 6, 50].map((failures) => backoffMs(failures, 1))).toEqual([
    500, 1_000, 2_000, 16_000, 20_000, 20_000,
  ]);
  expect(backoffMs(9, 0)).toBe(0);
});

test("every thread is followed on one socket, from where its reader is", async () => {
  const { world, wire } = given();

  wire.connection.follow("a", new Reader("t.1.7"));
  wire.connection.follow("b", new Reader(null));
  await world.pass(0);
  await world.socket.opens();

  expect(world.sockets).toHaveLength(1);
  expect(world.socket.of("resume")).toEqual([
    { type: "resume", re: "a", thread: "a", cursor: "t.1.7" },
    { type: "resume", re: "b", thread: "b" },
  ]);
  expect(wire.connection.state).toBe("live");
});

test("a lost socket is opened again, and each thread goes on from its cursor", async () => {
  const { world, wire, reader } = await following("a");
  await world.socket.says(frame("a", "t", 1, "t.1.1"));
  await world.pass(15_000);

  await world.socket.dies();
  await world.pass(500);
  await world.socket.opens();

  expect(reader.news).toHaveLength(1);
  expect(world.sockets).toHaveLength(2);
  expect(world.socket.of("resume")).toEqual([{ type: "resume", re: "a", thread: "a", cursor: "t.1.1" }]);
  expect(wire.connection.state).toBe("live");
});

test("a break of less than a second is not spoken of, a longer one is", async () => {
  const { world, wire } = await following("a");

  await world.socket.dies();
  await world.pass(999);
  expect(wire.connection.state).toBe("live");
  await world.pass(1);

  expect(wire.connection.state).toBe("reconnecting");
});

test("without a network it says so, and goes on at once when there is one", async () => {
  const { world, wire } = await following("a");
  await world.goOffline();
  await world.socket.dies();
  await fail(world);
  await world.pass(60_000);
  expect(wire.connection.state).toBe("offline");
  const before = world.sockets.length;
  await world.socket.dies();
  await fail(world);

  world.online = true;
  await world.wake();

  expect(world.sockets).toHaveLength(before + 1);
  await world.socket.opens();
  expect(wire.connection.state).toBe("live");
});

test("a socket on which nobody answers any more is given up", async () => {
  const { world } = await following("a");

  await world.pass(25_000);
  expect(world.socket.of("ping")).toHaveLength(2);
  expect(world.socket.isClosed).toBe(false);
  await world.pass(10_000);

  expect(world.sockets[0]!.isClosed).toBe(true);
});

test("a socket that answers is kept for hours", async () => {
  const { world } = await following("a");

  for (let minute = 0; minute < 240; minute += 1) {
    await world.pass(25_000);
    await world.socket.says({ type: "pong" });
  }

  expect(world.sockets).toHaveLength(1);
});

test("a laptop that wakes up asks at once whether anybody is there", async () => {
  const { world } = await following("a");
  await world.pass(5_000);
  const pings = world.socket.of("ping").length;

  await world.wake();

  expect(world.socket.of("ping")).toHaveLength(pings + 1);
});

test("a repeated frame is dropped, and after a gap it is asked for again from the last cursor", async () => {
  const { world, reader } = await following("a");

  await world.socket.says(frame("a", "t", 1, "t.1.1"));
  await world.socket.says(frame("a", "t", 1, "t.1.1"));
  await world.socket.says(frame("a", "t", 3, "t.1.3"));
  await blame(world);
  await world.pass(500);
  await world.socket.opens();
  // Of the old socket nothing is taken, whatever still comes.
  await world.sockets[0]!.says(frame("a", "t", 2, "t.1.2"));

  expect(reader.news.map(({ cursor }) => cursor)).toEqual(["t.1.1"]);
  expect(world.socket.of("resume")).toMatchObject([{ cursor: "t.1.1" }]);
});

test("a thread that is looked at again is followed on a new socket, so that nothing of before is mixed in", async () => {
  const { world, wire, cancel } = await following("a");
  cancel();

  wire.connection.follow("a", new Reader("t.1.9"));
  await world.pass(0);
  await world.socket.opens();

  expect(world.sockets).toHaveLength(2);
  expect(world.socket.of("resume")).toMatchObject([{ thread: "a", cursor: "t.1.9" }]);
});

test("where requests come through and sockets do not, it takes streams, and tries a socket again later", async () => {
  const { world, wire } = given();
  const reader = new Reader(null);
  wire.connection.follow("a", reader);
  await world.pass(0);

  for (let times = 0; times < 2; times += 1) {
    await world.socket.dies();
    await blame(world);
    await world.pass(1_000);
  }
  await world
    .asked("/api/threads/a/events")
    .streams('id: t.1.1\ndata: {"type":"RUN_STARTED","runId":"t"}\n\n');
  expect(world.sockets).toHaveLength(2);
  expect(reader.news).toHaveLength(1);
  expect(wire.connection.state).toBe("live");

  for (let beats = 0; beats < 60; beats += 1) {
    await world.pass(15_000);
    await world.asked("/api/threads/a/events").streams(": beat\n\n");
  }
  await world.asked("/api/threads/a/events").ends();
  await world.pass(500);

  expect(world.sockets).toHaveLength(3);
});

test("a socket that neither opens nor fails is given up", async () => {
  const { world, wire } = given();
  wire.connection.begin();
  await world.pass(0);
  await world.pass(10_000);
  await blame(world);

  expect(world.socket.isClosed).toBe(true);
  await world.pass(500);
  expect(world.sockets).toHaveLength(2);
});

test("a socket that stayed in between is no reason to take streams", async () => {
  const { world } = await following("a");
  await world.socket.dies();
  await blame(world);
  await world.pass(1_000);
  await world.socket.opens();
  await world.pass(20_000);
  await world.socket.dies();
  await world.pass(1_000);
  await world.socket.dies();
  await blame(world);
  await world.pass(1_000);

  expect(world.requests.some(({ path }) => path.endsWith("/events"))).toBe(false);
});

test("where the browser forbids sockets, it takes streams", async () => {
  const { world, wire } = given();
  world.openSocket = () => {
    throw new DOMException("not here", "SecurityError");
  };

  wire.connection.follow("a", new Reader(null));
  await world.pass(0);
  await world.pass(2_000);

  expect(world.open()).toEqual(["GET /api/threads/a/events"]);
});

test("where streams do no better than sockets, a socket is tried next", async () => {
  const { world, wire } = given();
  wire.connection.follow("a", new Reader(null));
  await world.pass(0);
  for (let times = 0; times < 2; times += 1) {
    await world.socket.dies();
    await blame(world);
    await world.pass(1_000);
  }
  expect(world.sockets).toHaveLength(2);

  await world.asked("/api/threads/a/events").fails();
  await world.pass(2_000);

  expect(world.sockets).toHaveLength(3);
});

test("a server that is away is no reason to take streams", async () => {
  const { world, wire } = await following("a");

  await world.socket.dies();
  for (let times = 0; times < 8; times += 1) {
    await world.pass(20_000);
    await world.socket.dies();
    await fail(world);
  }
  await world.pass(20_000);
  await world.socket.opens();

  expect(wire.connection.state).toBe("live");
  expect(world.requests.some(({ path }) => path.endsWith("/events"))).toBe(false);
});

test("a page that stays closed out does not ask faster and faster", async () => {
  const { world } = await following("a");
  await world.socket.dies();

  for (let second = 0; second < 600; second += 1) {
    await world.pass(1_000);
    if (!world.socket.isClosed) await world.socket.dies();
    if (world.open().includes("GET /api/me")) await fail(world);
  }

  expect(world.sockets.length).toBeLessThan(40);
});

test("where people sign in, each socket opens with a ticket of its own", async () => {
  const { world, wire } = given("token");

  wire.connection.begin();
  await world.asked("/api/ticket", "POST").gives({ ticket: "t 1", expires_s: 30 });

  expect(world.socket.path).toBe("/api/socket?ticket=t+1");
});

test("nobody signed in: the page is told, nothing is tried, and signing in goes on with it all", async () => {
  const { world, wire } = given("token");
  let told = 0;
  wire.onSignedOut(() => (told += 1));
  wire.connection.follow("a", new Reader(null));

  await world.asked("/api/ticket", "POST").refuses(401, "not-signed-in", "Please sign in.");
  await world.pass(120_000);
  expect([told, world.sockets.length, world.requests.length]).toEqual([1, 0, 1]);

  wire.signedIn();
  await world.asked("/api/ticket", "POST").gives({ ticket: "t2", expires_s: 30 });
  await world.socket.opens();

  expect(world.socket.of("resume")).toHaveLength(1);
});

test("signing out forgets what was typed and not sent, and follows nothing", async () => {
  const { world, wire } = await following("a");
  world.kept.set("draft.", "Is it");

  const signingOut = wire.signOut();
  await world.asked("/auth/sign-out", "POST").gives(null, 204);
  await signingOut;

  expect(world.kept.get("draft.")).toBe(null);
  expect(world.socket.isClosed).toBe(true);
});

test("a stream for which nobody is signed in any more tells the page, and goes on with whoever signs in", async () => {
  const { world, wire } = given();
  let told = 0;
  wire.onSignedOut(() => (told += 1));
  const reader = new Reader("t.1.1");
  wire.connection.follow("a", reader);
  await world.pass(0);
  for (let times = 0; times < 2; times += 1) {
    await world.socket.dies();
    await blame(world);
    await world.pass(1_000);
  }

  await world.asked("/api/threads/a/events").refuses(401, "not-signed-in", "Please sign in.");
  await world.asked("/api/me").refuses(401, "not-signed-in", "Please sign in.");
  await world.pass(60_000);
  expect([told, world.open(), reader.refusals]).toEqual([1, [], []]);
  wire.signedIn();
  await world.pass(0);

  expect(world.asked("/api/threads/a/events").query.get("cursor")).toBe("t.1.1");
});

test("a thread that was refused for now is asked for again; one that is not there is given up", async () => {
  const { world, reader } = await following("a");

  await world.socket.says({ type: "error", re: "a", code: "store_busy", message: "Busy.", retryAfterS: 3 });
  await world.pass(3_000);
  expect(world.socket.of("resume")).toHaveLength(2);
  await world.socket.says({
    type: "error",
    re: "a",
    code: "not_found",
    message: "There is no such conversation.",
  });

  expect(reader.refusals.map(({ code }) => code)).toEqual(["not_found"]);
});

test("a thread that was to be asked for again is asked for once when the line is new", async () => {
  const { world } = await following("a");
  await world.pass(15_000);
  await world.socket.says({ type: "error", re: "a", code: "store_busy", message: "Busy.", retryAfterS: 5 });
  await world.socket.dies();
  await world.pass(500);
  await world.socket.opens();

  await world.pass(5_000);

  expect(world.sockets).toHaveLength(2);
  expect(world.socket.of("resume")).toHaveLength(1);
});

test("a socket for which the ticket comes too late is not opened any more", async () => {
  const { world, wire } = given("token");
  wire.connection.begin();

  wire.close();
  await world.asked("/api/ticket", "POST").gives({ ticket: "t", expires_s: 30 });

  expect(world.sockets).toEqual([]);
});

test("what is refused to nobody in particular is no reason to break", async () => {
  const { world, wire, cancel } = await following("a");
  cancel();

  await world.socket.says({
    type: "error",
    re: "a",
    code: "not_found",
    message: "There is no such conversation.",
  });
  await world.socket.says({ type: "error", code: "not_found", message: "There is no such answer." });

  expect(wire.connection.state).toBe("live");
});

test("closed, it leaves nothing behind", async () => {
  const { world, wire, reader } = await following("a");

  wire.close();
  await world.sockets[0]!.says(frame("a", "t", 1, "t.1.1"));
  await world.pass(120_000);
  await world.wake();

  expect(world.sockets).toHaveLength(1);
  expect(world.socket.isClosed).toBe(true);
  expect(reader.news).toEqual([]);
});

// --- Vocabulary --------------------------------------------------------------------------

class Reader implements Follower {
  readonly news: News[] = [];
  readonly refusals: ApiError[] = [];
  #cursor: string | null;

  constructor(cursor: string | null) {
    this.#cursor = cursor;
  }

  cursor = () => this.#cursor;
  heard = (news: News) => {
    this.news.push(news);
    this.#cursor = news.cursor;
  };
  refused = (error: ApiError) => void this.refusals.push(error);
}

function given(auth: Auth = "none") {
  const world = new WorldByHand();
  return { world, wire: new Wire(world, auth) };
}

async function following(thread: string) {
  const { world, wire } = given();
  const reader = new Reader(null);
  const cancel = wire.connection.follow(thread, reader);
  await world.pass(0);
  await world.socket.opens();
  return { world, wire, reader, cancel };
}

function frame(thread: string, turn: string, n: number, cursor: string) {
  return { type: "events", n, thread, turn, cursor, events: [] };
}

/** The server can be reached, so it was the socket that failed. */
const blame = (world: WorldByHand) =>
  world.asked("/api/me").gives({ id: "me", name: "", admin: true, auth: "none" });
/** The server cannot be reached at all. */
const fail = (world: WorldByHand) => world.asked("/api/me").fails();
