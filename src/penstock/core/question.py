"""Who asks, what is asked, and where: the values a door hands to the engine."""

from __future__ import annotations

import hashlib
from typing import Literal, NamedTuple

import msgspec

from penstock.errors import NotFound, QuestionInvalid, QuestionTooLong

MAX_TEXT_BYTES = 100 * 1024
MAX_ID_CHARS = 256
_MAX_ASKER_CHARS = 128


class Person(msgspec.Struct, frozen=True):
    """Who asks. `tenant` is a workspace or site; `locale` a BCP 47 tag, `time_zone` an IANA name."""

    tenant: str
    id: str
    name: str = ""
    locale: str = ""
    time_zone: str = ""


class Visitor(msgspec.Struct, frozen=True):
    """A person at a door, and whether they may see what the owner sees."""

    person: Person
    admin: bool = False


class File(msgspec.Struct, frozen=True):
    """A file that came with a question. Its bytes lie in Blobs under `sha256`."""

    sha256: str
    name: str
    media_type: str
    size_bytes: int


class Message(msgspec.Struct, frozen=True):
    """One line of a conversation, as a model reads it."""

    role: Literal["system", "user", "assistant"]
    text: str


class Question(msgspec.Struct, frozen=True):
    """One message from a person.

    `id` names the message, not its delivery. `thread` begins with the tenant.
    `history` is what a client supplied that keeps its own memory (the OpenAI API);
    `options` are its wishes to the model (temperature, max_tokens ...), `model` the
    one it named. `delivery` is the id of the delivery, only noted. `replaces` is the turn
    of the thread that this question is asked instead of.
    """

    id: str
    thread: str
    person: Person
    text: str
    files: tuple[File, ...] = ()
    history: tuple[Message, ...] = ()
    options: dict[str, object] = {}
    delivery: str = ""
    replaces: str = ""

    @property
    def digest(self) -> str:
        """Two deliveries of one question have the same; a reused id has another."""
        said = (
            self.thread,
            self.person.tenant,
            self.person.id,
            self.text,
            self.files,
            self.history,
            self.options,
        )
        # Questions from before there was `replaces` keep their digests.
        whole = (*said, self.replaces) if self.replaces else said
        return hashlib.sha256(msgspec.json.encode(whole)).hexdigest()


class Thread(msgspec.Struct, frozen=True):
    """Where a conversation happens. `key` begins with the tenant; `owner` is a person's id.

    `asked_s` is when its newest question came, `binned_s` when it was put in the bin (0: it is not there).
    """

    key: str
    tenant: str
    owner: str
    created_s: float
    asked_s: float = 0.0
    title: str = ""
    binned_s: float = 0.0


def asker(person: Person) -> str:
    """Who asks, as a part of a question's id, which has to be short and printable whatever a person's is.

    A digest has no colon, so nobody is called like somebody else's.
    """
    plain = f"{person.tenant}:{person.id}"
    if len(plain) <= _MAX_ASKER_CHARS and plain.isprintable():
        return plain
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def thread_key(tenant: str, channel: str, name: str) -> str:
    return f"{tenant}:{channel}:{name}"


class ThreadParts(NamedTuple):
    tenant: str
    channel: str
    name: str


def thread_parts(key: str) -> ThreadParts:
    """What a thread's key was made of; a key of somebody's own making may have no channel."""
    tenant, _, rest = key.partition(":")
    channel, colon, name = rest.partition(":")
    return ThreadParts(tenant, channel, name) if colon else ThreadParts(tenant, "", rest)


def checked(question: Question) -> Question:
    """The question as it may be written down. Raises QuestionInvalid with a sentence for whoever asked."""
    text = question.text
    if not text.strip() and not question.files:
        raise QuestionInvalid("The question is empty.")
    if "\x00" in text:
        raise QuestionInvalid("The question contains a NUL character, which is not text.")
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise QuestionInvalid("The question contains half a character (a lone surrogate).") from None
    if size > MAX_TEXT_BYTES:
        raise QuestionTooLong(
            f"The question has {size:,} bytes; {MAX_TEXT_BYTES:,} are possible. Send the rest as a file."
        )
    if not 0 < len(question.id) <= MAX_ID_CHARS or not question.id.isprintable():
        raise QuestionInvalid(f"The question's id must be 1 to {MAX_ID_CHARS} printable characters.")
    if not question.thread.startswith(question.person.tenant + ":"):
        raise NotFound("There is no such conversation.")
    return question


def may_read(person: Person, thread: Thread) -> bool:
    """The one rule that every read of a thread goes through."""
    return person.tenant == thread.tenant and person.id == thread.owner
