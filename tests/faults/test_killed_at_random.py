"""kill -9 under a real server at many random moments: nothing is lost and nothing appears twice.

What happens in a test is drawn from its seed, which is its parameter and so stands in its name;
when exactly a kill hits depends on the machine, too, except where the server kills itself after so
many SQL statements.
"""

from __future__ import annotations

import asyncio
import random
import signal
import statistics

import pytest

from tests.faults.conftest import Serving
from tests.faults.conversation import Conversation
from tests.faults.server import Life, Server
from tests.faults.story import Script

# The longest that a reader may wait for the next event after a start: "within seconds".
_SECONDS = 5.0
# Where questions are received, logs written, turns begun, ended and let go.
_STATEMENTS = ["", "", "INSERT INTO questions", "INSERT INTO log", "fence = fence + 1", "INSERT INTO views", "COMMIT"]


def script(life: int, chance: random.Random) -> Script:
    statement = chance.choice(_STATEMENTS) if chance.random() < 0.5 else None
    return Script(
        life,
        pace_ms=chance.choice([0, 2, 8]),
        statement=statement,
        nth=chance.randrange(1, 300 if statement == "" else 12),
        after_ms=chance.choice([0, 0, chance.uniform(0, 5)]),
    )


async def live_and_die(life: Life, chance: random.Random) -> None:
    """Let it live for a random while; in one case of five it is first asked to end by itself."""
    if chance.random() < 0.1:
        await life.ends_within(chance.uniform(0, 0.5))
    elif await life.ready():
        await life.ends_within(chance.uniform(0, 1.0))
    if chance.random() < 0.2:
        life.send(signal.SIGTERM)
        await life.ends_within(chance.uniform(0, 1.5))
    await life.kill()


async def killed(server: Server, seed: str, kills: int, threads: int = 3) -> list[Conversation]:
    """Conversations on a server that was killed so often, and then was left alone."""
    chance = random.Random(seed)
    enough = asyncio.Event()
    conversations = [Conversation(server, f"thread{n}", seed) for n in range(threads)]
    async with asyncio.TaskGroup() as tasks:
        for conversation in conversations:
            tasks.create_task(conversation.go_on_until(enough))
        for _ in range(kills):
            await live_and_die(await server.start(script(len(server.lives) + 1, chance)), chance)
            assert server.integrity() == "ok"
        await server.start(Script(len(server.lives) + 1, pace_ms=1))
        enough.set()
    return conversations


async def check(server: Server, conversations: list[Conversation], kills: int) -> None:
    for conversation in conversations:
        await conversation.check()
    faults = [line for life in server.lives for line in life.said if "Traceback" in line or " error " in line]
    assert not faults
    waits_s = sorted(wait for conversation in conversations for wait in conversation.waits_s())
    tell(server, conversations, waits_s, kills)
    assert not waits_s or waits_s[-1] < _SECONDS


def tell(server: Server, conversations: list[Conversation], waits_s: list[float], kills: int) -> None:
    """What was covered, for whoever runs this with -s or -rP."""
    asked = [asked for conversation in conversations for asked in conversation.asked]
    screens = [screen for each in asked for screen in each.screens]
    calls = [call for call in server.story.calls if call.what == "called"]
    told = [call for call in server.story.calls if call.what == "told"]
    print(
        f"{kills} kills, {len(asked)} questions, {len(calls)} calls of the model, "
        f"{len(told) - len(asked)} told to the end but not written, "
        f"{sum(each.repeat for each in asked)} killed between receipt and acknowledgement, "
        f"{sum(screen.connections for screen in screens)} connections"
    )
    if waits_s:
        median_ms, most_ms = statistics.median(waits_s) * 1000, waits_s[-1] * 1000
        print(f"after ready, {len(waits_s)} readers waited {median_ms:.0f} ms (median), {most_ms:.0f} ms (most)")


@pytest.mark.parametrize("seed", ["penstock", "sluice"])
async def test_killed_at_random_moments_everything_is_answered_once_and_read_once(
    serving: Serving, seed: str
) -> None:
    async with asyncio.timeout(60), serving(max_attempts=1000, grace_s=0.3) as server:
        conversations = await killed(server, seed, kills=8)

        await check(server, conversations, kills=8)


@pytest.mark.sweep
@pytest.mark.parametrize("seed", [f"x{n}" for n in range(40)])
async def test_sweep(serving: Serving, seed: str) -> None:
    async with asyncio.timeout(90), serving(max_attempts=1000, grace_s=0.3) as server:
        conversations = await killed(server, seed, kills=8)

        await check(server, conversations, kills=8)
