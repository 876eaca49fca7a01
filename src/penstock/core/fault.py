"""What broke in somebody else's code: the kind of the exception and where, never its words.

A message may quote a question or a key. Type, file, line and function cannot, and are
what the code's author needs.
"""

from __future__ import annotations

import os
import traceback
from pathlib import Path

_OURS = str(Path(__file__).parent.parent)
_STANDARD = os.path.dirname(os.__file__)
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")


def told(error: BaseException) -> str:
    """`ValueError at /srv/bot.py:12 in answer`: the innermost line of the author's own, or else of any."""
    steps = [(frame.f_code, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    own = [step for step in steps if _is_own(step[0].co_filename)]
    kind = type(error).__name__
    if not steps:
        return kind
    code, line = (own or steps)[-1]
    return f"{kind} at {code.co_filename}:{line} in {code.co_name}"


def _is_own(file: str) -> bool:
    """Not ours, not Python's, not an installed package's."""
    if file.startswith((_OURS, _STANDARD, "<frozen ")):
        return False
    return not any(folder in file for folder in _INSTALLED)
