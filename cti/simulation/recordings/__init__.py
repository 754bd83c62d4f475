"""The real calls whose AMI events, CEL rows and queue_log are kept in ``tests/transcripts/``.

Each function plays one call in a laboratory: real Asterisk, simulated parties, agents 1 to 3 on extensions
1001 to 1003. Only the parts that the service plays (queue membership, wrap-up) are stood in for.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

from cti.simulation.lab import Lab, wrap_up
from cti.simulation.observer import AmiObserver
from cti.simulation.recordings import (
    agent_calls,
    attended_transfers,
    blind_transfers,
    conferences,
    dialled_calls,
    forwarding,
    key_transfers,
    local_calls,
    outbound_calls,
    parking,
    phone_calls,
    phone_transfers,
    pickups,
    queue_calls,
    queue_ways,
    redirects,
    survey_calls,
)
from cti.simulation.recordings.recording import Recording

WRAP_UP_SECONDS: Final = 0.5
#: What a laboratory for them has; some call a phone that there is not.
PHONES: Final = 3

RECORDINGS: Final[Mapping[str, Recording]] = {
    recording.name: recording
    for room in (
        queue_calls,
        queue_ways,
        blind_transfers,
        redirects,
        key_transfers,
        attended_transfers,
        phone_transfers,
        phone_calls,
        agent_calls,
        outbound_calls,
        dialled_calls,
        conferences,
        pickups,
        parking,
        forwarding,
        local_calls,
        survey_calls,
    )
    for recording in room.RECORDINGS
}


async def play(name: str, lab: Lab, ami: AmiObserver) -> None:
    """Play one recording from a clean start until every channel and member is gone."""
    stop = wrap_up(ami, WRAP_UP_SECONDS)
    try:
        await RECORDINGS[name].play(lab, ami)
        await lab.quiet()
        await asyncio.sleep(WRAP_UP_SECONDS + 0.5)
        await lab.clear(ami)
        await asyncio.sleep(0.3)
    finally:
        stop()
