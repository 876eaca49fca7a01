// @vitest-environment node
/** Frames recorded from the encoder (tests/channels/page_recordings.py), put together in every way a network can. */

import { describe, expect, test } from "vitest";
import { awaited, heard, type Answer } from "./answer.ts";
import { Chance } from "./chance.ts";
import type { WireEvent } from "./event.ts";
import type { Exchange } from "./exchange.ts";
import failed from "./recorded/failed.json";
import killed from "./recorded/killed.json";
import killedBeforeAWord from "./recorded/killed_before_a_word.json";
import plain from "./recorded/plain.json";
import silentRestart from "./recorded/silent_restart.json";
import takenBack from "./recorded/taken_back.json";
import { ThreadLog } from "./thread.ts";

type Frame = { n: number; turn: string; cursor: string; events: WireEvent[] };
type Story = { turn: string; live: Frame[] | null; from: Record<string, Frame[]>; shown: Partial<Answer> };

const STORIES = { plain, takenBack, failed, silentRestart, killed, killedBeforeAWord } as unknown as Record<
  string,
  Story
>;

describe.each(Object.entries(STORIES))("%s", (_, story) => {
  const firsts = story.live ? [story.live, story.from[""]!] : [story.from[""]!];
  const back = (log: ThreadLog) => story.from[log.cursor ?? ""] ?? story.from[""]!;

  test("read in one go, it is what the server's own fold shows", () => {
    const log = new ThreadLog();

    play(log, story.from[""]!);

    expect(answerOf(log)).toMatchObject(story.shown);
  });

  test("cut after any frame, and again after any, it comes to the same", () => {
    for (const first of firsts) {
      for (let cut = 0; cut <= first.length; cut += 1) {
        for (let again = 0; again <= back(played(first.slice(0, cut))).length; again += 1) {
          const log = played(first.slice(0, cut));
          play(log, back(log).slice(0, again));
          play(log, back(log));

          expect(answerOf(log)).toMatchObject(story.shown);
        }
      }
    }
  });

  test("however frames are put together or their events are told one by one, it comes to the same", () => {
    for (let seed = 0; seed < 100; seed += 1) {
      const chance = new Chance(seed);
      const log = new ThreadLog();
      for (let rounds = 0; rounds < 4; rounds += 1) {
        const frames = rounds === 0 ? chance.of(firsts) : back(log);
        const rest = joined(frames, chance);
        play(log, rest.slice(0, chance.below(rest.length + 1)));
      }
      byEvents(log, back(log));

      expect(answerOf(log)).toMatchObject(story.shown);
    }
  });

  test("read from a transcript at any point and followed from its cursor, it comes to the same", () => {
    const whole = story.from[""]!;
    for (let cut = 1; cut <= whole.length; cut += 1) {
      const written = answerOf(played(whole.slice(0, cut)));
      const log = new ThreadLog();
      // As the server does it: one that has not ended is followed from before its first event.
      const cursor = cut === whole.length ? whole.at(-1)!.cursor : `${story.turn}.0.0`;
      log.read([{ ...EMPTY, answer: written }], cursor);

      expect(answerOf(log)).toBe(written);
      play(log, cut === whole.length ? [] : whole);

      expect(answerOf(log)).toMatchObject(story.shown);
    }
  });
});

test("while the events catch up with what was read, no word of it leaves the page", () => {
  const whole = STORIES["plain"]!.from[""]!;
  const log = new ThreadLog();
  log.read([{ ...EMPTY, answer: awaited("t1", { state: "running", text: "Grüße from 🙂 " }) }], "t1.0.0");

  const lengths = whole.map((frame) => {
    play(log, [frame]);
    return answerOf(log).text.length;
  });

  expect(Math.min(...lengths)).toBe("Grüße from 🙂 ".length);
  expect(answerOf(log).text).toBe("Grüße from 🙂 Paris.[1]");
});

test("a question of another tab comes with the answer's beginning, and under the id that it was given there", () => {
  const log = new ThreadLog();

  log.heard("t2", [started("t2", [{ id: "web:local/me:q-2", text: "Why?" }], "t1")], "t2.0.0");

  expect(log.exchanges()[0]).toMatchObject({
    questions: [{ id: "q-2", text: "Why?" }],
    replaces: "t1",
    answer: { askedS: 12.5 },
  });
});

test("a question that this page asked is not there twice, whichever way it is heard of first", () => {
  const told = [started("t1", [{ id: "web:local/me:q-1", text: "Why?" }])];
  const [one, other] = [new ThreadLog(), new ThreadLog()];

  one.accepted({ id: "q-1", text: "Why?" }, "", awaited("t1"));
  one.heard("t1", told, "t1.0.0");
  other.heard("t1", told, "t1.0.0");
  other.accepted({ id: "q-1", text: "Why?" }, "", awaited("t1"));

  for (const log of [one, other])
    expect(log.exchanges().map(({ questions }) => questions.map(({ id }) => id))).toEqual([["q-1"]]);
});

test("what another tab asked first comes first, though this page heard of its own before", () => {
  const log = new ThreadLog();
  log.accepted({ id: "mine", text: "Mine" }, "", awaited("t2"));

  log.heard("t1", [started("t1", [{ id: "theirs", text: "Theirs" }])], "t1.0.0");
  log.heard("t2", [started("t2", [{ id: "mine", text: "Mine" }])], "t2.0.0");

  expect(log.exchanges().map(({ answer }) => answer.turn)).toEqual(["t1", "t2"]);
});

test("a turn that is told from its first event again begins anew", () => {
  const log = new ThreadLog();
  const said = (turn: string, n: number) =>
    log.heard(turn, [started(turn, []), { type: "TEXT_MESSAGE_CONTENT", delta: "A" }], `${turn}.1.${n}`);

  said("t1", 1);
  said("t2", 1);
  said("t1", 1);

  expect(log.exchanges().map(({ answer }) => answer.text)).toEqual(["A", "A"]);
});

test("an event that says nothing of how far it leads leaves the cursor where it was", () => {
  const log = new ThreadLog();
  play(log, STORIES["plain"]!.from[""]!.slice(0, 4));
  const { cursor } = log;

  log.heard("t1", [{ type: "TEXT_MESSAGE_END" }], null);

  expect(log.cursor).toBe(cursor);
});

test("lost words leave the page as soon as they are taken back, even under the epoch they had", () => {
  const { live, from } = STORIES["killedBeforeAWord"]!;
  const log = played(live!);
  expect(answerOf(log).text).toBe("Lost");

  play(log, from[log.cursor!]!.slice(0, 2));

  expect(answerOf(log)).toMatchObject({ text: "", reasoning: "", epoch: 0 });
});

test("an answer that ended shorter than what was read of it is what it ended as", () => {
  const log = new ThreadLog();
  log.read(
    [{ ...EMPTY, answer: awaited("t1", { state: "running", text: "Words that were never written down" }) }],
    "t1.0.0",
  );

  log.heard(
    "t1",
    [started("t1", []), { type: "TEXT_MESSAGE_CONTENT", delta: "Sorry." }, { type: "RUN_FINISHED" }],
    "t1.2.3",
  );

  expect(answerOf(log)).toMatchObject({ text: "Sorry.", state: "done" });
});

test("the status goes when words come", () => {
  const status = { type: "CUSTOM", name: "penstock.status", value: { label: "Thinking" } };
  const thinking = heard(awaited("t1"), status);
  expect(thinking).toMatchObject({ state: "running", status: "Thinking" });

  expect(heard(thinking, { type: "TEXT_MESSAGE_CONTENT", delta: "A" }).status).toBe("");
});

test("an exchange that nothing happened to stays the same object", () => {
  const log = new ThreadLog();
  log.read([{ ...EMPTY, answer: awaited("t0", { state: "done", text: "Hi." }) }], "t0.1.3");
  const [before] = log.exchanges();

  play(log, STORIES["plain"]!.from[""]!);

  expect(log.exchanges()[0]).toBe(before);
});

test("an event that this page does not know changes nothing", () => {
  const answer = awaited("t1", { text: "Hi" });

  for (const event of [
    { type: "NEWS" },
    { type: "CUSTOM", name: "penstock.new", value: 1 },
    { type: "STEP_STARTED" },
  ]) {
    expect(heard(answer, event)).toBe(answer);
  }
});

test("events with anything in them are no reason to break", () => {
  const odd = [null, 1, "x", [], {}, [null]];
  const kinds = [
    "RUN_STARTED",
    "TEXT_MESSAGE_CONTENT",
    "CUSTOM",
    "MESSAGES_SNAPSHOT",
    "RUN_FINISHED",
    "RUN_ERROR",
  ];
  const names = ["input", "runId", "delta", "value", "messages", "outcome", "usage", "metadata"];
  const log = new ThreadLog();

  for (const type of kinds) {
    for (const value of odd) {
      const rest = Object.fromEntries(names.map((name) => [name, value]));
      log.heard("t1", [{ type, name: "penstock.taken_back", ...rest }], null);
    }
  }

  expect(log.cursor).toBe(null);
});

// --- Vocabulary --------------------------------------------------------------------------

const EMPTY: Exchange = {
  questions: [{ id: "q1", text: "And now?" }],
  answer: awaited("t1"),
  replaces: "",
  feedback: null,
};

function started(turn: string, questions: { id: string; text: string }[], replaces = ""): WireEvent {
  const messages = questions.map(({ id, text }) => ({ id, role: "user", content: text }));
  return {
    type: "RUN_STARTED",
    runId: turn,
    input: { messages, forwardedProps: { replaces, askedS: 12.5 } },
  };
}

function play(log: ThreadLog, frames: readonly Frame[]): void {
  for (const { turn, events, cursor } of frames) log.heard(turn, events, cursor);
}

function played(frames: readonly Frame[]): ThreadLog {
  const log = new ThreadLog();
  play(log, frames);
  return log;
}

/** As server-sent events come: only the last event of a frame says how far they lead. */
function byEvents(log: ThreadLog, frames: readonly Frame[]): void {
  for (const { turn, events, cursor } of frames) {
    events.forEach((event, at) => log.heard(turn, [event], at === events.length - 1 ? cursor : null));
  }
}

function joined(frames: readonly Frame[], chance: Chance): Frame[] {
  return frames.reduce<Frame[]>((all, frame) => {
    const last = all.at(-1);
    if (!last || chance.below(2)) return [...all, frame];
    return [...all.slice(0, -1), { ...frame, events: [...last.events, ...frame.events] }];
  }, []);
}

/** Of a log that heard nothing at all, an answer that is awaited. */
function answerOf(log: ThreadLog): Answer {
  return log.exchanges().at(-1)?.answer ?? awaited("t1");
}
