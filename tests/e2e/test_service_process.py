"""The service as a process: what its end, its absence and a wrong secret do to it and to calls."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from cti.simulation.lab import Lab, answering
from cti.simulation.observer import AmiObserver
from tests.stage.books import read_books, read_cel
from tests.stage.whole_service import ServiceProcess

CALLER = "13800138000"


@pytest_asyncio.fixture
async def service(lab: Lab, postgres_url: str, tmp_path: Path) -> AsyncIterator[ServiceProcess]:
    """A service that has not been started; it is ended afterwards."""
    service = ServiceProcess(lab, tmp_path / "service", postgres_url)
    yield service
    if service.process is not None:
        await service.stop()


@pytest.mark.parametrize("setting", ["ami_secret", "ami_phone_secret"])
async def test_a_wrong_secret_ends_the_service_with_one_clear_line(
    lab: Lab, postgres_url: str, tmp_path: Path, setting: str
) -> None:
    wrong = ServiceProcess(lab, tmp_path / "wrong", postgres_url, changes={setting: "wrong"})
    await wrong.start()
    assert wrong.process is not None
    async with asyncio.timeout(30):
        status = await wrong.process.wait()
    assert status != 0
    last = wrong.log.strip().splitlines()[-1]
    assert "ami.wrong_secret" in last
    assert "Traceback" not in wrong.log
    assert "wrong" not in last.replace("wrong_secret", "")


async def test_a_call_survives_the_service_and_what_happened_meanwhile_is_recorded(
    lab: Lab, observer: AmiObserver, service: ServiceProcess, postgres_url: str
) -> None:
    await service.start()
    await service.ready()
    await lab.sign_in(observer, 1, 1001, "sales")
    async with lab.phone(1001, answering(after=0.2)) as phone, lab.trunk() as trunk:
        call = await trunk.dial("4001", caller=CALLER)
        agent = await phone.next_call()
        assert await agent.answered()
        await call.stay(0.5)
        await service.kill()
        await call.stay(1.0)
        assert not call.over
        await call.hang_up()
        # A second caller comes, is served and goes while nobody records.
        await observer.demand("QueuePause", Interface="PJSIP/1001", Paused="false")
        second = await trunk.dial("4001", caller=CALLER)
        other = await phone.next_call(2)
        assert await other.answered()
        await other.stay(1.0)
        await other.hang_up()
        async with asyncio.timeout(10):
            await second.ended()
        await lab.quiet()
        await service.start()
        await service.ready()
        await service.stop()
    books = await read_books(postgres_url)
    cel = read_cel(lab.plan.cel_csv, after=(call.invited_at or 0) - 1)
    assert sorted(leg["uniqueid"] for leg in books.legs) == sorted(cel)
    for leg in books.legs:
        assert leg["ended_at"] == pytest.approx(cel[leg["uniqueid"]].ended_at, abs=0.2)
        assert leg["ending"] == "reconciled"
    entries = [entry for found in books.entries.values() for entry in found]
    assert [(entry["outcome"], entry["agent_id"]) for entry in entries] == [("answered", 1)] * 2
    outcomes = [survey["outcome"] for found in books.surveys.values() for survey in found]
    assert outcomes == ["caller_hung_up_first"]  # the second was never asked: the service was away
    assert all(one["gap"] for one in books.calls.values())
    assert not any(books.open_rows.values())


async def test_it_stops_politely_while_a_call_goes_on(
    lab: Lab, observer: AmiObserver, service: ServiceProcess
) -> None:
    await service.start()
    await service.ready()
    await lab.sign_in(observer, 1, 1001, "sales")
    async with lab.phone(1001, answering(after=0.2)) as phone, lab.trunk() as trunk:
        call = await trunk.dial("4001", caller=CALLER)
        agent = await phone.next_call()
        assert await agent.answered()
        assert await service.stop() == 0
        assert not call.over
        assert "Traceback" not in service.log
        await call.hang_up()
