"""What an answer and a log line give away beside what they say."""

from __future__ import annotations

import logging

import pytest
from starlette.requests import HTTPConnection
from starlette.routing import Route

from penstock.core.question import Person
from tests.server.place import Places

NAME = "about-my-illness"


def breaks(connection: HTTPConnection) -> Person:
    raise RuntimeError("the directory is gone")


async def test_no_browser_takes_an_answer_for_anything_but_what_it_says_it_is(places: Places) -> None:
    answers = []
    async with places.open() as place:
        for route in place.app.life.routes():
            if isinstance(route, Route):
                path = route.path_format.format(**dict.fromkeys(route.param_convertors, "x"))
                answers += [await place.send(method, path) for method in route.methods or ()]
        answers += [await place.get("/nothing-here"), await place.get("/v1/nothing-here")]
        turn = (await place.answered())["turn"]
        async with place.stream(f"/api/turns/{turn}/events") as stream:
            answers.append(stream.response)

    assert len(answers) > 40
    sniffed = [r.request.url.path for r in answers if r.headers.get("x-content-type-options") != "nosniff"]
    assert sniffed == []


async def test_a_log_line_about_what_failed_says_which_route_and_not_whose_conversation(
    places: Places, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    async with places.open() as place:
        # A person that no `identify` should give.
        known = await place.get(f"/api/threads/{NAME}", "a:b/ann")
    async with places.open(identify=breaks) as place:
        unknown = await place.get(f"/api/threads/{NAME}")

    assert [known.status_code, unknown.status_code] == [500, 500]
    told = [vars(record) for record in caplog.records if record.message == "a request failed"]
    assert [fields["path"] for fields in told] == ["/api/threads/{thread}"] * 2
    assert NAME not in str(told)
