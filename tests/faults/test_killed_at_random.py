"""kill -9 under a real server at many random moments: nothing is lost and nothing appears twice.

What happens in a test is drawn from its seed, which is its parameter and so stands in its name;
when exactly a kill hits depends on the machine, too, except where the server kills itself after so
many SQL statements.
"""

from __future__ import annotations

import asyncio
import random
import re
import secrets
import signal
import statistics
import sys

import pytest

from tests.faults.conftest import Serving
from tests.faults.conversation import Conversation
from tests.faults.server import Life, Server
from tests.faults.story import Script

# So many servers, killed a dozen times each.
_SWEPT = 30
# The longest that a reader may wait for the next event after a start: "within seconds".
_SECONDS = 5.0
# Where questions are received, logs written, turns begun, ended and let go.
_STATEMENTS = [
    "",
    "",
    "INSERT INTO questions",
    "INSERT INTO log",
    "fence = fence + 1",
    "INSERT INTO views",
    "COMMIT",
]


def script(life: int, chance: random.Random) -> Script:
    statement = chance.choice(_STATEMENTS) if chance.random() < 0.5 else None
    return Script(
        life,
        pace_ms=chance.choice([0, 4, 8]),
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
    sys.stdout.write(coverage(server, conversations, waits_s, kills))
    assert not waits_s or waits_s[-1] < _SECONDS


def coverage(server: Server, conversations: list[Conversation], waits_s: list[float], kills: int) -> str:
    """What was hit, for whoever runs this with -rP."""
    asked = [asked for conversation in conversations for asked in conversation.asked]
    calls = [call for call in server.story.diary if call.what == "called"]
    told = [call for call in server.story.diary if call.what == "told"]
    waited = f"{statistics.median(waits_s):.2f} s (median), {waits_s[-1]:.2f} s (most)" if waits_s else "-"
    return (
        f"{kills} kills, {len(asked)} questions, {len(calls)} calls of the model; "
        f"killed between receipt and acknowledgement: {sum(each.repeat for each in asked)}, "
        f"between the model's end and the turn's: {len(told) - len(asked)}; "
        f"{len(waits_s)} readers waited for a turn taken over, after ready: {waited}\n"
    )


@pytest.mark.parametrize("seed", ["penstock", "sluice"])
async def test_killed_at_random_moments_everything_is_answered_once_and_read_once(
    serving: Serving, seed: str
) -> None:
    async with asyncio.timeout(60), serving(max_attempts=1000, grace_s=0.3) as server:
        conversations = await killed(server, seed, kills=8)

        await check(server, conversations, kills=8)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Other seeds in every sweep; one that is named on the command line, `...[3f9a01]`, is played again."""
    if "any_seed" in metafunc.fixturenames:
        named = re.findall(rf"{metafunc.definition.name}\[(\w+)\]", " ".join(metafunc.config.args))
        metafunc.parametrize("any_seed", named or [secrets.token_hex(3) for _ in range(_SWEPT)])


@pytest.mark.sweep
async def test_killed_hundreds_of_times_everything_is_answered_once_and_read_once(
    serving: Serving, any_seed: str
) -> None:
    async with asyncio.timeout(120), serving(max_attempts=1000, grace_s=0.3) as server:
        conversations = await killed(server, any_seed, kills=12)

        await check(server, conversations, kills=12)
