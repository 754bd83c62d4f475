"""A loop is stopped, whatever it was doing."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from cti.loops import Loops


@asynccontextmanager
async def _transaction(lost: list[str]):  # type: ignore[no-untyped-def]
    """As a connection that is lost: to roll back what a cancellation interrupts is an error itself."""
    try:
        yield
    except asyncio.CancelledError:
        if lost:
            raise ConnectionError(lost.pop()) from None
        raise


async def test_a_loop_that_misses_its_cancellation_is_told_again() -> None:
    began, went_on = asyncio.Event(), []
    lost = ["the session ended"]

    async def work() -> None:
        while True:
            try:
                async with _transaction(lost):
                    began.set()
                    await asyncio.sleep(60)
            except OSError as error:
                went_on.append(str(error))
            await asyncio.sleep(60)

    async with asyncio.timeout(10), Loops().running("asks", work()):
        await began.wait()
    assert went_on == ["the session ended"]


async def test_a_loop_that_fails_ends_the_wait_for_failure() -> None:
    async def work() -> None:
        raise OSError("broken")

    loops = Loops()
    async with loops.running("breaks", work()):
        with pytest.raises(OSError, match="broken"):
            await loops.failure()
