"""What a party hears and when: its packets with the instants at which they came, and sounds found in them."""

import asyncio
import time
from pathlib import Path
from typing import Any

from cti.simulation.call import SimulatedCall
from cti.simulation.rtp import encode_ulaw
from tests.stage.ear import decoded, likeness, samples_of

_PACKET = 160
SILENCE = [bytes([encode_ulaw(0)]) * _PACKET]


class Listening:
    """Keeps what a call hears from now on. The instants are epoch seconds of this machine."""

    def __init__(self, call: SimulatedCall) -> None:
        assert call.audio is not None
        self._packets: list[tuple[float, bytes]] = []
        hear = call.audio.datagram_received

        def heard(data: bytes, addr: Any) -> None:
            if len(data) > 12 and data[1] & 0x7F == 0:
                self._packets.append((time.time(), data))
            hear(data, addr)

        call.audio.datagram_received = heard  # type: ignore[method-assign]

    async def find(self, sounds: Path, name: str, *, after: int = 0) -> tuple[float, float, int]:
        """How like a sound the best stretch is (1.0: the same), when that began, and where it ends."""
        sound = samples_of(sounds / f"{name}.wav")
        heard = decoded(data for _, data in self._packets)
        alike, end = await asyncio.to_thread(likeness, heard, sound, after=after)
        begun = max(end - len(sound), 0) // _PACKET
        return alike, self._packets[begun][0] if self._packets else 0.0, end


def packets_of(path: Path, *, silence_seconds: float = 0.0) -> list[bytes]:
    """A sound as packets of µ-law, and silence after it."""
    samples = samples_of(path)
    spoken = [
        bytes(map(encode_ulaw, samples[start : start + _PACKET]))
        for start in range(0, len(samples) - _PACKET + 1, _PACKET)
    ]
    return [*spoken, *SILENCE * int(silence_seconds * 50)]
