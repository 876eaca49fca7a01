"""Credentials over time: renewed once for all, before they expire, and without hurting anybody."""

from __future__ import annotations

import asyncio
import logging

import pytest

from penstock.aws.credentials import Credentials, Given, Renewing, Unavailable
from penstock.testing.clock import FakeClock
from tests.aws.keys import HOUR_S, of


class Fetches:
    """A source that can be held back, and can fail."""

    def __init__(self, clock: FakeClock, lasts_s: float = HOUR_S) -> None:
        self.count = 0
        self.error: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self._clock = clock
        self._lasts_s = lasts_s

    async def __call__(self) -> Credentials:
        self.count += 1
        await self.gate.wait()
        if self.error:
            raise self.error
        return of(f"{self.count}", self._clock() + self._lasts_s)


async def test_all_who_wait_for_credentials_share_one_fetch() -> None:
    clock = FakeClock()
    fetches = Fetches(clock)
    provider = Renewing(fetches, now_s=clock)

    found = await asyncio.gather(*(provider.get() for _ in range(50)))

    assert {one.access_key for one in found} == {"1"}
    assert fetches.count == 1


async def test_all_who_wait_share_a_failure_and_who_comes_later_tries_again() -> None:
    clock = FakeClock()
    fetches = Fetches(clock)
    fetches.error = Unavailable("the container does not answer")
    fetches.gate.clear()
    provider = Renewing(fetches, now_s=clock)

    waiting = [asyncio.create_task(provider.get()) for _ in range(50)]
    await asyncio.sleep(0)
    fetches.gate.set()
    found = await asyncio.gather(*waiting, return_exceptions=True)

    assert {str(one) for one in found} == {"the container does not answer"}
    assert fetches.count == 1
    fetches.error = None
    assert (await provider.get()).access_key == "2"


async def test_who_gives_up_waiting_takes_nothing_from_the_others() -> None:
    clock = FakeClock()
    fetches = Fetches(clock)
    fetches.gate.clear()
    provider = Renewing(fetches, now_s=clock)

    leaves, stays = asyncio.create_task(provider.get()), asyncio.create_task(provider.get())
    await asyncio.sleep(0)
    leaves.cancel()
    fetches.gate.set()

    assert (await stays).access_key == "2"


async def test_before_they_expire_one_caller_fetches_and_the_others_go_on() -> None:
    clock = FakeClock()
    fetches = Fetches(clock)
    provider = Renewing(fetches, now_s=clock)
    await provider.get()
    clock.advance(HOUR_S - 600)
    fetches.gate.clear()

    fetching = asyncio.create_task(provider.get())
    await asyncio.sleep(0)

    assert (await provider.get()).access_key == "1"
    fetches.gate.set()
    assert (await fetching).access_key == "2"
    assert (await provider.get()).access_key == "2"


async def test_a_renewal_that_fails_hurts_nobody_while_the_old_ones_are_valid(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = FakeClock()
    fetches = Fetches(clock)
    provider = Renewing(fetches, now_s=clock)
    await provider.get()
    clock.advance(HOUR_S - 600)
    fetches.error = Unavailable("the instance is busy")

    with caplog.at_level(logging.WARNING):
        assert (await provider.get()).access_key == "1"
        # Nor is it tried with every request.
        assert (await provider.get()).access_key == "1"

    assert fetches.count == 2
    assert "1-secret" not in caplog.text
    clock.advance(600)
    with pytest.raises(Unavailable):
        await provider.get()
    fetches.error = None
    assert (await provider.get()).access_key == "4"


async def test_credentials_that_live_shorter_than_they_are_renewed_early_are_not_fetched_all_the_time() -> (
    None
):
    clock = FakeClock()
    fetches = Fetches(clock, lasts_s=900)
    provider = Renewing(fetches, now_s=clock)

    for _ in range(10):
        await provider.get()

    assert fetches.count == 1


async def test_credentials_that_aws_refuses_are_renewed_once_for_all() -> None:
    clock = FakeClock()
    fetches = Fetches(clock)
    provider = Renewing(fetches, now_s=clock)
    refused = await provider.get()

    renewed = await asyncio.gather(*(provider.renew(refused) for _ in range(5)))

    assert {one.access_key for one in renewed} == {"2"}


async def test_given_credentials_stay_what_they_are() -> None:
    provider = Given(of("given"))

    assert await provider.renew(await provider.get()) == await provider.get() == of("given")
