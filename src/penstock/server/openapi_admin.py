"""The routes of admin.py, as the OpenAPI document describes them."""

from __future__ import annotations

from typing import Any

from penstock.server.admin_shapes import (
    FeedbackRows,
    FoundPassages,
    KnowledgeContents,
    OwnersTranscript,
    SettingsInForce,
    ThreadRows,
    TurnRows,
    TurnTimeline,
)
from penstock.server.charts import Charts
from penstock.server.describing import TURN, json_answer, operation, query

SHAPES = (
    TurnRows,
    TurnTimeline,
    ThreadRows,
    OwnersTranscript,
    FeedbackRows,
    Charts,
    KnowledgeContents,
    FoundPassages,
    SettingsInForce,
)


def _get(name: str, text: str, shape: type, *parameters: dict[str, Any]) -> dict[str, Any]:
    """All of them are for the owner alone: 403 `not_admin` for everybody else."""
    summary = f"For the owner: {text}"
    answers = {"200": json_answer("What is asked for.", shape.__name__)}
    return {"get": operation(name, summary, answers, *parameters)}


_LIMIT = query("limit", "integer", "At most so many, 1 to 200.")
_BEFORE = query("before", "string", "Only those after this one in the list: the `more` of the last answer.")

PATHS: dict[str, Any] = {
    "/api/admin/turns": _get(
        "ownersTurns",
        "everybody's turns, newest first.",
        TurnRows,
        query("state", "string", "Only those queued, running, done, stopped or failed; several with commas."),
        _BEFORE,
        _LIMIT,
    ),
    "/api/admin/turns/{turn}/stop": {
        "post": operation(
            "ownersStop",
            "For the owner: stop anybody's answer; what was said so far is kept.",
            {"202": json_answer("The order is written down.", "StopNoted")},
            TURN,
        )
    },
    "/api/admin/turns/{turn}/timeline": _get(
        "ownersTimeline", "what happened in a turn, and when.", TurnTimeline, TURN
    ),
    "/api/admin/threads": _get(
        "ownersThreads",
        "everybody's threads, newest question first.",
        ThreadRows,
        query("words", "string", "Only those with these words in the title or in one question."),
        _BEFORE,
        _LIMIT,
    ),
    "/api/admin/thread": _get(
        "ownersThread",
        "anybody's thread.",
        OwnersTranscript,
        {**query("key", "string", "The thread's key."), "required": True},
        query("before", "string", "Only turns before this one."),
        _LIMIT,
    ),
    "/api/admin/feedback": _get(
        "ownersFeedback", "what people thought of answers, newest first.", FeedbackRows, _BEFORE, _LIMIT
    ),
    "/api/admin/statistics": _get(
        "ownersStatistics",
        "turns, times and tokens, by the hour or, for more than 72 hours, by the day.",
        Charts,
        query("hours", "integer", "How far back, 1 to 9600; 24 when left out."),
    ),
    "/api/admin/knowledge": _get("ownersKnowledge", "what is indexed.", KnowledgeContents),
    "/api/admin/knowledge/search": _get(
        "ownersSearch",
        "the passages that a question finds.",
        FoundPassages,
        query("q", "string", "The question."),
        query("limit", "integer", "At most so many passages, 1 to 50; 5 when left out."),
    ),
    "/api/admin/settings": _get("ownersSettings", "the settings in force.", SettingsInForce),
}
