"""The audio of one simulated call: a sound or silence sent, digits keyed (RFC 4733), packets counted."""

import asyncio
import contextlib
import math
import random
import struct
from collections.abc import Sequence
from typing import cast

_DIGITS = "0123456789*#ABCD"
_PACKET_SECONDS = 0.02


def encode_ulaw(sample: int) -> int:
    """A signed 16-bit sample as G.711 µ-law."""
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), 32635) + 132
    exponent = max(magnitude.bit_length() - 8, 0)
    return ~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0F)) & 0xFF


def _tone(hertz: int, packets: int) -> list[bytes]:
    return [
        bytes(
            encode_ulaw(int(6000 * math.sin(2 * math.pi * hertz * (n * 160 + i) / 8000))) for i in range(160)
        )
        for n in range(packets)
    ]


#: One second of a 400 Hz tone, in packets of 20 ms.
TONE = _tone(400, 50)
#: What a fax machine sends when it calls (CNG of T.30): 1100 Hz for half a second, then silence for three.
FAX_CALLING = _tone(1100, 25) + [bytes([encode_ulaw(0)]) * 160] * 150


class AudioStream(asyncio.DatagramProtocol):
    """One RTP socket. It sends its sound 50 times a second when told to talk, and digits whenever asked."""

    def __init__(self, sound: Sequence[bytes] = TONE) -> None:
        self.sound = sound
        self.port = 0
        self.packets_heard = 0
        #: The last packet of audio that came.
        self.last_heard = b""
        self.digits_heard = ""
        self.peer: tuple[str, int] | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._talking: asyncio.Task[None] | None = None
        self._sequence = random.randrange(30000)  # noqa: S311
        self._stamp = random.randrange(2**30)  # noqa: S311
        self._source = random.randrange(2**32)  # noqa: S311
        self._last_digit_stamp = -1

    @classmethod
    async def open(cls, host: str, sound: Sequence[bytes] = TONE) -> "AudioStream":
        """Bind a free port of ``host``."""
        transport, stream = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: cls(sound), local_addr=(host, 0)
        )
        stream.port = transport.get_extra_info("sockname")[1]
        return stream

    @property
    def hears_sound(self) -> bool:
        """Whether the last packet was anything but silence: µ-law near zero is near 0xFF or 0x7F."""
        return any(byte & 0x7F < 0x60 for byte in self.last_heard[12:])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket's transport."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:  # noqa: ARG002
        """Count audio; note a digit once however often its packets are repeated."""
        if len(data) < 12:
            return
        if data[1] & 0x7F != 101:
            self.packets_heard += 1
            self.last_heard = data
            return
        stamp = struct.unpack_from("!I", data, 4)[0]
        if (
            len(data) >= 16
            and data[13] & 0x80
            and stamp != self._last_digit_stamp
            and data[12] < len(_DIGITS)
        ):
            self._last_digit_stamp = stamp
            self.digits_heard += _DIGITS[data[12]]

    def talk(self) -> None:
        """Send the sound from now on."""
        if self._talking is None:
            self._talking = asyncio.get_running_loop().create_task(self._sound(), name="simulated sound")

    async def press(self, digits: str, *, length_seconds: float = 0.1, gap_seconds: float = 0.1) -> None:
        """Key ``digits`` one after the other."""
        for digit in digits:
            start = self._stamp
            steps = max(int(length_seconds / _PACKET_SECONDS), 1)
            for step in range(steps):
                self._send(
                    self._event(digit, 160 * (step + 1), end=False), kind=101, stamp=start, marker=step == 0
                )
                await asyncio.sleep(_PACKET_SECONDS)
            for _ in range(3):
                self._send(self._event(digit, 160 * steps, end=True), kind=101, stamp=start)
            self._stamp = (start + 160 * (steps + 1)) % 2**32
            await asyncio.sleep(gap_seconds)

    async def close(self) -> None:
        """Stop talking and free the port."""
        if self._talking is not None:
            self._talking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._talking
        if self._transport is not None:
            self._transport.close()
            await asyncio.sleep(0)

    @staticmethod
    def _event(digit: str, duration: int, *, end: bool) -> bytes:
        return struct.pack("!BBH", _DIGITS.index(digit), (0x80 if end else 0) | 10, duration)

    def _send(self, payload: bytes, *, kind: int, stamp: int, marker: bool = False) -> None:
        self._sequence = (self._sequence + 1) % 65536
        if self._transport is None or self._transport.is_closing() or self.peer is None:
            return
        head = struct.pack(
            "!BBHII", 0x80, (0x80 if marker else 0) | kind, self._sequence, stamp, self._source
        )
        self._transport.sendto(head + payload, self.peer)

    async def _sound(self) -> None:
        loop = asyncio.get_running_loop()
        due, packet = loop.time(), 0
        while True:
            self._stamp = (self._stamp + 160) % 2**32
            self._send(self.sound[packet % len(self.sound)], kind=0, stamp=self._stamp)
            packet += 1
            due += _PACKET_SECONDS
            await asyncio.sleep(max(due - loop.time(), 0))
