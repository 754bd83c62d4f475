"""What a real Asterisk says of a call in its several voices, and the outcome that follows."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC

import msgspec
import pytest

from cti.asterisk import actions
from cti.asterisk.connection import AmiConnection
from cti.asterisk.link import AmiSettings
from cti.dialling.attempts.ledger_evidence import LedgerTrace, evidence_with, traces_of
from cti.dialling.rules.outcome import Evidence, Outcome, outcome_of
from cti.ledger.sources import PastRows
from cti.simulation.lab import Lab, answering, refusing, ringing
from cti.simulation.observer import AmiObserver, Event
from cti.simulation.phone import Behaviour

NUMBER = "13800138000"
_SECONDS = 30.0


@pytest.fixture
async def ami(lab: Lab, observer: AmiObserver) -> AsyncIterator[AmiConnection]:
    """The service's own connection."""
    settings = AmiSettings(
        host="127.0.0.1", port=lab.plan.ami_port, node=lab.plan.node, username=lab.plan.ami_user,
        secret=lab.plan.secrets.ami,
    )  # fmt: skip
    connection = AmiConnection(settings, lambda _: None)
    run = asyncio.create_task(connection.run())
    try:
        await asyncio.wait_for(connection.ready.wait(), _SECONDS)
        yield connection
    finally:
        run.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await run


async def dialled(
    lab: Lab, ami: AmiConnection, observer: AmiObserver, attempt: str, far_end: Behaviour
) -> Evidence:
    """Everything that Asterisk says of one attempt."""
    statuses: list[str] = []

    def listener(event: Event) -> None:
        if event.get("Event") == "DialEnd" and event.get("DestUniqueid") == attempt:
            statuses.append(event["DialStatus"])

    observer.listen(listener)
    ended = observer.expect("Hangup", Uniqueid=attempt)
    async with lab.carrier(far_end):
        outcome = await actions.originate(
            ami,
            dial=f"PJSIP/{NUMBER}@trunk",
            context="called-back",
            exten="s",
            channel_id=attempt,
            ring_seconds=2,
        )
        hangup = await asyncio.wait_for(ended, _SECONDS)
    observer.unlisten(listener)
    told = hangup.get("TechCause", "")
    return Evidence(
        answered=outcome.answered,
        connected=False if outcome.answered else None,
        hangup_cause=int(hangup["Cause"]),
        originate_reason=outcome.reason,
        dial_status=statuses[-1] if statuses else None,
        sip_status=int(told) if told.isdecimal() else None,
    )


#: The SIP status of the far end, Asterisk's hang-up cause and its reason in OriginateResponse, Dial's word,
#: and what became of the attempt by all of these.
TOLD = [
    (403, 21, 0, "NOANSWER", Outcome.NETWORK),
    (404, 1, 0, "NOANSWER", Outcome.WRONG_NUMBER),
    (407, 21, 0, "NOANSWER", Outcome.NETWORK),
    (408, 18, 0, "NOANSWER", Outcome.UNREACHABLE),
    (410, 22, 0, "NOANSWER", Outcome.WRONG_NUMBER),
    (480, 19, 0, "NOANSWER", Outcome.UNREACHABLE),
    (484, 28, 0, "NOANSWER", Outcome.WRONG_NUMBER),
    (486, 17, 0, "BUSY", Outcome.BUSY),
    (488, 58, 0, "NOANSWER", Outcome.NETWORK),
    (500, 38, 0, "NOANSWER", Outcome.NETWORK),
    (503, 34, 0, "CONGESTION", Outcome.NETWORK),
    (504, 102, 0, "NOANSWER", Outcome.NETWORK),
    (600, 17, 0, "BUSY", Outcome.BUSY),
    (603, 21, 0, "NOANSWER", Outcome.REFUSED),
    (604, 1, 0, "NOANSWER", Outcome.WRONG_NUMBER),
    (607, 127, 0, "NOANSWER", Outcome.REFUSED),
]


async def test_what_asterisk_makes_of_each_sip_status_is_what_the_rule_takes_it_for(
    lab: Lab, ami: AmiConnection, observer: AmiObserver
) -> None:
    seen = []
    for status, *_ in TOLD:
        far_end = refusing(after=0.05, status=status, reason="No")
        evidence = await dialled(lab, ami, observer, f"outcome-{status}", far_end)
        assert evidence.sip_status == status
        seen.append(
            (
                status,
                evidence.hangup_cause,
                evidence.originate_reason,
                evidence.dial_status,
                outcome_of(evidence),
            )
        )
    assert seen == TOLD


async def test_a_call_that_nobody_answers_or_that_finds_nobody_is_told_apart(
    lab: Lab, ami: AmiConnection, observer: AmiObserver
) -> None:
    rang = await dialled(lab, ami, observer, "outcome-rang", ringing)
    assert (rang.answered, rang.originate_reason, outcome_of(rang)) == (False, 3, Outcome.NO_ANSWER)
    # After a restart there may be no more than the cause, out of CEL.
    assert outcome_of(Evidence(hangup_cause=rang.hangup_cause)) is Outcome.NO_ANSWER
    assert outcome_of(msgspec.structs.replace(rang, originate_reason=None)) is Outcome.NO_ANSWER
    answered = await dialled(lab, ami, observer, "outcome-answered", answering(after=0.1, talk=0.1))
    assert (answered.answered, answered.originate_reason, outcome_of(answered)) == (
        True,
        4,
        Outcome.ABANDONED,
    )


async def in_ledger(lab: Lab, attempt: str) -> LedgerTrace:
    """What the ledger has of an attempt, once it has its end."""
    async with asyncio.timeout(_SECONDS):
        while True:
            trace = traces_of(PastRows(lab.plan.cel_csv, timezone=UTC), {attempt}).get(attempt)
            if trace is not None and trace.ended_at is not None:
                return trace
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("name", "far_end", "outcome"),
    [
        ("unavailable", refusing(after=0.05, status=480, reason="No"), Outcome.UNREACHABLE),
        ("rang", ringing, Outcome.NO_ANSWER),
        ("busy", refusing(after=0.05, status=486, reason="No"), Outcome.BUSY),
        ("left", answering(after=0.1, talk=0.3), Outcome.HUNG_UP),
        ("stayed", answering(after=0.1, talk=2.5), Outcome.ABANDONED),
    ],
)
async def test_the_ledger_alone_says_the_same(
    lab: Lab, ami: AmiConnection, observer: AmiObserver, name: str, far_end: Behaviour, outcome: Outcome
) -> None:
    attempt = f"ledger-{name}"
    await dialled(lab, ami, observer, attempt, far_end)
    trace = await in_ledger(lab, attempt)
    assert outcome_of(evidence_with(Evidence(), trace)) is outcome
