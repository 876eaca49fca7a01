"""What every route needs: the assistant at work, who asks, and the limits of a request."""

from __future__ import annotations

import inspect
import uuid
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from starlette.requests import HTTPConnection, Request

from penstock.channels.web import Frames
from penstock.core.budget import Rate
from penstock.core.question import Person, Question, Visitor, asker, thread_key, thread_parts
from penstock.errors import ConfigError, QuestionInvalid
from penstock.server.auth import rules
from penstock.server.guard import check_here, check_host, check_origin, json_body
from penstock.server.patience import STALLED_S
from penstock.server.problems import NotAdmin, TooManyQuestions

if TYPE_CHECKING:
    from penstock.assistant import Identify, Opened
    from penstock.engine import Asked
    from penstock.server.auth import Auth

LOCAL = Person(tenant="local", id="me")
"""The one person there is on one's own machine, and its owner."""

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
        auth: Auth,
        stalled_s: float = STALLED_S,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self.engine = opened.engine
        self.model = opened.model
        self.settings = opened.settings
        self.knowledge = opened.knowledge
        self.origins = opened.origins
        self.stalled_s = stalled_s
        self.new_id = new_id
        self.auth = auth
        # A program's word goes before ours; with neither there is one person, on this machine.
        self._identify = identify or (auth.identify if auth.kind != "none" else None)
        self._hosts = rules.hosts(self.settings, identified=identify is not None)
        self._origin = rules.origin(self.settings)
        self._frames: WeakValueDictionary[str, Frames] = WeakValueDictionary()

    def check(self, connection: HTTPConnection) -> None:
        """Raises ForeignOrigin when the request was not meant for us."""
        check_host(connection, self._hosts)
        check_origin(connection, self._origin)

    async def visitor(self, connection: HTTPConnection) -> Visitor:
        """Who asks, and whether they are the owner. Raises ForeignOrigin, and what `identify` raises."""
        self.check(connection)
        if self._identify is None:
            check_here(connection)
            return Visitor(LOCAL, admin=True)
        found = self._identify(connection)
        who = await found if inspect.isawaitable(found) else found
        visitor = who if isinstance(who, Visitor) else Visitor(who)
        person = visitor.person
        if not person.tenant or ":" in person.tenant or not person.id:
            raise ConfigError("identify gave a person without an id, or whose tenant is empty or has a colon")
        return visitor

    async def person(self, connection: HTTPConnection) -> Person:
        """Who asks. Raises as `visitor` does."""
        return (await self.visitor(connection)).person

    async def admin(self, connection: HTTPConnection) -> Person:
        """Who asks, if it is the owner. Raises NotAdmin, and as `visitor` does."""
        visitor = await self.visitor(connection)
        if not visitor.admin:
            raise NotAdmin("This is for the owner of this assistant.")
        return visitor.person

    async def ask(self, question: Question) -> Asked:
        """Put the question. Raises TooManyQuestions, and as the engine."""
        most = self.settings.questions_per_minute
        if most and self._identify is not None:
            budget = f"questions/{asker(question.person)}"
            if wait_s := await self.auth.budgets.take(budget, Rate(60 / most, burst=most)):
                raise TooManyQuestions(most, wait_s)
        return await self.engine.ask(question)

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

    def question(
        self, person: Person, thread: str, text: str, given: str | None, replaces: str | None = None
    ) -> Question:
        if given is not None and (not 0 < len(given) <= _MAX_GIVEN_CHARS or ":" in given):
            raise QuestionInvalid(
                f"A question's id has at most {_MAX_GIVEN_CHARS} characters, at least one, and no colon."
            )
        return Question(
            id=f"web:{asker(person)}:{given or self.new_id()}",
            thread=thread,
            person=person,
            text=text,
            replaces=replaces or "",
        )


def thread_name(key: str) -> str:
    """The name a person knows a thread by: its key without tenant and channel."""
    return thread_parts(key).name


def asked_id(question: str) -> str:
    """The id its client gave a question: the question's without channel and person."""
    return question.rpartition(":")[2]
