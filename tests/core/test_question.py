from __future__ import annotations

from dataclasses import dataclass

import msgspec
import pytest

from penstock.core.question import File, Person, Question, Thread, asker, checked, may_read
from penstock.errors import NotFound, QuestionInvalid, QuestionTooLong

ANN = Person("acme", "ann")


def question(**changes: object) -> Question:
    plain = Question("web:acme:ann:1", "acme:web:t1", ANN, "Where is the handbook?")
    return msgspec.structs.replace(plain, **changes)


@dataclass
class Case:
    changes: dict[str, object]
    error: type[Exception]


BAD = {
    "empty": Case({"text": ""}, QuestionInvalid),
    "whitespace": Case({"text": " \n\t"}, QuestionInvalid),
    "NUL": Case({"text": "a\x00b"}, QuestionInvalid),
    "a lone surrogate": Case({"text": "a\ud800b"}, QuestionInvalid),
    "over 100 KB": Case({"text": "ü" * 51_201}, QuestionTooLong),
    "no id": Case({"id": ""}, QuestionInvalid),
    "an id of many lines": Case({"id": "a\nb"}, QuestionInvalid),
    "an endless id": Case({"id": "a" * 257}, QuestionInvalid),
    "another tenant's thread": Case({"thread": "other:web:t1"}, NotFound),
}


@pytest.mark.parametrize("case", BAD.values(), ids=BAD)
def test_what_cannot_be_asked_is_refused_with_a_sentence(case: Case) -> None:
    with pytest.raises(case.error, match=r"\.$"):
        checked(question(**case.changes))


def test_a_question_of_exactly_100_kb_is_asked() -> None:
    assert checked(question(text="a" * 102_400))


def test_a_file_is_a_question_without_words() -> None:
    assert checked(question(text="", files=(File("0" * 64, "a.txt", "text/plain", 3),)))


def test_a_repeat_is_known_by_its_digest_whatever_its_delivery_was() -> None:
    assert question(delivery="1").digest == question(delivery="2").digest
    assert question().digest != question(text="Another").digest


def test_asking_again_is_another_question_and_asking_plainly_the_same_as_ever() -> None:
    assert question(replaces="t1").digest not in (question().digest, question(replaces="t2").digest)
    # As it was written down before a question could replace another.
    assert question().digest == "0e98240b79363b2c4fffa827dfa8ac77c9e52ef3aa92a103cafbae4f8ae8d30a"


@pytest.mark.parametrize(
    "person",
    [
        ANN,
        Person("acme", "a" * 5_000),
        Person("t" * 5_000, "a"),
        Person("acme", "a\nb"),
        Person("acme", "\ud800"),
    ],
    ids=["short", "long", "long tenant", "many lines", "half a character"],
)
def test_whoever_asks_a_questions_id_can_name_them(person: Person) -> None:
    thread = f"{person.tenant}:web:t1"
    assert checked(question(id=f"web:{asker(person)}:{'1' * 100}", person=person, thread=thread))


def test_two_people_with_long_names_are_told_apart() -> None:
    people = [Person("acme", "a" * 500), Person("acme", "a" * 501), Person("acm", "e" + "a" * 500), ANN]

    assert len({asker(person) for person in people}) == len(people)


@pytest.mark.parametrize(
    ("person", "may"),
    [(ANN, True), (Person("acme", "bob"), False), (Person("other", "ann"), False)],
    ids=["the owner", "a colleague", "a namesake of another tenant"],
)
def test_only_who_owns_a_thread_may_read_it(person: Person, may: bool) -> None:
    assert may_read(person, Thread("acme:web:t1", "acme", "ann", 0.0)) is may
