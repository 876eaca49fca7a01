"""What the readers of one running turn share."""

from __future__ import annotations

import msgspec

from penstock.channels.web.transcript import message_id

_json = msgspec.json.Encoder().encode
# How many encoded entries are kept; the readers of a live turn are at most a few wake-ups apart.
_SHARED = 64


class Frames:
    """The encoded text of a running turn, made once however many readers it has."""

    __slots__ = ("__weakref__", "_attempt", "_epoch", "_made", "_prefix", "_turn")

    def __init__(self, turn: str) -> None:
        self._turn = turn
        self._made: dict[int, bytes] = {}
        self._begin(0, 0)

    def text(self, number: int, attempt: int, text: str, epoch: int) -> bytes:
        """The event that appends `text`, as JSON."""
        # A number may have been written by two attempts; only the later one is in the log.
        if epoch != self._epoch or attempt != self._attempt:
            self._begin(attempt, epoch)
        made = self._made.get(number)
        if made is None:
            made = b"%b%b}" % (self._prefix, _json(text))
            if len(self._made) >= _SHARED:
                self._made.clear()
            self._made[number] = made
        return made

    def _begin(self, attempt: int, epoch: int) -> None:
        self._attempt, self._epoch = attempt, epoch
        self._made.clear()
        self._prefix = b'{"type":"TEXT_MESSAGE_CONTENT","messageId":%b,"delta":' % _json(
            message_id(self._turn, epoch)
        )
