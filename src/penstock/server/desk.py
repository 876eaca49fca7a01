"""What every route needs: the assistant at work, who asks, and the limits of a request."""

from __future__ import annotations

import inspect
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from starlette.requests import HTTPConnection, Request

from penstock.channels.web import Frames
from penstock.core.question import Person, Question, asker, thread_key
from penstock.errors import ConfigError, QuestionInvalid
from penstock.server.guard import check_host, check_origin, json_body
from penstock.server.patience import STALLED_S

if TYPE_CHECKING:
    from penstock.assistant import Identify, Opened

LOCAL = Person(tenant="local", id="me")
"""The one person there is on one's own machine."""

_MAX_THREAD_CHARS = 128
# With who asks, it fits into what core.question allows.
_MAX_GIVEN_CHARS = 120


AtDesk = Callable[[], Awaitable["Desk"]]
"""Gives the desk, and starts the assistant first where nobody has."""


class Desk:
    def __init__(
        self,
        opened: Opened,
        identify: Identify | None,
        hosts: Sequence[str],
        stalled_s: float = STALLED_S,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self.engine = opened.engine
        self.model = opened.model
        self.settings = opened.settings
        self.stalled_s = stalled_s
        self.new_id = new_id
        self._identify = identify
        self._hosts = hosts
        self._frames: WeakValueDictionary[str, Frames] = WeakValueDictionary()

    def check(self, connection: HTTPConnection) -> None:
        """Raises ForeignOrigin when the request was not meant for us."""
        check_host(connection, self._hosts)
        check_origin(connection)

    async def person(self, connection: HTTPConnection) -> Person:
        """Who asks. Raises ForeignOrigin, and what `identify` raises."""
        self.check(connection)
        if self._identify is None:
            return LOCAL
        found = self._identify(connection)
        person = await found if inspect.isawaitable(found) else found
        if not person.tenant or ":" in person.tenant or not person.id:
            raise ConfigError("identify gave a person without an id, or whose tenant is empty or has a colon")
        return person

    def frames(self, turn: str) -> Frames:
        """What the readers of one turn share, for as long as there are any."""
        frames = self._frames.get(turn)
        if frames is None:
            frames = self._frames[turn] = Frames(turn)
        return frames

    async def body(self, request: Request) -> bytes:
        return await json_body(request, self.settings.max_body_bytes, self.stalled_s)

    def thread(self, person: Person, name: str, channel: str = "web") -> str:
        """A person names threads as they like; the key says whose tenant's it is."""
        # An address could not tell a slash in the name from its own.
        if not 0 < len(name) <= _MAX_THREAD_CHARS or not name.isprintable() or "/" in name:
            raise QuestionInvalid(
                f"A thread's name has 1 to {_MAX_THREAD_CHARS} printable characters and no slash."
            )
        return thread_key(person.tenant, channel, name)

    def question(self, person: Person, thread: str, text: str, given: str | None) -> Question:
        if given is not None and (not 0 < len(given) <= _MAX_GIVEN_CHARS or ":" in given):
            raise QuestionInvalid(
                f"A question's id has at most {_MAX_GIVEN_CHARS} characters, at least one, and no colon."
            )
        return Question(
            id=f"web:{asker(person)}:{given or self.new_id()}",
            thread=thread,
            person=person,
            text=text,
        )


def thread_name(key: str) -> str:
    """The name a person knows a thread by: its key without tenant and channel."""
    return key.split(":", 2)[2]


def asked_id(question: str) -> str:
    """The id its client gave a question: the question's without channel and person."""
    return question.rpartition(":")[2]
