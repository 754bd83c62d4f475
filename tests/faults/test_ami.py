"""The connection to Asterisk breaks: at any byte, without a word, with Asterisk stopped in the middle."""

import os
import signal
import time

import pytest

from tests.faults import scale
from tests.faults.conftest import OpenGround
from tests.faults.record import FaultTable

CUTS = scale.times(25, 500)
#: A snapshot of this ground is some kilobytes, so that cuts fall into login and snapshot too.
_MOST_BYTES = 12_000
_RESYNC_SECONDS = 3.0
_NOTICE_SECONDS = 15.0


@pytest.mark.timeout(scale.times(400, 7200))
async def test_a_connection_cut_at_any_byte_is_back_and_complete_within_three_seconds(
    ground: OpenGround, record: FaultTable
) -> None:
    dice = scale.dice("cuts")
    worst = 0.0
    findings: list[str] = []
    async with ground() as site:
        proxy = site.proxy
        for number in range(CUTS):
            cut_before = proxy.cut_at
            if dice.random() < 0.5:
                proxy.cut_after(dice.randrange(_MOST_BYTES))
            else:  # one cut, and a second one into the connection that follows
                proxy.cut_after(dice.randrange(_MOST_BYTES), next_connection=True)
                proxy.cut()
                cut_before = proxy.cut_at
            await proxy.until(lambda before=cut_before: proxy.cut_at > before, 60)
            cut_at = proxy.cut_at
            synced_at = await proxy.synced_after(cut_at)
            seconds = synced_at - proxy.cut_at
            worst = max(worst, seconds)
            if seconds > _RESYNC_SECONDS * scale.patience():
                findings.append(f"cut {number}: complete again after {seconds:.2f} s")
            findings += await site.check()
        findings += await site.finish()
        calls = sum(site.ledger.begun.values())
    record.add(
        "AMI cut at a random byte", times=CUTS, worst=worst, limit=_RESYNC_SECONDS,
        note=f"{calls} channels", findings=findings,
    )  # fmt: skip
    assert findings == [], "\n".join(findings)


MUTES = scale.times(1, 20)


@pytest.mark.timeout(scale.times(300, 3600))
async def test_a_connection_on_which_nothing_arrives_any_more_is_noticed_within_fifteen_seconds(
    ground: OpenGround, record: FaultTable
) -> None:
    worst = 0.0
    findings: list[str] = []
    async with ground() as site:
        for _ in range(MUTES):
            muted_at = time.monotonic()
            site.proxy.mute()
            seconds = await site.noticed() - muted_at
            worst = max(worst, seconds)
            if seconds > _NOTICE_SECONDS:
                findings.append(f"noticed after {seconds:.2f} s")
            site.proxy.unmute()
            await site.well()
            findings += await site.check()
        findings += await site.finish()
    record.add(
        "AMI half-open: traffic swallowed", times=MUTES, worst=worst, limit=_NOTICE_SECONDS, findings=findings
    )
    assert findings == [], "\n".join(findings)


@pytest.mark.timeout(scale.times(300, 3600))
async def test_an_asterisk_that_is_stopped_by_a_signal_is_noticed_within_fifteen_seconds(
    ground: OpenGround, record: FaultTable
) -> None:
    worst = 0.0
    findings: list[str] = []
    async with ground() as site:
        pid = site.lab.asterisk.pid
        assert pid is not None
        for _ in range(MUTES):
            stopped_at = time.monotonic()
            os.kill(pid, signal.SIGSTOP)
            try:
                seconds = await site.noticed() - stopped_at
            finally:
                os.kill(pid, signal.SIGCONT)
            worst = max(worst, seconds)
            if seconds > _NOTICE_SECONDS:
                findings.append(f"noticed after {seconds:.2f} s")
            await site.well()
            findings += await site.check()
        findings += await site.finish()
    record.add(
        "Asterisk stopped by SIGSTOP", times=MUTES, worst=worst, limit=_NOTICE_SECONDS, findings=findings
    )
    assert findings == [], "\n".join(findings)
