"""A terminal: words as they come, and beside them everything about the words.

The two go to different streams, so that an answer can be piped away while its status and its
sources stay in sight. Log lines wait until no line is begun. A stream cannot take back what it has
written: when an answer starts over, nothing is written until the new text says something else than what
stands there. Then a person at a screen is told and reads it anew, and a program, which cannot be
told, is failed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, assert_never

from penstock.core.events import (
    ENDS,
    End,
    Entry,
    Event,
    Failed,
    Finished,
    FinishReason,
    Reasoning,
    Restarted,
    Retracted,
    Status,
    Stopped,
    Text,
    Waiting,
)
from penstock.core.turn import Citation, Turn, View

_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"
ERASED = "\r\x1b[K"
# A status that fills more than a line could not be erased.
_STATUS_CHARS = 70

# A screen obeys these: a model's words must not move the cursor, set the title or fill the clipboard.
_OBEYED = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)])
del _OBEYED[ord("\n")], _OBEYED[ord("\t")]

# --- Wire: entries in, what to write out --------------------------------------


class Piece(NamedTuple):
    """Something to write: words of the answer, or (`beside`) something about them."""

    text: str
    beside: bool = False


class Look(NamedTuple):
    """What the two streams are: a screen that a person looks at, or something else."""

    words_on_screen: bool = False
    beside_on_screen: bool = False
    colour: bool = False


class Terminal:
    """One turn, as a terminal shows it.

    `broken` says that words were written which the answer does not begin with any more,
    in a place where nobody can be told. Nothing more is written then.
    """

    def __init__(self, look: Look) -> None:
        self.broken = False
        self._look = look
        self._fold = Turn()
        # What stands on the stream, while the text that began anew has not got that far.
        self._standing: str | None = None
        self._line_begins = True
        self._status = ""
        # Where statuses are lines, each stays where it is: what was said last is not said again.
        self._said = ""

    @property
    def view(self) -> View:
        return self._fold.view

    def write(self, entries: Iterable[Entry]) -> list[Piece]:
        return [piece for entry in entries for piece in self._told(entry.event) if piece.text]

    def _told(self, event: Event) -> Iterator[Piece]:
        stood = self._fold.text if isinstance(event, Restarted | Retracted) else ""
        self._fold.receive(event)
        match event:
            case Text(text):
                yield from self._words(text) if self._standing is None else self._caught_up()
            case Status(label):
                yield from self._show_status(label)
            case Waiting(ahead):
                yield from self._show_status(f"waiting for {ahead} other answer{'s' * (ahead > 1)}")
            case Reasoning():
                yield from self._show_status("thinking")
            case Restarted() | Retracted():
                if self._standing is None and self._fold.text != stood:
                    self._standing = stood
                if isinstance(event, Retracted) and self._standing is not None:
                    yield from self._anew()
            case _ if isinstance(event, ENDS):
                yield from self._ended(event)
            case _:
                pass

    # --- Words -------------------------------------------------------------------

    def _words(self, text: str) -> Iterator[Piece]:
        if text and not self.broken:
            yield self._without_status()
            self._line_begins = text.endswith("\n")
            yield Piece(text.translate(_OBEYED) if self._look.words_on_screen else text)

    def _caught_up(self) -> Iterator[Piece]:
        """Go on silently once the new text has come as far as the old and says the same."""
        text, stands = self._fold.text, self._standing or ""
        if text.startswith(stands):
            self._standing = None
            yield from self._words(text[len(stands) :])
        elif not stands.startswith(text):
            yield from self._anew()

    def _anew(self) -> Iterator[Piece]:
        if not self._look.words_on_screen:
            self.broken = True
            return
        self._standing = None
        yield self._closed_line()
        yield self._aside("(what stands above was taken back; the answer starts over)")
        yield from self._words(self._fold.text)

    def _closed_line(self) -> Piece:
        begins, self._line_begins = self._line_begins, True
        return Piece("" if begins else "\n")

    # --- Beside them -------------------------------------------------------------

    def _show_status(self, label: str) -> Iterator[Piece]:
        label = " ".join(label.translate(_OBEYED).split())[:_STATUS_CHARS].rstrip("…. ")
        if not label:
            yield self._without_status()
            return
        # On the screen that shows the words, a line that has some must not be erased.
        if self._look.words_on_screen and not self._line_begins:
            return
        stands = self._status if self._look.beside_on_screen else self._said
        if label.casefold() == stands.casefold():
            return
        if self._look.beside_on_screen:
            yield Piece(ERASED + self._dim(f"{label} …"), beside=True)
        else:
            yield self._aside(f"{label} …")
        self._status = self._said = label

    def _without_status(self) -> Piece:
        shown, self._status = self._status, ""
        return Piece(ERASED if shown and self._look.beside_on_screen else "", beside=True)

    def _ended(self, end: End) -> Iterator[Piece]:
        if self._standing is not None and isinstance(end, Finished) and not self.broken:
            # It ended before it had caught up.
            yield from self._anew()
        yield self._without_status()
        yield self._closed_line()
        for line in map(source_line, self._fold.view.citations):
            yield self._aside(line)
        if not self.broken:
            yield self._aside(last_word(end))

    def _aside(self, line: str) -> Piece:
        return Piece(self._dim(line.translate(_OBEYED)) + "\n" if line else "", beside=True)

    def _dim(self, text: str) -> str:
        return f"{_DIM}{text}{_PLAIN}" if self._look.colour else text


_FINISHED: dict[FinishReason, str] = {
    "complete": "",
    "length": "(not the whole answer: the model's limit was reached)",
    "blocked": "(ended by a content filter)",
    "refused": "(the model declined)",
    "tool": "(the model asks for a tool, and there is none)",
}
_STOPPED = {"time": "(stopped: it took too long)"}


def source_line(citation: Citation) -> str:
    passage = citation.passage
    return f"[{citation.number}] {passage.source}" + (f": {passage.heading}" if passage.heading else "")


def last_word(end: End) -> str:
    """What there is to say about how an answer ended; nothing when it is whole."""
    match end:
        case Finished(reason):
            return _FINISHED[reason]
        case Stopped(by):
            return _STOPPED.get(by, "(stopped)")
        case Failed(sentence=sentence):
            return f"penstock: {sentence}"
        case _:
            assert_never(end)
