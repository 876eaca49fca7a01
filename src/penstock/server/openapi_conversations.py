"""The routes of conversations.py, as the OpenAPI document describes them."""

from __future__ import annotations

from typing import Any

from penstock.server.describing import THREAD, TURN, answer, json_answer, operation, query
from penstock.server.shapes import Change, Link, Rate, SharedThread, ThreadItem, Threads

SHAPES = (Threads, ThreadItem, Change, Link, SharedThread, Rate)

_TOKEN = {"name": "token", "in": "path", "required": True, "schema": {"type": "string"}}

CHANGE = operation(
    "change",
    "Name a thread, delete it, or undo that. Ten minutes after it was deleted it is forgotten.",
    {"200": json_answer("The thread as it is now.", "ThreadItem")},
    THREAD,
    body="Change",
)
PATHS: dict[str, Any] = {
    "/api/threads": {
        "get": operation(
            "listThreads",
            "List one's threads.",
            {"200": json_answer("Newest question first.", "Threads")},
            query("words", "string", "Only those with these words in the title or in one question."),
            query("before", "string", "Only those after this one in the list."),
            query("limit", "integer", "At most so many threads, 1 to 200."),
        )
    },
    "/api/threads/{thread}/share": {
        "put": operation(
            "share",
            "Make a read-only link to a thread, or get the one there is.",
            {"200": json_answer("The link.", "Link")},
            THREAD,
        ),
        "delete": operation("unshare", "Take the link back.", {"204": answer("It shows nothing.")}, THREAD),
    },
    "/api/shared/{token}": {
        "get": operation(
            "readShared",
            "Read what a link shows, without signing in.",
            {"200": json_answer("The turns that stand, oldest first.", "SharedThread")},
            _TOKEN,
        )
    },
    "/api/turns/{turn}/feedback": {
        "put": operation(
            "rate",
            "Say what you think of an answer, in place of what you said before.",
            {"204": answer("It is written down.")},
            TURN,
            body="Rate",
        ),
        "delete": operation("unrate", "Take that back.", {"204": answer("It is gone.")}, TURN),
    },
}
