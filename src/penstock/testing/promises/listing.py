"""Lists: a person's threads, found again by words, and the owner's list of turns."""

from __future__ import annotations

from penstock.core.events import Failed, Finished, Usage
from penstock.core.ports import Batch, Listed, Store
from penstock.core.question import Person
from penstock.core.turn import State, View
from penstock.testing.clock import FakeClock
from penstock.testing.promises.vocabulary import (
    ANN,
    BOB,
    LEASE_S,
    ask,
    claim,
    end,
    question,
    start,
    turn_of,
)


async def _titles(
    store: Store, person: Person | None = ANN, *, prefix: str = "", words: str = "", before: str = ""
) -> list[str]:
    found = await store.threads.listed(person, prefix=prefix, words=words, before=before)
    return [thread.title for thread in found]


async def _asked_of_many(store: Store, clock: FakeClock, *texts: str) -> list[str]:
    """A thread for each, one after the other; their keys."""
    keys = [f"acme:web:{n}" for n in range(len(texts))]
    for key, text in zip(keys, texts, strict=True):
        await ask(store, f"q-{key}", thread=key, text=text)
        clock.advance(1)
    return keys


async def the_thread_with_the_newest_question_is_listed_first(store: Store, clock: FakeClock) -> None:
    keys = await _asked_of_many(store, clock, "one", "two", "three")
    await ask(store, "again", thread=keys[0])

    found = await store.threads.listed(ANN)

    assert [thread.key for thread in found] == [keys[0], keys[2], keys[1]]
    assert found[0] == await store.threads.get(keys[0])
    assert found[0].asked_s == clock()


async def people_see_their_own_threads_listed_and_the_owner_everybodys(
    store: Store, clock: FakeClock
) -> None:
    await ask(store, "q1", thread="acme:web:1", text="ann's")
    clock.advance(1)
    await ask(store, "q2", thread="acme:web:2", text="bob's", person=BOB)
    clock.advance(1)
    await ask(store, "q3", thread="other:web:1", text="her namesake's", person=Person("other", "ann"))

    assert await _titles(store, ANN) == ["ann's"]
    assert await _titles(store, BOB) == ["bob's"]
    assert await _titles(store, None) == ["her namesake's", "bob's", "ann's"]
    assert await _titles(store, ANN, words="bob") == []
    assert await _titles(store, None, words="s") == ["her namesake's", "bob's", "ann's"]


async def a_list_of_threads_is_paged(store: Store, clock: FakeClock) -> None:
    keys = await _asked_of_many(store, clock, *(f"conversation {n}" for n in range(5)))
    # Those that were asked in at the same moment have an order, too.
    triplets = [f"acme:web:triplet-{n}" for n in range(3)]
    for key in triplets:
        await ask(store, key, thread=key, text="a triplet's conversation")

    for words in ("", "conversation"):
        seen: list[str] = []
        while page := await store.threads.listed(ANN, words=words, before=seen[-1] if seen else "", limit=2):
            assert len(page) <= 2
            seen += [thread.key for thread in page]
        assert sorted(seen[:3]) == triplets
        assert seen[3:] == keys[::-1]

    assert await store.threads.listed(ANN, before="acme:web:never-was") == []


async def threads_are_listed_by_how_their_keys_begin(store: Store, clock: FakeClock) -> None:
    for key in ("acme:web:1", "acme:web%:2", "acme:http:3", "acme:webs:4"):
        await ask(store, f"q-{key}", thread=key, text=key)
        clock.advance(1)

    assert await _titles(store, prefix="acme:web:") == ["acme:web:1"]
    assert await _titles(store, prefix="acme:web") == ["acme:webs:4", "acme:web%:2", "acme:web:1"]
    assert await _titles(store, prefix="acme:web%") == ["acme:web%:2"]
    assert await _titles(store, prefix="acme:web:", words="acme") == ["acme:web:1"]


async def a_thread_is_found_by_its_title_or_a_question(store: Store, clock: FakeClock) -> None:
    await ask(store, "q1", thread="acme:web:1", text="How much leave?")
    await ask(store, "q2", thread="acme:web:1", text="And for\n100% of new people_here?")
    await ask(store, "q3", thread="acme:web:2", text="Something else")
    await store.threads.rename("acme:web:2", "Prices")

    for words in ("leave", "NEW PEOPLE", "people new", "eopl", " much  how ", "100% of", "people_here"):
        assert await _titles(store, words=words) == ["How much leave?"], words
    assert await _titles(store, words="prices") == ["Prices"]
    assert await _titles(store, words="something") == ["Prices"]
    # As its reader sees it, without the signs that stand in the question.
    await ask(store, "q4", thread="acme:web:4", text="[Hand](https://example.org)Book")
    assert await _titles(store, words="handbook") == ["HandBook"]
    await store.threads.forget("acme:web:4")
    for words in ("leave something", "much new", "100_", "peopleXhere"):
        assert await _titles(store, words=words) == [], words
    assert len(await _titles(store, words=" \n")) == 2


async def letters_of_every_script_are_found_whatever_their_case(store: Store, clock: FakeClock) -> None:
    await _asked_of_many(store, clock, "GRÜSSE aus Köln", "ΟΔΟΣ", "有給休暇は何日ありますか", "İstanbul")

    for words, title in (
        ("grüße", "GRÜSSE aus Köln"),
        ("KO\u0308LN", "GRÜSSE aus Köln"),
        ("οδος", "ΟΔΟΣ"),
        ("休暇", "有給休暇は何日ありますか"),
        ("istanbul", "İstanbul"),
    ):
        assert await _titles(store, words=words) == [title], words


async def many_threads_are_searched_to_the_last(store: Store, clock: FakeClock) -> None:
    await ask(store, "oldest", thread="acme:web:oldest", text="a needle")
    clock.advance(1)
    for n in range(450):
        await ask(store, f"q{n}", thread=f"acme:web:{n}", text="hay", person=ANN if n % 10 else BOB)
        await end(store, (await claim(store, turn_of(f"q{n}"))).lease)

    assert await _titles(store, words="needle") == ["a needle"]
    assert len(await store.threads.listed(ANN, words="hay", limit=1_000)) == 405


async def the_newest_turns_of_all_threads_are_listed_for_the_owner(store: Store, clock: FakeClock) -> None:
    await end(store, (await start(store, "q1")).lease)
    await store.turns.receive(question("q2", thread="acme:web:2", person=BOB), "t2")

    newest, oldest = await store.turns.recent()

    asked = {"title": "Why?", "question": "Why?"}
    assert newest == Listed((await store.turns.read("t2")).turn, BOB, **asked)
    assert oldest == Listed((await store.turns.read(turn_of("q1"))).turn, ANN, **asked)


async def a_listed_turn_says_who_asked_and_which_model_answered(store: Store, clock: FakeClock) -> None:
    ann = Person("acme", "ann", "Ann", "en", "Europe/Berlin")
    received = await store.turns.receive(question("q1", person=ann), "t1", lease_s=LEASE_S)
    assert received.claim is not None
    view = View(state="done", text="a", usage=Usage("m-1", 1, 2))

    await store.turns.finish(Batch(received.claim.lease, 1, [Finished()]), "done", view)

    (listed,) = await store.turns.recent()
    assert (listed.person, listed.model, listed.turn.state) == (ann, "m-1", "done")


async def a_listed_turn_says_its_question_at_most_in_part_and_its_error(
    store: Store, clock: FakeClock
) -> None:
    asked = question("q1", text="long " * 100)
    received = await store.turns.receive(asked, "t1", lease_s=LEASE_S)
    assert received.claim is not None
    failed = Failed("model_cut", "It was cut off.", "t1")

    view = View(state="failed", error_code=failed.code)
    await store.turns.finish(Batch(received.claim.lease, 1, [failed]), "failed", view)

    (listed,) = await store.turns.recent()
    assert (listed.question, listed.error_code) == (asked.text[:200], "model_cut")


async def turns_are_listed_by_their_state(store: Store, clock: FakeClock) -> None:
    ends: tuple[State, ...] = ("done", "failed", "stopped", "failed")
    for n, state in enumerate(ends, 1):
        begun = await start(store, f"q{n}", thread=f"acme:web:{n}")
        await store.turns.finish(Batch(begun.lease, 1, []), state, View(state=state))
    await start(store, "q5", thread="acme:web:5")
    await ask(store, "q6", thread="acme:web:5")
    wanted: list[tuple[tuple[State, ...], list[int]]] = [
        ((), [6, 5, 4, 3, 2, 1]),
        (("failed",), [4, 2]),
        (("done",), [1]),
        (("stopped", "failed"), [4, 3, 2]),
        (("queued", "running"), [6, 5]),
        (("running", "running"), [5]),
    ]

    for states, numbers in wanted:
        listed = await store.turns.recent(states=states)
        assert [each.turn.id for each in listed] == [turn_of(f"q{n}") for n in numbers], states


async def a_list_of_turns_is_paged(store: Store, clock: FakeClock) -> None:
    turns = [turn_of(f"q{n}") for n in range(5)]
    for n in range(5):
        await ask(store, f"q{n}", thread=f"acme:web:{n % 2}")

    both: tuple[State, ...] = ("queued", "done")
    for states in ((), both):
        seen: list[str] = []
        while page := await store.turns.recent(states=states, before=seen[-1] if seen else "", limit=2):
            assert len(page) <= 2
            seen += [each.turn.id for each in page]
        assert seen == turns[::-1]

    assert await store.turns.recent(before="never-was") == []


async def turns_of_threads_in_the_bin_are_not_listed(store: Store, clock: FakeClock) -> None:
    await ask(store, "q1", thread="acme:web:1")
    await ask(store, "q2", thread="acme:web:2")
    await store.threads.bin("acme:web:1")

    for listed in (await store.turns.recent(), await store.turns.recent(states=["queued"])):
        assert [each.turn.id for each in listed] == [turn_of("q2")]
    await store.threads.restore("acme:web:1")
    assert len(await store.turns.recent()) == 2


PROMISES = (
    the_thread_with_the_newest_question_is_listed_first,
    people_see_their_own_threads_listed_and_the_owner_everybodys,
    a_list_of_threads_is_paged,
    threads_are_listed_by_how_their_keys_begin,
    a_thread_is_found_by_its_title_or_a_question,
    letters_of_every_script_are_found_whatever_their_case,
    many_threads_are_searched_to_the_last,
    the_newest_turns_of_all_threads_are_listed_for_the_owner,
    a_listed_turn_says_who_asked_and_which_model_answered,
    a_listed_turn_says_its_question_at_most_in_part_and_its_error,
    turns_are_listed_by_their_state,
    a_list_of_turns_is_paged,
    turns_of_threads_in_the_bin_are_not_listed,
)
