"""Every error Penstock raises, in one picture; divided by what the caller does next.

PenstockError
|- ConfigError              the settings are incomplete or do not make sense: mend them
|- Refused                  this request cannot be accepted as it is: change it
|  |- QuestionInvalid         empty, too long, not text
|  |- QuestionChanged         its id was used before, with another text
|  |- CursorInvalid           of another turn, or of a future that never was
|  |- NotFound                no such thread or turn, or not yours
|  `- Gone                    it was here, and has been forgotten
|- Busy                     not now: ask again later
|  |- ThreadBusy              an answer is under way, and the thread refuses overlap
|  |- TooManyQueued           in this thread, or by this person
|  `- ShuttingDown            this process takes no more
|- ModelError               the model could not answer
|  |- ModelBusy               ... right now; try again after `retry_after_s`
|  |- ModelUnreachable        ... because it could not be connected to, or broke down
|  |- ModelStalled            ... and said nothing for too long
|  |- ModelCut                ... to the end: the stream stopped without its end mark
|  |- ModelRefused            ... and will not answer this question: too long, against its rules, malformed
|  `- ModelMisconfigured      ... nor any other, until its owner mends the key, the name, the URL or the bill
|- ChannelError             the reader could not be reached
|  |- ChannelBusy             ... right now; slow down
|  `- ChannelGone             ... any more: left, closed, deleted
`- StoreError               what is written down could not be read or written
   |- LeaseLost               another worker holds the turn now: stop at once
   |- StoreTaken              another process owns this store
   |- StoreFull               no space left
   |- StoreLocked             held too long by somebody else; try again
   `- StoreCorrupt            damaged: restore it

`for_reader` is the sentence a person who asked may see: no code, key, path or
stack. `str(error)` is for us. `code` is stable and goes on the wire and into metrics.
"""

from __future__ import annotations

from typing import ClassVar


class PenstockError(Exception):
    code: ClassVar[str] = "error"
    for_reader: str = "Something went wrong here. Please ask again."


class ConfigError(PenstockError):
    code = "config"
    for_reader = "This assistant is not set up correctly. Please tell its owner."


# --- Refused: change the request ----------------------------------------------


class Refused(PenstockError):
    """The message is written for whoever sent the request, and is shown to them."""

    code = "refused"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.for_reader = message


class QuestionInvalid(Refused):
    code = "question_invalid"


class QuestionTooLong(QuestionInvalid):
    code = "question_too_long"


class QuestionChanged(Refused):
    code = "question_changed"


class CursorInvalid(Refused):
    code = "cursor_invalid"


class NotFound(Refused):
    code = "not_found"


class Gone(Refused):
    code = "gone"


# --- Busy: ask again later ----------------------------------------------------


class Busy(PenstockError):
    """Not now. `retry_after_s` is a guess, in seconds, at when."""

    code = "busy"
    for_reader = "There is too much to do right now. Please ask again in a moment."

    def __init__(self, message: str, *, retry_after_s: float = 5.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ThreadBusy(Busy):
    code = "thread_busy"
    for_reader = "I am still answering your last question. Please ask again when I have finished."


class TooManyQueued(Busy):
    code = "too_many_queued"
    for_reader = "Too many of your questions are waiting already. Please ask again in a moment."


class ShuttingDown(Busy):
    code = "shutting_down"
    for_reader = "This assistant is restarting. Please ask again in a moment."


# --- Model --------------------------------------------------------------------


class ModelError(PenstockError):
    """`try_again`: whether a new attempt may go better."""

    code = "model"
    try_again: ClassVar[bool] = True
    for_reader = "The model could not answer. Please ask again."


class ModelBusy(ModelError):
    code = "model_busy"
    for_reader = "The model is busy. Please ask again in a minute."

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ModelUnreachable(ModelError):
    code = "model_unreachable"
    for_reader = "The model cannot be reached right now. Please ask again in a minute."


class ModelStalled(ModelError):
    code = "model_stalled"
    for_reader = "The model fell silent in the middle of its work. Please ask again."


class ModelCut(ModelError):
    code = "model_cut"
    for_reader = "The answer was cut off before its end. Please ask again."


class ModelRefused(ModelError):
    code = "model_refused"
    try_again = False
    for_reader = "The model did not accept this question."


class ModelMisconfigured(ModelError):
    code = "model_misconfigured"
    try_again = False
    for_reader = ConfigError.for_reader


# --- Channel ------------------------------------------------------------------


class ChannelError(PenstockError):
    code = "channel"


class ChannelBusy(ChannelError):
    code = "channel_busy"

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ChannelGone(ChannelError):
    code = "channel_gone"


# --- Store --------------------------------------------------------------------


class StoreError(PenstockError):
    code = "store"
    for_reader = (
        "What is written down here cannot be reached right now. Please tell the owner of this assistant."
    )


class LeaseLost(StoreError):
    code = "lease_lost"


class StoreTaken(StoreError):
    code = "store_taken"
    for_reader = "This assistant runs already, in another place. Please tell its owner."


class StoreFull(StoreError):
    code = "store_full"
    for_reader = (
        "There is no space left to write anything down. "
        "Please tell the owner of this assistant, and ask again when some is free."
    )


class StoreLocked(StoreError):
    code = "store_locked"
    for_reader = "Nothing can be written down right now. Please ask again in a moment."


class StoreCorrupt(StoreError):
    code = "store_corrupt"
    for_reader = "What was written down here is damaged. Please tell the owner of this assistant."
