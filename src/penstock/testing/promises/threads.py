"""Transcripts, and forgetting."""

from __future__ import annotations

import hashlib

from penstock.core.ports import Store
from penstock.core.question import File, Thread
from penstock.core.turn import View
from penstock.errors import Gone, NotFound
from penstock.testing.clock import FakeClock
from penstock.testing.promises.vocabulary import (
    ANN,
    BOB,
    LEASE_S,
    THREAD,
    ask,
    end,
    question,
    refused,
    start,
    turn_of,
    words,
)


async def _conversation(store: Store, turns: int) -> list[str]:
    for n in range(1, turns + 1):
        await end(store, (await start(store, f"q{n}")).lease, text=f"answer {n}")
    return [turn_of(f"q{n}") for n in range(1, turns + 1)]


async def a_thread_is_created_by_its_first_question(store: Store, clock: FakeClock) -> None:
    assert await store.threads.get(THREAD) is None
    created_s = clock()
    await ask(store)
    clock.advance(60)
    await ask(store, "q2")

    assert await store.threads.get(THREAD) == Thread(
        THREAD, "acme", "ann", created_s, asked_s=clock(), title="Why?"
    )


async def a_transcript_shows_questions_and_settled_answers(store: Store, clock: FakeClock) -> None:
    await _conversation(store, 2)
    await start(store, "q3")
    await ask(store, "q4")

    shown = await store.threads.transcript(THREAD)

    assert [exchange.questions for exchange in shown] == [(question(f"q{n}"),) for n in (1, 2, 3, 4)]
    assert [exchange.view for exchange in shown] == [
        View(state="done", text="answer 1"),
        View(state="done", text="answer 2"),
        View(state="running"),
        View(state="queued"),
    ]


async def a_transcript_is_paged_from_its_end(store: Store, clock: FakeClock) -> None:
    turns = await _conversation(store, 5)

    newest = await store.threads.transcript(THREAD, limit=2)
    before = await store.threads.transcript(THREAD, before=newest[0].turn.id, limit=2)
    oldest = await store.threads.transcript(THREAD, before=before[0].turn.id, limit=2)

    pages = [[exchange.turn.id for exchange in page] for page in (oldest, before, newest)]
    assert pages == [turns[:1], turns[1:3], turns[3:]]
    assert await store.threads.transcript(THREAD, before=turns[0]) == []


async def threads_do_not_mix(store: Store, clock: FakeClock) -> None:
    await ask(store, "q1", thread="acme:web:1")
    await ask(store, "q2", thread="acme:web:2")

    (exchange,) = await store.threads.transcript("acme:web:2")

    assert exchange.turn.id == turn_of("q2")
    assert await store.threads.turns_after("acme:web:2") == [turn_of("q2")]
    assert await store.threads.transcript("acme:web:3") == []


async def a_follower_hears_of_later_turns_in_order(store: Store, clock: FakeClock) -> None:
    turns = await _conversation(store, 3)

    assert await store.threads.turns_after(THREAD) == turns
    assert await store.threads.turns_after(THREAD, turns[0]) == turns[1:]
    assert await store.threads.turns_after(THREAD, turns[2]) == []


async def a_forgotten_thread_is_gone(store: Store, clock: FakeClock) -> None:
    turns = await _conversation(store, 2)
    await ask(store, "q3", thread="acme:web:2")

    assert await store.threads.forget(THREAD) == turns

    assert await store.threads.get(THREAD) is None
    assert await store.threads.transcript(THREAD) == []
    await refused(store.turns.read(turns[0]), NotFound)
    await refused(store.turns.stop(turns[0], "person"), NotFound)
    assert await store.threads.turns_after("acme:web:2") == [turn_of("q3")]
    assert await store.threads.forget(THREAD) == []


async def a_forgotten_question_does_not_come_back(store: Store, clock: FakeClock) -> None:
    await _conversation(store, 1)
    await store.threads.forget(THREAD)

    await refused(ask(store, "q1"), Gone)
    await refused(ask(store, "q1", text="another"), Gone)
    fresh = await start(store, "q2")
    assert fresh.first, "the thread begins anew"


async def the_worker_of_a_forgotten_turn_has_lost_it(store: Store, clock: FakeClock) -> None:
    begun = await start(store)
    await store.threads.forget(THREAD)

    (appended,) = await store.turns.append([words(begun.lease, 1, "a")], LEASE_S)
    (renewed,) = await store.turns.renew([begun.lease], LEASE_S)
    finished = await store.turns.finish(words(begun.lease, 1, "a"), "done", View(state="done"))

    assert appended.lost
    assert renewed.lost
    assert finished.lost


async def documents_of_a_forgotten_thread_go_with_it(store: Store, clock: FakeClock) -> None:
    await ask(store)
    await store.shelf.put(f"thread/{THREAD}/reply", b"1")
    await store.shelf.put(f"thread/{THREAD}0/reply", b"2")

    await store.threads.forget(THREAD)

    assert [document.value for document in await store.shelf.list("thread/")] == [b"2"]


async def a_person_is_forgotten_with_all_threads_and_documents(store: Store, clock: FakeClock) -> None:
    await ask(store, "q1", thread="acme:web:1")
    await ask(store, "q2", thread="acme:web:2")
    await ask(store, "q3", thread="acme:web:3", person=BOB)
    for key in ("person/acme/ann/links", "thread/acme:web:2/reply", "person/acme/bob/links"):
        await store.shelf.put(key, b"1")

    turns = await store.threads.forget_person(ANN)

    assert sorted(turns) == [turn_of("q1"), turn_of("q2")]
    assert await store.threads.get("acme:web:2") is None
    assert await store.threads.get("acme:web:3") is not None
    assert [document.key for document in await store.shelf.list("")] == ["person/acme/bob/links"]


async def old_threads_are_forgotten_by_their_newest_question(store: Store, clock: FakeClock) -> None:
    await ask(store, "q1", thread="acme:web:old")
    await ask(store, "q2", thread="acme:web:kept")
    clock.advance(100)
    now_s = clock()
    await ask(store, "q3", thread="acme:web:kept")

    assert await store.threads.forget_before(now_s) == [turn_of("q1")]

    assert await store.threads.get("acme:web:old") is None
    assert len(await store.threads.turns_after("acme:web:kept")) == 2
    await refused(ask(store, "q1", thread="acme:web:old"), Gone)
    assert await store.threads.forget_before(now_s) == []


async def files_of_forgotten_questions_are_deleted_unless_shared(store: Store, clock: FakeClock) -> None:
    own, shared = [await store.blobs.put(data) for data in (b"own", b"shared")]
    await store.turns.receive(question("q1", files=(_file(own), _file(shared))), "t1")
    await store.turns.receive(question("q2", thread="acme:web:2", files=(_file(shared),)), "t2")

    await store.threads.forget(THREAD)
    assert await store.blobs.get(own) is None
    assert await store.blobs.get(shared) == b"shared"

    await store.threads.forget("acme:web:2")
    assert await store.blobs.get(shared) is None


async def files_are_found_by_their_content(store: Store, clock: FakeClock) -> None:
    data = bytes(range(256)) * 1000

    name = await store.blobs.put(data)

    assert name == hashlib.sha256(data).hexdigest()
    assert await store.blobs.put(data) == name
    assert await store.blobs.get(name) == data
    await store.blobs.delete(name)
    await store.blobs.delete(name)
    assert await store.blobs.get(name) is None
    assert await store.blobs.get("../penstock.db") is None


def _file(sha256: str) -> File:
    return File(sha256, "a.txt", "text/plain", 1)


PROMISES = (
    a_thread_is_created_by_its_first_question,
    a_transcript_shows_questions_and_settled_answers,
    a_transcript_is_paged_from_its_end,
    threads_do_not_mix,
    a_follower_hears_of_later_turns_in_order,
    a_forgotten_thread_is_gone,
    a_forgotten_question_does_not_come_back,
    the_worker_of_a_forgotten_turn_has_lost_it,
    documents_of_a_forgotten_thread_go_with_it,
    a_person_is_forgotten_with_all_threads_and_documents,
    old_threads_are_forgotten_by_their_newest_question,
    files_of_forgotten_questions_are_deleted_unless_shared,
    files_are_found_by_their_content,
)
