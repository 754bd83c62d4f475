"""What a caller hears of his place in the line, on a real Asterisk, in his language."""

import asyncio
import re
from pathlib import Path

import pytest

from cti.simulation.lab import Lab
from cti.simulation.observer import AmiObserver

_PLAYED = re.compile(r"<(PJSIP/trunk-\w+)> Playing '([\w/-]+)[.'].*\(language '(\w+)'\)")


def _sounds(log: Path) -> dict[str, list[str]]:
    """What was played to each channel, as `language sound`."""
    found: dict[str, list[str]] = {}
    for channel, sound, language in _PLAYED.findall(log.read_text(errors="replace")):
        found.setdefault(channel, []).append(f"{language} {sound}")
    return found


async def played(log: Path, until: str, seconds: float = 30.0) -> dict[str, list[str]]:
    """What was played to each channel once `until` was among it."""
    async with asyncio.timeout(seconds):
        while True:
            found = _sounds(log)
            if any(until in sounds for sounds in found.values()):
                return found
            await asyncio.sleep(0.2)  # another process writes the file


@pytest.mark.parametrize(
    ("number", "language", "queue"), [("4001", "zh", "sales"), ("4002", "en", "support")]
)
async def test_who_is_not_the_first_in_line_is_told_his_place_in_his_language(
    lab: Lab, observer: AmiObserver, number: str, language: str, queue: str
) -> None:
    name = f"spoken-{language}.log"
    await lab.asterisk.command(f"logger add channel {name} verbose(3)")
    async with lab.trunk() as trunk:
        for caller in ("13800138000", "13800138001"):
            joined = observer.expect("QueueCallerJoin")
            call = await trunk.dial(number, caller=caller)
            event = await asyncio.wait_for(joined, 10)
            assert event["Queue"] == queue
            assert not call.over
        log = lab.plan.home / "log" / name
        found = await played(log, f"{language} cti/queue-in-line")
    # The first in line hears nothing: he is put through rather than talked to.
    place = ["cti/queue-place", "digits/2", "cti/queue-in-line"]
    assert found == {event["Channel"]: [f"{language} {sound}" for sound in place]}
