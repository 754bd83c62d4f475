"""Clocks jump by an hour in the middle of calls: durations stay right, and no timer is early.

What was measured on the phones, by this machine's clock, is the truth here.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from cti import config
from cti.asterisk.clock import AsteriskClock
from cti.asterisk.connection import AmiConnection
from cti.asterisk.link import AmiSettings
from cti.board.board import Board
from cti.db.engine import open_engine
from cti.db.migrations import upgrade
from cti.installation.asterisk_process import find_program
from cti.installation.postgres import EmbeddedPostgres
from cti.journal.journal import Journal
from cti.ledger.audit import audit
from cti.loops import Loops
from cti.queues.store import create_queue
from cti.recorder.intake import Intake
from cti.recorder.recorder import Recorder
from cti.simulation.call import SimulatedCall
from cti.simulation.lab import FIRST_EXTENSION, Lab, answering, laboratory
from cti.simulation.observer import AmiObserver
from tests.faults import scale
from tests.faults.fake_time import FakeClock
from tests.faults.ground import PHONES, open_ground
from tests.faults.record import FaultTable
from tests.stage.books import Books, Row, read_books
from tests.stage.whole_service import ServiceProcess

HOUR = 3600.0
JUMPS = [HOUR, -HOUR, -HOUR, HOUR] * scale.times(1, 10)
#: What the phones note and what Asterisk stamps are read at different places of a busy machine.
TOLERANCE = 0.5
#: No call of these tests takes longer.
LONGEST = 90.0
WRAP_UP_SECONDS = 4
CALLER = "13800138000"


@dataclass(frozen=True)
class Exchange:
    """An Asterisk that lives by a clock of ours."""

    lab: Lab
    clock: FakeClock


@pytest_asyncio.fixture(scope="module")
async def exchange(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Exchange]:
    home = tmp_path_factory.mktemp("clocked")
    clock = FakeClock(home)
    program = clock.program(await find_program())
    async with laboratory(home, program=program, phones=PHONES, ring_seconds=6) as lab:
        yield Exchange(lab, clock)


def serial(row: Row) -> int:
    """Asterisk counts its channels, whatever its clock says."""
    return int(row["uniqueid"].rpartition(".")[2])


def wrong_durations(books: Books, calls: Sequence[Sequence[SimulatedCall]]) -> list[str]:
    """Legs of phones that do not last as long as the phone noted; the phones from the first extension on."""
    found = []
    for number, of_phone in enumerate(calls):
        interface = f"PJSIP/{FIRST_EXTENSION + number}"
        legs = sorted((leg for leg in books.legs if leg["interface"] == interface), key=serial)
        legs = [leg for leg in legs if leg["answered_at"] is not None]
        noted = [call for call in of_phone if call.answered_at is not None and call.ended_at is not None]
        if len(legs) != len(noted):
            found.append(f"{interface}: {len(legs)} answered legs, {len(noted)} answered calls")
            continue
        for leg, call in zip(legs, noted, strict=True):
            connected = (call.ended_at or 0.0) - (call.answered_at or 0.0)
            spans = books.intervals.get(leg["id"], [])
            ours = leg["ended_at"] - leg["answered_at"]
            talk = sum(
                one["ended_at"] - one["started_at"] for one in spans if one["kind"] in ("talk", "hold")
            )
            if abs(ours - connected) > TOLERANCE or abs(talk - connected) > TOLERANCE:
                found.append(
                    f"{interface}: leg {leg['uniqueid']} lasts {ours:.3f} s, talk and hold {talk:.3f} s, "
                    f"the phone noted {connected:.3f} s"
                )
    return found + [
        f"{row['id']} lasts {row['ended_at'] - row['started_at']:.3f} s"
        for row in (
            *(one for rows in books.intervals.values() for one in rows),
            *books.legs,
            *books.calls.values(),
            *books.offers,
            *(one for rows in books.surveys.values() for one in rows),
        )
        if row["ended_at"] is not None and not 0.0 <= row["ended_at"] - row["started_at"] < LONGEST
    ]


@pytest.mark.timeout(scale.times(240, 1800))
async def test_asterisks_clock_jumps_by_an_hour_and_every_duration_is_right(
    exchange: Exchange, postgres: EmbeddedPostgres, tmp_path: Path, record: FaultTable
) -> None:
    lab, clock = exchange.lab, exchange.clock
    began_at = time.time()
    findings: list[str] = []
    async with open_ground(lab, postgres, tmp_path, name="clock", rate=1.0) as site:
        await asyncio.sleep(3.0)  # so that calls in every stage are up
        for number, jump in enumerate(JUMPS, 1):
            clock.jump(jump)
            await recognised(site.service, number)
            await asyncio.sleep(2.0)
            findings += await site.check()
        findings += await site.finish(patient=True)  # Asterisk does not say whom it hung up on waiting
        books = await read_books(site.database_url)
        findings += wrong_durations(books, [phone.calls for phone in site.traffic.phones])
        steps = [round(float(row["reason"].split()[4])) for row in books.anomalies if _is_step(row)]
        if steps != JUMPS:
            findings.append(f"jumps were {JUMPS}, and these were recognised: {steps}")
        findings += await ledger_findings(site.service, began_at - HOUR, time.time() + HOUR)
    marked = sum(call["clock_step_seconds"] is not None for call in books.calls.values())
    record.add(
        "Asterisk's clock jumps ±1 h", times=len(JUMPS), findings=findings,
        note=f"{len(books.calls)} calls, {marked} of them across a jump",
    )  # fmt: skip
    assert findings == [], "\n".join(findings)
    assert marked > 0


async def recognised(service: ServiceProcess, jumps: int) -> None:
    """Waits until the service has noticed so many jumps."""
    async with asyncio.timeout(15):
        while service.log.count("ami.clock_stepped") < jumps:  # noqa: ASYNC110  (another process)
            await asyncio.sleep(0.1)


def _is_step(row: Row) -> bool:
    return bool(row["event"] == "CtiClockStepped")


async def ledger_findings(service: ServiceProcess, begin: float, end: float) -> list[str]:
    """What `cti reconcile` finds."""
    settings = config.load(**{**service.lab.settings(service.home, service.database_url), **service.changes})
    report = await audit(settings, begin, end)
    assert report.channels > 0
    return [
        f"reconcile: {one.kind} {one.uniqueid} {one.field} {one.ours} {one.theirs}" for one in report.findings
    ]


# --- no timer is early ---


@pytest.mark.timeout(scale.times(120, 120))
async def test_a_wrap_up_in_which_a_clock_jumps_ends_neither_early_nor_late(
    exchange: Exchange, postgres_url: str, tmp_path: Path, record: FaultTable
) -> None:
    lab = exchange.lab
    async with open_engine(postgres_url) as engine, engine.begin() as connection:
        values: dict[str, object] = {
            "name": "sales", "title": "Sales", "extension": "6001", "wrap_up_seconds": WRAP_UP_SECONDS,
        }  # fmt: skip
        await create_queue(connection, values, survey=False)
    own = FakeClock(tmp_path)
    service = ServiceProcess(lab, tmp_path / "service", postgres_url, environment=own.environment())
    await service.start()
    findings, worst = [], 0.0
    try:
        await service.ready()
        async with lab.observer() as observer:
            await lab.sign_in(observer, 1, FIRST_EXTENSION, "sales")
            for whose, clock in (("Asterisk", exchange.clock), ("the service", own)):
                for by in (HOUR, -HOUR):
                    seconds = await wrap_up_with_jump(lab, observer, clock, by)
                    worst = max(worst, abs(seconds - WRAP_UP_SECONDS))
                    if not WRAP_UP_SECONDS - 0.2 <= seconds < WRAP_UP_SECONDS + 1.5:
                        findings.append(f"the clock of {whose} jumped by {by:+.0f} s: {seconds:.2f} s")
            await lab.clear(observer)
        findings += [line for line in service.log.splitlines() if "Traceback" in line]
    finally:
        await service.stop()
    record.add(
        "either clock jumps ±1 h in a wrap-up", times=4, findings=findings,
        note=f"a wrap-up of {WRAP_UP_SECONDS} s was off by {worst:.2f} s",
    )  # fmt: skip
    assert findings == []


async def wrap_up_with_jump(lab: Lab, observer: AmiObserver, clock: FakeClock, by: float) -> float:
    """How long the wrap-up took after a call, when a clock jumps at its beginning."""
    paused = asyncio.Event()
    ready: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def listener(event: Any) -> None:
        if event.get("Event") != "QueueMemberPause":
            return
        if event.get("PausedReason") == "wrap-up":
            paused.set()
        elif event.get("Paused") == "0" and paused.is_set() and not ready.done():
            ready.set_result(time.monotonic())

    observer.listen(listener)
    async with lab.phone(FIRST_EXTENSION, answering(after=0.2)) as phone, lab.trunk() as trunk:
        call = await trunk.dial("4001", caller=CALLER)
        agent = await phone.next_call()
        assert await agent.answered()
        async with asyncio.timeout(5):
            await paused.wait()
        await agent.stay(0.5)
        await agent.hang_up()
        over_at = time.monotonic()
        async with asyncio.timeout(10):
            await call.ended()
        clock.jump(by)
        # The new time is seen with the next event, in the middle of the wrap-up.
        await asyncio.sleep(1.0)
        await observer.send("UserEvent", UserEvent="Tick")
        async with asyncio.timeout(WRAP_UP_SECONDS + 6):
            seconds = await ready - over_at
    observer.unlisten(listener)
    return seconds


@pytest.mark.timeout(240)
async def test_the_services_clock_jumps_by_an_hour_and_nothing_ends_or_starts_for_it(
    exchange: Exchange, postgres: EmbeddedPostgres, tmp_path: Path, record: FaultTable
) -> None:
    clock = FakeClock(tmp_path)
    findings: list[str] = []
    async with open_ground(
        exchange.lab, postgres, tmp_path, name="service clock", environment=clock.environment()
    ) as site:
        for jump in (HOUR, -2 * HOUR, HOUR):
            accepted = site.orderer.accepted
            clock.jump(jump)
            await asyncio.sleep(3.0)
            findings += await site.check()
            if site.orderer.accepted == accepted:
                findings.append(
                    f"after {jump:+.0f} s nobody's orders were taken any more: the session is over"
                )
        findings += await site.finish()
        books = await read_books(site.database_url)
        findings += wrong_durations(books, [phone.calls for phone in site.traffic.phones])
        if any(call["clock_step_seconds"] is not None for call in books.calls.values()):
            findings.append("a jump of the service's clock was taken for one of Asterisk's")
    record.add("the service's clock jumps ±1 h", times=3, note=f"{len(books.calls)} calls", findings=findings)
    assert findings == [], "\n".join(findings)


# --- long calls ---

#: An hour before clocks in Berlin are set back, and a day before the month ends.
BEFORE_THE_CHANGE = datetime(2027, 10, 30, 23, 59, 50, tzinfo=UTC).timestamp()
LONG, LONGER = 12 * HOUR, 13 * HOUR


@pytest.mark.timeout(120)
async def test_a_call_of_a_day_over_midnight_a_change_of_daylight_saving_and_the_end_of_a_month(
    empty_url: str, tmp_path: Path, record: FaultTable
) -> None:
    await upgrade(empty_url)
    clock = FakeClock(tmp_path, time_zone="Europe/Berlin", ahead=BEFORE_THE_CHANGE - time.time())
    program = clock.program(await find_program())
    begins = clock.now()
    async with laboratory(tmp_path / "asterisk", program=program, phones=2) as lab:
        async with recording(lab, clock, empty_url, tmp_path / "journal"), lab.observer() as observer:
            await lab.sign_in(observer, 1, FIRST_EXTENSION, "sales")
            async with lab.phone(FIRST_EXTENSION, answering(after=0.2)) as phone, lab.trunk() as trunk:
                call = await trunk.dial("4001", caller=CALLER)
                agent = await phone.next_call()
                assert await agent.answered()
                await agent.stay(1.0)
                clock.jump(LONG)
                await agent.hold()
                await agent.stay(1.0)
                clock.jump(LONGER)
                await agent.resume()
                await agent.stay(0.5)
                await agent.hang_up()
                async with asyncio.timeout(10):
                    await call.ended()
                await lab.clear(observer)
        settings = config.load(**lab.settings(tmp_path, empty_url))
        report = await audit(settings, begins, clock.now())
    books = await read_books(empty_url)
    findings = [f"reconcile: {one}" for one in report.findings]
    connected = (agent.ended_at or 0.0) - (agent.answered_at or 0.0) + LONG + LONGER
    leg = next(leg for leg in books.legs if leg["interface"] == f"PJSIP/{FIRST_EXTENSION}")
    spans = {"talk": 0.0, "hold": 0.0}
    for span in books.intervals[leg["id"]]:
        if span["kind"] in spans:
            spans[span["kind"]] += span["ended_at"] - span["started_at"]
    record.add(
        "a call of 25 h over midnight, the end of daylight saving and of a month", times=1,
        note=f"talk {spans['talk']:.1f} s, hold {spans['hold']:.1f} s", findings=findings,
    )  # fmt: skip
    assert findings == []
    assert report.channels == 2
    assert spans["hold"] == pytest.approx(LONGER + 1.0, abs=TOLERANCE)
    assert spans["talk"] + spans["hold"] == pytest.approx(connected, abs=TOLERANCE)
    (whole,) = books.calls.values()
    assert whole["clock_step_seconds"] is None
    assert whole["ended_at"] - whole["started_at"] == pytest.approx(connected, abs=3.0)
    assert datetime.fromtimestamp(whole["started_at"], UTC).month == 10
    assert datetime.fromtimestamp(whole["ended_at"], UTC).month == 11


@asynccontextmanager
async def recording(lab: Lab, clock: FakeClock, database_url: str, folder: Path) -> AsyncIterator[None]:
    """The way from Asterisk's events to rows, for which the hours pass that pass for Asterisk."""
    async with AsyncExitStack() as stack:
        journal = Journal(folder)
        stack.push_async_callback(journal.close)
        loops = Loops()
        await stack.enter_async_context(loops.running("journal", journal.run()))
        recorder = Recorder(database_url, lab.plan.node)
        await recorder.committed_position()
        await stack.enter_async_context(loops.running("recorder", recorder.run(journal)))
        estimate = AsteriskClock(lambda: time.monotonic() + clock.ahead)
        intake = Intake(journal, Board(lab.plan.node), recorder, estimate.now)
        secrets = AmiSettings(
            host="127.0.0.1", port=lab.plan.ami_port, username=lab.plan.ami_user,
            secret=lab.plan.secrets.ami, node=lab.plan.node,
        )  # fmt: skip
        ami = AmiConnection(secrets, intake.take, clock=estimate)
        await stack.enter_async_context(loops.running("ami", ami.run()))
        async with asyncio.timeout(20):
            await ami.ready.wait()
        yield
        async with asyncio.timeout(20):
            await recorder.drain()
