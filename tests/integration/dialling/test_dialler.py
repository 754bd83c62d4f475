"""The dialler on a real Asterisk, with the whole service: who is called, when, and what came of it."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from cti import config
from cti.app import Service, open_service
from cti.campaigns.model import CampaignKind, CampaignState
from cti.dialling.rules.may_dial import Doubt
from cti.simulation.lab import Lab, answering, refusing, ringing
from cti.simulation.observer import AmiObserver
from tests.stage.dialled_campaign import (
    by_number,
    called,
    campaign,
    definition,
    enter,
    execute,
    outcomes,
    phones,
    rows,
    there,
    times_called,
    until,
)

pytestmark = pytest.mark.usefixtures("ground")

OpenService = Callable[..., AbstractAsyncContextManager[Service]]


@pytest.fixture
async def service_of(lab: Lab, postgres_url: str, tmp_path: Path) -> OpenService:
    """Opens a service beside the laboratory; each number is one of its own."""

    @asynccontextmanager
    async def opened(number: int = 0) -> AsyncIterator[Service]:
        ports = {"http_port": lab.ports.http + number, "agi_port": lab.ports.agi + 4 * number}
        settings = config.load(**{**lab.settings(tmp_path / f"service-{number}", postgres_url), **ports})
        async with open_service(settings) as service:
            await until(lambda: service.dialler.doubts.hears)
            yield service

    return opened


async def test_each_of_twenty_telephones_is_called_once_and_its_outcome_is_known(
    lab: Lab, observer: AmiObserver, service_of: OpenService, postgres_url: str
) -> None:
    numbers = phones(20)
    expected = {
        **dict.fromkeys(numbers[:8], "answered"),
        **dict.fromkeys(numbers[8:12], "busy"),
        **dict.fromkeys(numbers[12:14], "refused"),
        **dict.fromkeys(numbers[14:16], "wrong_number"),
        **dict.fromkeys(numbers[16:18], "network"),
        **dict.fromkeys(numbers[18:], "no_answer"),
    }
    ways = {
        "answered": answering(after=0.3, talk=1.5),
        "busy": refusing(after=0.3, status=486, reason="Busy Here"),
        "refused": refusing(after=0.3, status=603, reason="Decline"),
        "wrong_number": refusing(after=0.1, status=404, reason="Not Found"),
        "network": refusing(after=0.1, status=503, reason="Service Unavailable"),
        "no_answer": ringing,
    }
    far_end = by_number({number: ways[outcome] for number, outcome in expected.items()}, ringing)
    async with service_of() as service, lab.carrier(far_end, audio=True) as carrier:
        made = await campaign(postgres_url, definition(CampaignKind.IVR), numbers)
        assert await outcomes(postgres_url, 20) == expected
        assert times_called(carrier) == dict.fromkeys(numbers, 1)
        live = service.dialler.live(made)
        assert live is not None
        assert (live.dialling, live.answered, live.abandoned, live.dialled_today) == (True, 8, 0, 20)
    found = await rows(
        postgres_url,
        "SELECT a.*, l.id AS leg FROM attempts a LEFT JOIN legs l ON l.uniqueid = a.id ORDER BY a.phone",
    )
    assert {call.header("X-CTI-Attempt") for call in carrier.calls} == {row["id"] for row in found}
    for row in found:
        assert row["leg"] is not None
        assert row["sent_at"] <= row["ringing_at"] <= row["ended_at"]
        assert (row["answered_at"] is not None) == (row["outcome"] == "answered")
    busy = next(row for row in found if row["outcome"] == "busy")
    assert (busy["sip_status"], busy["hangup_cause"], busy["originate_reason"]) == (486, 17, 0)
    contacts = await rows(postgres_url, "SELECT state, attempts, last_outcome FROM contacts")
    assert {row["attempts"] for row in contacts} == {1}
    assert {row["state"] for row in contacts if row["last_outcome"] == "answered"} == {"closed"}


async def test_agents_are_given_people_and_without_agents_nobody_is_called(
    lab: Lab, observer: AmiObserver, service_of: OpenService, postgres_url: str
) -> None:
    # Long enough for an agent, and not for all of the questions that follow.
    far_end = answering(after=0.4, talk=5.0)
    async with service_of() as service, lab.carrier(far_end, audio=True) as carrier:
        dialler = service.dialler
        made = await campaign(postgres_url, definition(CampaignKind.PROGRESSIVE), phones(40))
        await until(lambda: (live := dialler.live(made)) is not None and live.standing_by_reason is not None)
        assert dialler.live(made).standing_by_reason == "no_agent"  # type: ignore[union-attr]
        await asyncio.sleep(1.5)
        assert carrier.calls == []
        async with (
            lab.phone(1001, answering(after=0.1, talk=0.8)) as one,
            lab.phone(1002, answering(after=0.1, talk=0.8)) as two,
        ):
            await lab.sign_in(observer, 101, 1001, "sales")
            await lab.sign_in(observer, 102, 1002, "sales")
            await until(lambda: len(one.calls) >= 3 and len(two.calls) >= 3)
            await observer.demand("QueuePause", Interface="PJSIP/1001", Paused="true", Reason="lunch")
            await observer.demand("QueuePause", Interface="PJSIP/1002", Paused="true", Reason="lunch")
            paused_at = time.time()
            await asyncio.sleep(3.0)
        assert all((call.invited_at or 0) < paused_at + 1.0 for call in carrier.calls)
        calls = len(carrier.calls)
        found = await outcomes(postgres_url, calls)
        assert set(found.values()) <= {"answered", "abandoned"}
        assert sum(outcome == "answered" for outcome in found.values()) >= 6
        assert max(times_called(carrier).values()) == 1
    waited = await rows(
        postgres_url,
        "SELECT extract(epoch FROM connected_at - answered_at)::float8 AS seconds FROM attempts"
        " WHERE outcome = 'answered'",
    )
    assert max(row["seconds"] for row in waited) <= 2.5


async def test_who_hangs_up_at_once_was_not_abandoned_and_counts_neither_way(
    lab: Lab, observer: AmiObserver, service_of: OpenService, postgres_url: str
) -> None:
    numbers = phones(2)
    far_end = by_number(
        {numbers[0]: answering(after=0.2, talk=0.5), numbers[1]: answering(after=0.2, talk=4.0)}, ringing
    )
    async with (
        service_of() as service,
        lab.carrier(far_end, audio=True),
        lab.phone(1001, ringing),
        lab.phone(1002, ringing),
    ):
        await lab.sign_in(observer, 101, 1001, "sales")
        await lab.sign_in(observer, 102, 1002, "sales")
        made = await campaign(postgres_url, definition(CampaignKind.PROGRESSIVE), numbers)
        assert await outcomes(postgres_url, 2) == {numbers[0]: "hung_up", numbers[1]: "abandoned"}
        live = service.dialler.live(made)
        assert live is not None
        assert (live.answered, live.abandoned) == (1, 1)
    found = await rows(postgres_url, "SELECT outcome, abandoned_at, connected FROM attempts")
    assert {(row["outcome"], row["abandoned_at"] is None) for row in found} == {
        ("hung_up", True), ("abandoned", False)
    }  # fmt: skip
    contacts = await rows(
        postgres_url,
        "SELECT last_outcome, next_at - last_attempt_at AS later FROM contacts ORDER BY last_outcome",
    )
    assert [(row["last_outcome"], round(row["later"].total_seconds() / 86_400)) for row in contacts] == [
        ("abandoned", 3), ("hung_up", 1)
    ]  # fmt: skip


async def test_a_campaign_that_is_stopped_hangs_up_what_rings(
    lab: Lab, observer: AmiObserver, service_of: OpenService, postgres_url: str
) -> None:
    async with service_of() as service, lab.carrier(ringing) as carrier:
        made = await campaign(postgres_url, definition(CampaignKind.IVR), phones(3))
        await until(lambda: len(carrier.calls) == 3)
        await enter(postgres_url, made, CampaignState.STOPPED)
        service.dialler.wake()
        stopped_at = time.time()
        assert set((await outcomes(postgres_url, 3)).values()) == {"cancelled"}
        assert all(call.over for call in carrier.calls)
        assert max(call.ended_at or 0 for call in carrier.calls) - stopped_at < 1.0


async def test_a_campaign_that_is_drained_ends_what_it_has_begun_and_is_paused(
    lab: Lab, observer: AmiObserver, service_of: OpenService, postgres_url: str
) -> None:
    async with service_of() as service, lab.carrier(answering(after=0.3, talk=2.0), audio=True) as carrier:
        made = await campaign(postgres_url, definition(CampaignKind.IVR), phones(40))
        await until(lambda: len(carrier.calls) >= 3)
        await enter(postgres_url, made, CampaignState.DRAINING)
        service.dialler.wake()

        await there(postgres_url, "SELECT FROM campaigns WHERE state = 'paused'")
        assert all(call.over for call in carrier.calls)
        assert len(carrier.calls) < 40
        assert set((await outcomes(postgres_url, len(carrier.calls))).values()) == {"answered"}


@pytest.mark.parametrize("told", [True, False])
async def test_who_refuses_while_it_rings_is_hung_up_within_a_second(
    lab: Lab, observer: AmiObserver, service_of: OpenService, postgres_url: str, told: bool
) -> None:
    numbers = phones(3)
    async with service_of() as service, lab.carrier(ringing) as carrier:
        await campaign(postgres_url, definition(CampaignKind.IVR), numbers)
        await until(lambda: len(carrier.calls) == 3)
        await execute(
            postgres_url,
            "INSERT INTO do_not_call_entries (number, level, source, added_by_name)"
            f" VALUES ('{numbers[1]}', 'global', 'api', 'CRM')",
        )
        refused_at = time.time()
        if told:  # in this process, not by another one
            service.desk.do_not_call.tell_added()
        refused = next(call for call in carrier.calls if called(call) == numbers[1])
        async with asyncio.timeout(5):
            await refused.ended()
        assert (refused.ended_at or 0) - refused_at < (1.0 if told else 2.0)
        assert await outcomes(postgres_url, 1) == {numbers[1]: "cancelled"}
        assert [call.over for call in carrier.calls].count(True) == 1


async def test_of_two_services_on_one_database_one_dials_and_the_other_takes_its_place(
    lab: Lab, observer: AmiObserver, service_of: OpenService, postgres_url: str
) -> None:
    numbers = phones(30)
    async with lab.carrier(answering(after=0.2, talk=0.5), audio=True) as carrier, AsyncExitStack() as stack:
        ended = AsyncExitStack()
        first = await ended.enter_async_context(service_of(0))
        await until(lambda: first.dialler.is_leader)
        second = await stack.enter_async_context(service_of(1))
        await until(lambda: second.dialler.standing_by is Doubt.STANDING_BY)
        await campaign(postgres_url, definition(CampaignKind.IVR), numbers)
        await until(lambda: len(carrier.calls) >= 5)
        assert not second.dialler.is_leader
        assert not list(second.dialler.book)
        await ended.aclose()
        await until(lambda: second.dialler.is_leader)
        await outcomes(postgres_url, 30)
        assert times_called(carrier) == dict.fromkeys(numbers, 1)


async def test_nobody_is_called_while_asterisk_is_not_heard(
    lab: Lab, observer: AmiObserver, service_of: OpenService, postgres_url: str
) -> None:
    async with service_of() as service, lab.carrier(answering(after=0.2, talk=0.2), audio=True) as carrier:
        assert lab.asterisk.pid is not None
        os.kill(lab.asterisk.pid, signal.SIGSTOP)
        try:
            await campaign(postgres_url, definition(CampaignKind.IVR), phones(3))
            await until(lambda: service.dialler.standing_by is Doubt.TELEPHONES)
        finally:
            os.kill(lab.asterisk.pid, signal.SIGCONT)
        found = await outcomes(postgres_url, 3)
        assert times_called(carrier) == dict.fromkeys(found, 1)
