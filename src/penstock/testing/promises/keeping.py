"""What becomes of a thread: its name, the bin, and what goes with it when it is forgotten."""

from __future__ import annotations

from penstock.core.ports import Store
from penstock.core.question import Thread
from penstock.core.shelves import FEEDBACK, feedback_key, share_key, shared_key
from penstock.errors import Gone, NotFound
from penstock.testing.clock import FakeClock
from penstock.testing.promises.vocabulary import (
    ANN,
    LEASE_S,
    THREAD,
    ask,
    end,
    refused,
    start,
    turn_of,
)

NEVER_WAS = "acme:web:never-was"


async def _kept(store: Store, thread: str = THREAD) -> Thread:
    found = await store.threads.get(thread)
    assert found is not None, "the thread is there"
    return found


async def a_thread_is_called_by_its_first_question(store: Store, clock: FakeClock) -> None:
    await ask(store, text="\n## How much **leave** is there?\n\nPlease.")
    await ask(store, "q2", text="And in December?")

    assert (await _kept(store)).title == "How much leave is there?"


async def a_thread_keeps_the_name_it_is_given(store: Store, clock: FakeClock) -> None:
    await ask(store)

    await store.threads.rename(THREAD, "Leave 🙂")
    await ask(store, "q2", text="And in December?")

    assert (await _kept(store)).title == "Leave 🙂"
    await refused(store.threads.rename(NEVER_WAS, "a"), NotFound)


async def what_is_in_the_bin_is_not_listed_and_takes_no_question(store: Store, clock: FakeClock) -> None:
    await ask(store)
    binned_s = clock()

    await store.threads.bin(THREAD)

    assert (await _kept(store)).binned_s == binned_s
    assert await store.threads.listed(ANN) == []
    assert await store.threads.listed(None, words="why") == []
    await refused(ask(store, "q2"), NotFound)
    await refused(ask(store, "q1"), NotFound)
    assert await store.threads.turns_after(THREAD) == [turn_of("q1")]


async def what_is_put_in_the_bin_again_stays_there_since_the_first_time(
    store: Store, clock: FakeClock
) -> None:
    await ask(store)
    await store.threads.bin(THREAD)
    since_s = clock()
    clock.advance(5)

    await store.threads.bin(THREAD)

    assert (await _kept(store)).binned_s == since_s
    await refused(store.threads.bin(NEVER_WAS), NotFound)


async def what_is_restored_from_the_bin_is_as_it_was(store: Store, clock: FakeClock) -> None:
    await end(store, (await start(store)).lease, text="Because.")
    before = await _kept(store)
    await store.threads.bin(THREAD)
    clock.advance(5)

    await store.threads.restore(THREAD)
    await store.threads.restore(THREAD)

    assert await _kept(store) == before
    assert await store.threads.listed(ANN) == [before]
    assert [each.view.text for each in await store.threads.transcript(THREAD)] == ["Because."]
    assert not (await ask(store, "q2")).repeat
    await refused(store.threads.restore(NEVER_WAS), NotFound)


async def the_bin_is_emptied_of_what_is_long_in_it(store: Store, clock: FakeClock) -> None:
    for name in ("old", "restored", "new", "kept"):
        await ask(store, f"q-{name}", thread=f"acme:web:{name}")
    await ask(store, "q-more", thread="acme:web:old")
    await store.threads.bin("acme:web:old")
    await store.threads.bin("acme:web:restored")
    await store.threads.restore("acme:web:restored")
    clock.advance(10)
    now_s = clock()
    await store.threads.bin("acme:web:new")

    assert await store.threads.forget_binned(now_s) == [turn_of("q-old"), turn_of("q-more")]

    assert await store.threads.get("acme:web:old") is None
    await refused(ask(store, "q-old", thread="acme:web:old"), Gone)
    for name in ("restored", "new", "kept"):
        assert await store.threads.get(f"acme:web:{name}") is not None, name
    assert await store.threads.forget_binned(now_s) == []


async def feedback_and_links_go_with_their_thread_however_it_is_forgotten(
    store: Store, clock: FakeClock
) -> None:
    async def forgotten() -> None:
        await store.threads.forget(THREAD)

    async def forgotten_with_its_owner() -> None:
        await store.threads.forget_person(ANN)

    async def forgotten_from_the_bin() -> None:
        await store.threads.bin(THREAD)
        await store.threads.forget_binned(clock() + 1)

    async def forgotten_by_age() -> None:
        await store.threads.forget_before(clock() + 1)

    others = [feedback_key("another-turn"), shared_key("acme:web:2"), share_key("another-token")]
    for key in others:
        await store.shelf.put(key, b"another-token")
    for n, forget in enumerate(
        (forgotten, forgotten_with_its_owner, forgotten_from_the_bin, forgotten_by_age)
    ):
        for m in range(2):
            await ask(store, f"q{n}-{m}", lease_s=LEASE_S)
            await store.shelf.put(feedback_key(turn_of(f"q{n}-{m}")), b"up")
        await store.shelf.put(shared_key(THREAD), b"token")
        await store.shelf.put(share_key("token"), THREAD.encode())
        assert len(await store.shelf.list(FEEDBACK)) == 3

        await forget()

        assert [document.key for document in await store.shelf.list("")] == sorted(others), forget.__name__


PROMISES = (
    a_thread_is_called_by_its_first_question,
    a_thread_keeps_the_name_it_is_given,
    what_is_in_the_bin_is_not_listed_and_takes_no_question,
    what_is_put_in_the_bin_again_stays_there_since_the_first_time,
    what_is_restored_from_the_bin_is_as_it_was,
    the_bin_is_emptied_of_what_is_long_in_it,
    feedback_and_links_go_with_their_thread_however_it_is_forgotten,
)
