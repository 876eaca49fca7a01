import { expect, test } from "vitest";
import type { News } from "./line.ts";
import type { ApiError } from "./problem.ts";
import { SseLine, SseParser } from "./sse.ts";
import { WorldByHand } from "./world-by-hand.ts";

const STREAM =
  ': beat\n\ndata: {"type":"A"}\n\nid: t.1.1\r\ndata: {"text":\ndata: "Grüße"}\r\n\r\nevent: x\n\ndata\n\n';
const EVENTS = [
  { id: null, data: '{"type":"A"}' },
  { id: "t.1.1", data: '{"text":\n"Grüße"}' },
  { id: null, data: "" },
];

test.each([1, 2, 3, 5, 7, 11, 100])("a stream in pieces of %i characters is the same stream", (size) => {
  const parser = new SseParser();
  const pieces = STREAM.match(new RegExp(`.{1,${size}}`, "gs"))!;

  expect(pieces.flatMap((piece) => parser.feed(piece))).toEqual(EVENTS);
});

test("a thread is followed from its cursor, and each event told with the turn it belongs to", async () => {
  const { line, world, told } = await opened();

  line.follow("a b", "t0.1.4");
  const request = world.asked("/api/threads/a%20b/events");
  await request.streams(
    'data: {"type":"RUN_STARTED","runId":"t1"}\n\nid: t1.1.1\ndata: {"type":"TEXT_MESSAGE_CONTENT","delta":"Hi"}\n\n',
  );

  expect(request.query.get("cursor")).toBe("t0.1.4");
  expect(told.news.map(({ turn, events, cursor }) => [turn, events[0]!.type, cursor])).toEqual([
    ["t1", "RUN_STARTED", null],
    ["t1", "TEXT_MESSAGE_CONTENT", "t1.1.1"],
  ]);
});

test("a stream that ends, or says that it broke off, is a lost line; an answer that failed is news", async () => {
  const ended = await opened();
  ended.line.follow("a", null);
  await ended.world.asked("/api/threads/a/events").streams(": beat\n\n");
  await ended.world.asked("/api/threads/a/events").ends();

  const broke = await opened();
  broke.line.follow("a", null);
  await broke.world
    .asked("/api/threads/a/events")
    .streams('data: {"type":"RUN_ERROR","message":"Shutting down.","code":"shutting_down"}\n\n');

  const failed = await opened();
  failed.line.follow("a", null);
  await failed.world
    .asked("/api/threads/a/events")
    .streams(
      'id: t.1.3\ndata: {"type":"RUN_ERROR","message":"No.","code":"x","metadata":{"reference":"r"}}\n\n',
    );

  expect([ended.told.lost, broke.told.lost, failed.told.lost]).toEqual([1, 1, 0]);
  expect(failed.told.news).toHaveLength(1);
});

test("a thread that may not be followed is refused, and the line goes on", async () => {
  const { line, world, told } = await opened();

  line.follow("a", null);
  await world.asked("/api/threads/a/events").refuses(404, "not-found", "There is no such conversation.");

  expect(told.refused.map(({ code }) => code)).toEqual(["not_found"]);
  expect(told.lost).toBe(0);
});

test("a stream in which not even a beat comes is lost", async () => {
  const { line, world, told } = await opened();
  line.follow("a", null);
  await world.asked("/api/threads/a/events").streams(": beat\n\n");

  await world.pass(30_000);
  await world.asked("/api/threads/a/events").streams(": beat\n\n");
  await world.pass(30_000);
  expect(told.lost).toBe(0);
  await world.pass(10_000);

  expect(told.lost).toBe(1);
});

// --- Vocabulary --------------------------------------------------------------------------

async function opened() {
  const world = new WorldByHand();
  const told = { news: [] as News[], refused: [] as ApiError[], lost: 0 };
  const line = new SseLine(world, {
    opened: () => {},
    proved: () => {},
    news: (news) => void told.news.push(news),
    refused: (_, error) => void told.refused.push(error),
    lost: () => void (told.lost += 1),
  });
  await world.pass(0);
  return { line, world, told };
}
