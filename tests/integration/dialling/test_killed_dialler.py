"""The service is killed while it dials: nobody is called twice, and what became of each call is found out."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from cti import config
from cti.app import open_service
from cti.campaigns.model import CampaignKind
from cti.dialling.rules.may_dial import Doubt
from cti.simulation.lab import Lab, answering
from cti.simulation.observer import AmiObserver
from cti.simulation.phone import Behaviour, SimulatedPhone
from tests.faults.ami_proxy import AmiProxy
from tests.faults.own_postgres import own_postgres
from tests.stage.databases import new_database
from tests.stage.dialled_campaign import (
    campaign,
    definition,
    empty,
    outcomes,
    phones,
    rows,
    there,
    times_called,
    until,
)
from tests.stage.whole_service import ServiceProcess

pytestmark = pytest.mark.usefixtures("ground")

NUMBERS = phones(1)
#: Ringing, and what is waited after it, when nobody knows what became of a call.
_UNKNOWN_SECONDS = 120.0


def process(lab: Lab, url: str, home: Path, place: str | None = None) -> ServiceProcess:
    """The service; one that dies at a place when it dials."""
    service = ServiceProcess(lab, home, url)
    if place is not None:
        service.command = ("-m", "tests.stage.dying_dialler", place)
    return service


#: With 1.9 s he is still there when the service is back, and leaves before anybody has to be there.
@pytest.mark.parametrize(("place", "talk"), [("sending", 1.0), ("sent", 1.0), ("sent", 1.9)])
async def test_a_call_of_which_nobody_knows_whether_it_was_sent_is_never_sent_again(
    lab: Lab, observer: AmiObserver, postgres_url: str, tmp_path: Path, place: str, talk: float
) -> None:
    async with lab.carrier(answering(after=0.2, talk=talk), audio=True) as carrier:
        dying = process(lab, postgres_url, tmp_path / "service", place)
        await campaign(postgres_url, definition(CampaignKind.IVR), NUMBERS)
        await dying.start()
        assert dying.process is not None
        async with asyncio.timeout(60):
            await dying.process.wait()
        found = await rows(postgres_url, "SELECT state, sent_by FROM attempts")
        assert [row["state"] for row in found] == ["sending"]
        again = process(lab, postgres_url, tmp_path / "service")
        await again.start()
        try:
            await again.ready()
            outcome = (await outcomes(postgres_url, 1, _UNKNOWN_SECONDS))[NUMBERS[0]]
        finally:
            await again.stop()
        assert len(carrier.calls) <= 1
        # Without a service the dialplan had nobody for who answered.
        assert outcome == ("abandoned" if carrier.calls else "unknown")
    # It was the life that died, at the same place as the one that found it.
    (lease,) = await rows(postgres_url, "SELECT holder FROM dial_leases")
    (attempt,) = await rows(postgres_url, "SELECT sent_by FROM attempts")
    assert attempt["sent_by"] == found[0]["sent_by"] != lease["holder"]
    assert attempt["sent_by"].partition(":")[0] == lease["holder"].partition(":")[0]
    contact = (await rows(postgres_url, "SELECT state, attempts, next_at > now() AS later FROM contacts"))[0]
    assert (contact["state"], contact["attempts"], contact["later"]) == ("open", 1, True)


async def killed(
    lab: Lab, url: str, home: Path, carrier: SimulatedPhone, words: Any, when: Any
) -> dict[str, str]:
    """The service dies when ``when`` has come, and what the next one makes of the call."""
    service = process(lab, url, home)
    await service.start()
    await service.ready()
    await campaign(url, words, NUMBERS)
    await until(lambda: len(carrier.calls) == 1)
    await when(carrier.calls[0])
    await service.kill()
    await service.start()
    try:
        await service.ready()
        return await outcomes(url, 1, _UNKNOWN_SECONDS)
    finally:
        await service.stop()


async def test_who_is_rung_while_the_service_dies_is_taken_by_an_agent_and_not_called_again(
    lab: Lab, observer: AmiObserver, postgres_url: str, tmp_path: Path
) -> None:
    async def rings(call: Any) -> None:
        await until(lambda: call.ringing_at is not None)

    far_end = answering(after=4.0, talk=12.0)
    async with lab.carrier(far_end, audio=True) as carrier, lab.phone(1001, answering(after=0.1), audio=True):
        await lab.sign_in(observer, 101, 1001, "sales")
        words = definition(CampaignKind.PROGRESSIVE)
        found = await killed(lab, postgres_url, tmp_path / "service", carrier, words, rings)
        assert found == {NUMBERS[0]: "answered"}
        assert times_called(carrier) == dict.fromkeys(NUMBERS, 1)


@pytest.mark.parametrize("talk", [1.0, 15.0])
async def test_who_talks_while_the_service_dies_was_answered_whether_he_goes_before_it_is_back_or_after(
    lab: Lab, observer: AmiObserver, postgres_url: str, tmp_path: Path, talk: float
) -> None:
    far_end: Behaviour = answering(after=0.3, talk=talk)

    async def talks(call: Any) -> None:
        await call.answered()
        await there(postgres_url, "SELECT FROM attempts WHERE connected_at IS NOT NULL")

    async with lab.carrier(far_end, audio=True) as carrier, lab.phone(1001, answering(after=0.1), audio=True):
        await lab.sign_in(observer, 101, 1001, "sales")
        words = definition(CampaignKind.PROGRESSIVE)
        found = await killed(lab, postgres_url, tmp_path / "service", carrier, words, talks)
        assert found == {NUMBERS[0]: "answered"}
        assert times_called(carrier) == dict.fromkeys(NUMBERS, 1)


async def test_while_the_database_is_away_nobody_is_called_and_what_happens_is_written_afterwards(
    lab: Lab, observer: AmiObserver, tmp_path: Path
) -> None:
    numbers = phones(20)
    async with own_postgres(tmp_path / "postgres") as server:
        url = await new_database(server, "dialled")
        await empty(url)
        settings = config.load(**lab.settings(tmp_path / "service", url))
        far_end = answering(after=0.3, talk=4.0)
        async with lab.carrier(far_end, audio=True) as carrier, open_service(settings) as service:
            await until(lambda: service.dialler.doubts.hears)
            made = await campaign(url, definition(CampaignKind.IVR), numbers)
            book = service.dialler.book
            await until(lambda: sum(bool(one.seen.connected) for one in book.of_campaign(made)) >= 5)
            server.kill()
            died_at = time.time()
            await until(lambda: service.dialler.standing_by is Doubt.DATABASE)
            await until(lambda: all(call.over for call in carrier.calls))
            assert all((call.invited_at or 0) < died_at + 1.0 for call in carrier.calls)
            begun = len(carrier.calls)
            assert begun < len(numbers)
            await server.start_again()
            found = await outcomes(url, len(numbers))
            assert sum(outcome == "answered" for outcome in found.values()) >= 5
            assert set(found.values()) <= {"answered", "abandoned"}
            assert times_called(carrier) == dict.fromkeys(numbers, 1)


async def test_calls_whose_answers_were_cut_off_are_followed_again_and_none_is_sent_twice(
    lab: Lab, observer: AmiObserver, postgres_url: str, tmp_path: Path
) -> None:
    numbers = phones(12)
    async with AmiProxy(lab.plan.ami_port, lab.plan.ami_user) as wire:
        given = {**lab.settings(tmp_path / "service", postgres_url), "ami_port": wire.port}
        far_end = answering(after=1.0, talk=2.0)
        async with lab.carrier(far_end, audio=True) as carrier, open_service(config.load(**given)) as service:
            await until(lambda: service.dialler.doubts.hears)
            await campaign(postgres_url, definition(CampaignKind.IVR), numbers)
            for count in (2, 6, 10):
                await until(lambda count=count: len(carrier.calls) >= count)  # type: ignore[misc]
                wire.cut()
            found = await outcomes(postgres_url, len(numbers), _UNKNOWN_SECONDS)
        originates = [count for (_, action), count in wire.sent.items() if action == "Originate"]
        assert set(originates) == {1}
        assert not wire.repeated()
        # Of one that was on the wire when it was cut nobody knows whether it arrived.
        called = times_called(carrier)
        assert set(called.values()) == {1}
        assert found == {one: "answered" if one in called else "unknown" for one in numbers}
