"""Callers who keep their place: on a real Asterisk and PostgreSQL, with the whole service."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from cti import config
from cti.app import Service, open_service
from cti.asterisk.events import encode
from cti.callbacks.promises import Promises
from cti.db.engine import plain_dsn
from cti.simulation.call import SimulatedCall
from cti.simulation.lab import Lab, answering, refusing, ringing
from cti.simulation.observer import AmiObserver
from cti.simulation.phone import SimulatedPhone

NUMBER = "13800138000"
_SECONDS = 60.0

OpenService = Callable[[], AbstractAsyncContextManager[Service]]


@pytest.fixture
async def service_of(lab: Lab, postgres_url: str, tmp_path: Path) -> OpenService:
    """Opens the service on the same journal and database each time."""
    settings = config.load(**lab.settings(tmp_path / "service", postgres_url))

    @asynccontextmanager
    async def opened() -> AsyncIterator[Service]:
        async with open_service(settings) as service:
            await until(lambda: service.ami.status.state.value == "ready")
            yield service

    return opened


async def until(holds: Callable[[], bool], seconds: float = _SECONDS) -> None:
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110  (many things make it true)
            await asyncio.sleep(0.02)


async def waits(
    trunk: SimulatedPhone, observer: AmiObserver, number: str = NUMBER
) -> tuple[SimulatedCall, str]:
    """A caller who waits in the queue, and his channel's Uniqueid."""
    joined = observer.expect("QueueCallerJoin")
    call = await trunk.dial("4001", caller=number)
    event = await asyncio.wait_for(joined, _SECONDS)
    return call, str(event["Uniqueid"])


async def promise(service: Service, uniqueid: str, number: str = NUMBER, queue: str = "sales") -> bool:
    board = service.desk.board
    await until(lambda: any(board.leg(entry.leg_id).uniqueid == uniqueid for entry in board.waiting()))  # type: ignore[union-attr]
    promises = Promises(
        board, write=service.intake.take, durable=service.journal.wait_durable, clock=lambda: board.at,
        region="CN",
    )  # fmt: skip
    return await promises.promise(uniqueid, queue=queue, number=number)


async def row(url: str, query: str, *, seconds: float = _SECONDS) -> asyncpg.Record:
    """The one row that the query finds, once it is there."""
    connection = await asyncpg.connect(plain_dsn(url))
    try:
        async with asyncio.timeout(seconds):
            while True:
                found = await connection.fetch(query)
                if found:
                    assert len(found) == 1
                    return found[0]
                await asyncio.sleep(0.1)
    finally:
        await connection.close()


@pytest.fixture(autouse=True)
async def empty(postgres_url: str) -> None:
    """No callback and no task of a test before; agents of the queue need not wrap up."""
    connection = await asyncpg.connect(plain_dsn(postgres_url))
    await connection.execute(
        "TRUNCATE queue_callbacks, tasks, do_not_call_entries CASCADE;"
        " TRUNCATE attempts, dial_counters, dial_decisions CASCADE"
    )
    await connection.execute("UPDATE dial_limits SET kill_switch = false")
    await connection.execute(
        "INSERT INTO queues (name, title, wrap_up_seconds) VALUES ('sales', 'Sales', 0)"
        " ON CONFLICT DO NOTHING"
    )
    await connection.close()


async def test_who_keeps_his_place_is_called_when_an_agent_comes_and_stands_at_the_head(
    lab: Lab, observer: AmiObserver, service_of: OpenService, postgres_url: str
) -> None:
    async with service_of() as service, lab.trunk() as trunk, lab.carrier(answering(after=0.2)) as carrier:
        call, uniqueid = await waits(trunk, observer)
        assert await promise(service, uniqueid)
        await call.hang_up()
        # Somebody comes later, and is served later.
        later, _ = await waits(trunk, observer, "13800138001")
        async with lab.phone(1001, answering(after=0.2, talk=1.0)) as phone:
            await lab.sign_in(observer, 101, 1001, "sales")
            called = await asyncio.wait_for(carrier.next_call(), _SECONDS)
            found = await row(postgres_url, "SELECT * FROM queue_callbacks WHERE state = 'answered'")
            await asyncio.wait_for(phone.next_call(), _SECONDS)
            served = await row(
                postgres_url,
                "SELECT c.direction, c.dialled_number FROM queue_entries e JOIN calls c ON c.id = e.call_id"
                f" JOIN legs l ON l.id = e.leg_id WHERE l.uniqueid = '{found['attempt']}'"
                " AND e.outcome = 'answered'",
            )
            assert found["queue"] == "sales"
            assert found["number"] == NUMBER
            assert found["place_at"] <= found["promised_at"] <= found["dialled_at"] <= found["ended_at"]
            assert (served["direction"], served["dialled_number"]) == ("outbound", NUMBER)
            await called.hang_up()
            await later.hang_up()
            made = await row(postgres_url, "SELECT * FROM attempts WHERE outcome IS NOT NULL")
            assert (made["id"], made["purpose"]) == (found["attempt"], "callback")
            assert made["phone"] == f"+86{NUMBER}"
            assert (made["outcome"], made["agent_id"]) == ("answered", None)
            record = await row(postgres_url, "SELECT * FROM dial_decisions")
            assert record["attempt_id"] == made["id"]
        assert len(carrier.calls) == 1
    assert (await row(postgres_url, "SELECT count(*) FROM tasks"))["count"] == 0


async def test_nobody_is_called_while_somebody_waits_who_came_before(
    lab: Lab, observer: AmiObserver, service_of: OpenService, postgres_url: str
) -> None:
    async with service_of() as service, lab.trunk() as trunk, lab.carrier(answering(after=0.2)) as carrier:
        first, _ = await waits(trunk, observer, "13800138001")
        call, uniqueid = await waits(trunk, observer)
        assert await promise(service, uniqueid)
        await call.hang_up()
        async with lab.phone(1001, answering(after=3.0, talk=0.5)):
            left = observer.expect("QueueCallerLeave")
            await lab.sign_in(observer, 101, 1001, "sales")
            await asyncio.wait_for(left, _SECONDS)
            assert carrier.calls == []
            called = await asyncio.wait_for(carrier.next_call(), _SECONDS)
            await row(postgres_url, "SELECT * FROM queue_callbacks WHERE state = 'answered'")
            await called.hang_up()
        await first.ended()


@pytest.mark.parametrize(
    ("status", "reason", "state"), [(486, "Busy Here", "busy"), (503, "Service Unavailable", "failed")]
)
async def test_whom_the_machine_does_not_reach_is_a_task_for_an_agent(
    lab: Lab, observer: AmiObserver, service_of: OpenService, postgres_url: str, status: int, reason: str,
    state: str,
) -> None:  # fmt: skip
    far_end = refusing(after=0.2, status=status, reason=reason)
    async with service_of() as service, lab.trunk() as trunk, lab.carrier(far_end) as carrier:
        call, uniqueid = await waits(trunk, observer)
        assert await promise(service, uniqueid)
        assert await promise(service, uniqueid)
        await call.hang_up()
        async with lab.phone(1001, answering(after=0.2, talk=0.5)):
            await lab.sign_in(observer, 101, 1001, "sales")
            found = await row(postgres_url, "SELECT * FROM queue_callbacks WHERE ended_at IS NOT NULL")
            assert found["state"] == state
            task = await row(postgres_url, "SELECT * FROM tasks")
            assert (task["kind"], task["queue"], task["number"]) == ("callback", "sales", NUMBER)
            made = await row(postgres_url, "SELECT * FROM attempts WHERE outcome IS NOT NULL")
            assert made["outcome"] == {"busy": "busy", "failed": "network"}[state]
        assert len(carrier.calls) == 1


async def test_no_number_that_could_cost_more_than_a_call_is_called_on_a_callers_word(
    lab: Lab, observer: AmiObserver, service_of: OpenService
) -> None:
    async with service_of() as service, lab.trunk() as trunk:
        call, uniqueid = await waits(trunk, observer)
        for number in ("", "anonymous", "9006866888", "+881612345678", "+14155552671", "110"):
            assert not await promise(service, uniqueid, number), number
        await call.hang_up()


_LISTED = (
    f"INSERT INTO do_not_call_entries (number, level, source, added_by_name) VALUES ('+86{NUMBER}',"
    " 'global', 'api', 'CRM') RETURNING id"
)


async def test_who_refuses_after_the_promise_is_not_called_and_is_nobodys_task(
    lab: Lab, observer: AmiObserver, service_of: OpenService, postgres_url: str
) -> None:
    async with service_of() as service, lab.trunk() as trunk, lab.carrier(answering(after=0.2)) as carrier:
        call, uniqueid = await waits(trunk, observer)
        assert await promise(service, uniqueid)
        await call.hang_up()
        await row(postgres_url, _LISTED)
        async with lab.phone(1001, answering(after=0.2)):
            await lab.sign_in(observer, 101, 1001, "sales")
            found = await row(postgres_url, "SELECT * FROM queue_callbacks WHERE ended_at IS NOT NULL")
        assert (found["state"], found["dialled_at"]) == ("refused", None)
        assert carrier.calls == []
    assert (await row(postgres_url, "SELECT count(*) FROM tasks"))["count"] == 0


async def test_who_refuses_while_he_is_called_back_is_hung_up_within_a_second_and_is_nobodys_task(
    lab: Lab, observer: AmiObserver, service_of: OpenService, postgres_url: str
) -> None:
    async with service_of() as service, lab.trunk() as trunk, lab.carrier(ringing) as carrier:
        call, uniqueid = await waits(trunk, observer)
        assert await promise(service, uniqueid)
        await call.hang_up()
        async with lab.phone(1001, answering(after=0.2)):
            await lab.sign_in(observer, 101, 1001, "sales")
            called = await asyncio.wait_for(carrier.next_call(), _SECONDS)
            await row(postgres_url, "SELECT FROM attempts WHERE state = 'ringing'")
            refused_at = time.time()
            await row(postgres_url, _LISTED)
            await asyncio.wait_for(called.ended(), 5)
            assert (called.ended_at or 0) - refused_at < 1.0
            found = await row(postgres_url, "SELECT * FROM queue_callbacks WHERE ended_at IS NOT NULL")
            made = await row(postgres_url, "SELECT * FROM attempts WHERE outcome IS NOT NULL")
        assert (found["state"], made["outcome"]) == ("refused", "cancelled")
        assert len(carrier.calls) == 1
    assert (await row(postgres_url, "SELECT count(*) FROM tasks"))["count"] == 0


async def test_who_is_on_the_list_and_asks_to_be_called_is_called(
    lab: Lab, observer: AmiObserver, service_of: OpenService, postgres_url: str
) -> None:
    await row(postgres_url, _LISTED)
    async with service_of() as service, lab.trunk() as trunk, lab.carrier(answering(after=0.2)) as carrier:
        call, uniqueid = await waits(trunk, observer)
        assert await promise(service, uniqueid)
        await call.hang_up()
        async with lab.phone(1001, answering(after=0.2, talk=0.5)):
            await lab.sign_in(observer, 101, 1001, "sales")
            called = await asyncio.wait_for(carrier.next_call(), _SECONDS)
            await row(postgres_url, "SELECT * FROM queue_callbacks WHERE state = 'answered'")
            await called.hang_up()


async def test_a_service_that_died_while_it_dialled_never_dials_again(
    lab: Lab, observer: AmiObserver, service_of: OpenService, postgres_url: str
) -> None:
    async with lab.trunk() as trunk, lab.carrier(answering(after=0.2)) as carrier:
        async with service_of() as service:
            call, uniqueid = await waits(trunk, observer)
            assert await promise(service, uniqueid)
            await call.hang_up()
            (callback,) = service.desk.board.callbacks()
            # What stands in the journal when it dies between writing that it dials and dialling.
            service.intake.take(
                encode(
                    "CtiCallbackDialled", service.desk.board.at, Id=callback.id, Attempt=f"{callback.name}.a1"
                )
            )
            await service.journal.wait_durable(service.journal.position)
        async with service_of(), lab.phone(1001, answering(after=0.2)):
            await lab.sign_in(observer, 101, 1001, "sales")
            await row(postgres_url, "SELECT * FROM queue_callbacks WHERE state = 'unknown'")
            task: Any = await row(postgres_url, "SELECT * FROM tasks")
            assert task["kind"] == "callback"
        assert carrier.calls == []


async def test_who_keeps_places_in_two_queues_is_called_once_and_both_promises_are_kept(
    lab: Lab, observer: AmiObserver, service_of: OpenService, postgres_url: str
) -> None:
    async with service_of() as service, lab.trunk() as trunk, lab.carrier(answering(after=0.2)) as carrier:
        call, uniqueid = await waits(trunk, observer)
        assert await promise(service, uniqueid)
        # As networks may write the same number.
        assert await promise(service, uniqueid, f"+86{NUMBER}", "support")
        await call.hang_up()
        async with lab.phone(1001, answering(after=0.2, talk=0.5)):
            await lab.sign_in(observer, 101, 1001, "sales", "support")
            called = await asyncio.wait_for(carrier.next_call(), _SECONDS)
            both = "SELECT 1 FROM queue_callbacks WHERE state = 'answered' HAVING count(*) = 2"
            await row(postgres_url, both)
            await called.hang_up()
            await row(postgres_url, "SELECT * FROM attempts WHERE outcome IS NOT NULL")
        assert len(carrier.calls) == 1
    assert (await row(postgres_url, "SELECT count(*) FROM tasks"))["count"] == 0


_SWITCH = "UPDATE dial_limits SET kill_switch = {} RETURNING id"
_BEGIN = (
    "INSERT INTO attempts (id, phone, purpose, node, epoch, counted_on, state, reserved_at, sent_at,"
    f" ring_seconds) VALUES ('at-other', '+86{NUMBER}', 'callback', 'elsewhere', 0, current_date, 'ringing',"
    " now(), now(), 25) RETURNING id"
)
_END = (
    "UPDATE attempts SET state = 'ended', outcome = 'no_answer', ended_at = now() WHERE id = 'at-other'"
    " RETURNING id"
)


@pytest.mark.parametrize(
    ("hold", "release", "refusal"),
    [(_SWITCH.format("true"), _SWITCH.format("false"), "kill_switch"), (_BEGIN, _END, "under_way")],
    ids=["kill switch", "under way"],
)
async def test_who_may_not_be_called_now_waits_and_is_called_later(
    lab: Lab, observer: AmiObserver, service_of: OpenService, postgres_url: str, hold: str, release: str,
    refusal: str,
) -> None:  # fmt: skip
    await row(postgres_url, hold)
    async with service_of() as service, lab.trunk() as trunk, lab.carrier(answering(after=0.2)) as carrier:
        call, uniqueid = await waits(trunk, observer)
        assert await promise(service, uniqueid)
        await call.hang_up()
        async with lab.phone(1001, answering(after=0.2, talk=0.5)):
            await lab.sign_in(observer, 101, 1001, "sales")
            records = "SELECT record -> 'hold' ->> 'refusal' AS refusal FROM dial_decisions"
            assert (await row(postgres_url, records))["refusal"] == refusal
            assert carrier.calls == []
            (callback,) = service.desk.board.callbacks()
            assert callback.state == "waiting"
            await row(postgres_url, release)
            called = await asyncio.wait_for(carrier.next_call(), _SECONDS)
            await row(postgres_url, "SELECT * FROM queue_callbacks WHERE state = 'answered'")
            await called.hang_up()
    held = "SELECT count(*) FILTER (WHERE attempt_id IS NULL) AS held FROM dial_decisions"
    assert (await row(postgres_url, held))["held"] == 1
