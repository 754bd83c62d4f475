"""The AMI bytes of a busy real Asterisk, recorded once and kept for the benchmarks that need a stream.

Forty agents take calls from the trunk at five a second; one session records what the service's own AMI
user gets (`read` classes and event filters of asterisk_conf), another records every event of every class.
"""

import asyncio
import contextlib
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cti.simulation.lab import Lab, answering, laboratory, wrap_up
from cti.simulation.lab_ports import FIRST_EXTENSION
from cti.simulation.observer import AmiObserver

AGENTS = 40
CALLS_A_SECOND = 5.0
EVENTS_WANTED = 50_000
_TALK_SECONDS = 5.0
_LONGEST_SECONDS = 240.0
_LONGEST_LEFT_OVER_SECONDS = 30.0
_ACTION_ID = re.compile(rb"\r\nActionID: ")


@dataclass(frozen=True, kw_only=True)
class LoadStream:
    """Event blocks of one run, as two sessions of the same Asterisk saw it."""

    service: list[bytes]
    everything: list[bytes]


def load_stream(cache: Path) -> LoadStream:
    """The recorded stream; from `cache` when it was recorded before."""
    files = {name: cache / f"load-{name}.ami" for name in ("service", "everything")}
    if not all(file.exists() for file in files.values()):
        cache.mkdir(parents=True, exist_ok=True)
        recorded = asyncio.run(_record())
        files["service"].write_bytes(b"".join(recorded.service))
        files["everything"].write_bytes(b"".join(recorded.everything))
    return LoadStream(**{name: _blocks(file) for name, file in files.items()})


def _blocks(file: Path) -> list[bytes]:
    return [block.lstrip() + b"\r\n\r\n" for block in file.read_bytes().split(b"\r\n\r\n") if block.strip()]


async def _record() -> LoadStream:
    with tempfile.TemporaryDirectory(prefix="cti-bench-") as home:
        async with (
            laboratory(Path(home), phones=AGENTS) as lab,
            lab.observer() as all_,
            lab.observer(filtered=True) as own,
        ):
            stop_wrap_up = wrap_up(own, 0.2)
            await _carry_calls(lab, all_, own)
            stop_wrap_up()
            return LoadStream(
                service=[block for block in own.blocks if not _ACTION_ID.search(block)],
                everything=[block for block in all_.blocks if not _ACTION_ID.search(block)],
            )


async def _carry_calls(lab: Lab, everything: AmiObserver, own: AmiObserver) -> None:
    phones = [lab.phone(FIRST_EXTENSION + n, answering(after=0.3, talk=_TALK_SECONDS)) for n in range(AGENTS)]
    loop = asyncio.get_running_loop()
    async with lab.trunk() as trunk:
        for number, phone in enumerate(phones):
            await phone.__aenter__()
            await lab.sign_in(own, number + 1, FIRST_EXTENSION + number, "sales")
        began = loop.time()
        dialled = 0
        while len(everything.blocks) < EVENTS_WANTED and loop.time() - began < _LONGEST_SECONDS:
            await trunk.dial("4001", caller=f"138{dialled:08d}")
            dialled += 1
            await asyncio.sleep(max(0.0, began + dialled / CALLS_A_SECOND - loop.time()))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_LEFT_OVER_SECONDS):
                for call in trunk.calls:
                    await call.ended()
        for phone in phones:
            await phone.__aexit__(None, None, None)
