"""Tool calls, gathered from the fragments in which chat completions stream them; pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from penstock.core.events import ToolCalled


class Function(msgspec.Struct, gc=False):
    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class CallPart(msgspec.Struct, gc=False):
    index: int | None = None
    id: str | None = None
    function: Function | None = None


class _Gathering(msgspec.Struct):
    id: str = ""
    name: str = ""
    arguments: str = ""


class Calls:
    """Tool calls, gathered from their fragments.

    A fragment belongs to the call with its index, else to the newest one. Another id under the
    same index is another call (Gemini gives all parallel ones index 0).
    """

    def __init__(self) -> None:
        self._order: list[_Gathering] = []
        self._at: dict[int, _Gathering] = {}

    def __bool__(self) -> bool:
        return bool(self._order)

    def hear(self, index: int | None, call_id: str | None, function: Function | None) -> None:
        call = self._call(index, call_id or "")
        if function is None:
            return
        # Names come whole, in pieces, or whole with every fragment.
        if function.name and function.name != call.name:
            call.name += function.name
        if isinstance(function.arguments, dict):
            call.arguments = msgspec.json.encode(function.arguments).decode()
        elif function.arguments:
            call.arguments += function.arguments

    def gathered(self) -> Iterator[ToolCalled]:
        for number, call in enumerate(self._order, 1):
            yield ToolCalled(call.id or f"call-{number}", call.name, call.arguments)

    def _call(self, index: int | None, call_id: str) -> _Gathering:
        call = self._newest() if index is None else self._at.get(index)
        if call is None or (call_id and call.id and call_id != call.id):
            call = _Gathering()
            self._order.append(call)
            if index is not None:
                self._at[index] = call
        call.id = call.id or call_id
        return call

    def _newest(self) -> _Gathering | None:
        return self._order[-1] if self._order else None
