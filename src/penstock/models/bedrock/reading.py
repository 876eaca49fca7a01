"""From the messages of an event stream to events, as far as both of Bedrock's APIs agree; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from penstock.aws.eventstream import Message
from penstock.core.events import Event
from penstock.models.bedrock import complaint
from penstock.models.bedrock.answer import Answer
from penstock.models.hiding import NOTHING_HIDDEN, Hidden


class Reading:
    """One answer as far as it has been read: feed it messages, then ask it for the end."""

    def __init__(self, answer: Answer, who: str, hidden: Hidden = NOTHING_HIDDEN) -> None:
        self._answer = answer
        self._who = who
        self._hidden = hidden
        self.done = False
        """Nothing more that matters will follow."""

    @property
    def ended(self) -> bool:
        """The end mark has come; usage may still follow."""
        return self._answer.reason != ""

    def events(self, messages: Iterable[Message]) -> Iterator[Event]:
        """The events of these messages. Those before a fault are given out before it is raised."""
        for headers, payload in messages:
            kind = headers.get(":event-type")
            if type(kind) is str:
                yield from self._heard(kind, payload)
            elif not self.ended:
                raise complaint.of_message(Message(headers, payload), who=self._who, hidden=self._hidden)

    def end(self) -> Iterator[Event]:
        """The closing events, Finished last. Raises ModelCut without the provider's end mark."""
        return self._answer.closing()

    def _heard(self, kind: str, payload: bytes) -> Iterable[Event]:
        """The events of one message; kinds that are not known have none."""
        raise NotImplementedError
