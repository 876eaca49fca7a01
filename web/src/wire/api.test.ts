import { expect, test } from "vitest";
import { asking } from "./api.ts";
import { ApiError } from "./problem.ts";
import { WorldByHand } from "./world-by-hand.ts";

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable(),
    (error: unknown) => error as ApiError,
  );

test("a request says what it wants, and gets it", async () => {
  const { world, ask } = given();

  const found = ask("/api/threads", { query: { words: "a&b", before: undefined, limit: 50 } });
  const request = world.asked("/api/threads");
  await request.gives({ threads: [] });

  expect([...request.query]).toEqual([
    ["words", "a&b"],
    ["limit", "50"],
  ]);
  expect(await found).toEqual({ threads: [] });
});

test("an answer without content is no content", async () => {
  const { world, ask } = given();

  const done = ask("/auth/sign-out", { method: "POST" });
  await world.asked("/auth/sign-out", "POST").gives(null, 204);

  expect(await done).toBe(undefined);
});

test("a problem document becomes an error with its sentence, and how long to wait", async () => {
  const { world, ask } = given();

  const error = refusal(ask("/api/me"));
  await world.asked("/api/me").refuses(429, "too-many-queued", "Too much waits.", 7);

  expect(await error).toMatchObject({
    code: "too_many_queued",
    message: "Too much waits.",
    status: 429,
    retryAfterS: 7,
    passing: false,
  });
});

test("what a proxy says instead is an error that passes", async () => {
  const { world, ask } = given();

  const error = refusal(ask("/api/me"));
  await world.asked("/api/me").gives("<html>", 502);

  expect(await error).toMatchObject({ code: "unknown", status: 502, passing: true });
});

test("a network that fails, keeps silent or brings a page of its own is a server that was not reached", async () => {
  const { world, ask } = given();

  const failed = refusal(ask("/a"));
  await world.asked("/a").fails();
  const silent = refusal(ask("/b"));
  await world.pass(30_000);
  const portal = refusal(ask("/c"));
  await world.asked("/c").streams("<html>Please sign in to the hotel");
  await world.asked("/c").ends();

  for (const error of [failed, silent, portal]) {
    expect(await error).toBeInstanceOf(ApiError);
    expect(await error).toMatchObject({ code: "unreachable", passing: true });
  }
});

function given() {
  const world = new WorldByHand();
  return { world, ask: asking(world) };
}
