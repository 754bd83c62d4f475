"""The bytes of a segment: a header, then records, each findable by its own marker.

A record is marker (4 bytes), length (4), position (8), CRC-32 of the payload seeded with both (4),
payload; all little-endian. The marker holds NUL and bytes that are no UTF-8, so no event of Asterisk (C
strings) has it inside: after a damaged stretch the next record is found by searching for it. The position
in each record tells how many were lost.
"""

import struct
from collections.abc import Callable, Iterator
from typing import Final
from zlib import crc32

import msgspec

from cti.errors import JournalError

MARKER: Final = b"\xf7\x00\xffr"
#: Longer payloads are refused, so a damaged length cannot send the reader far.
LONGEST_PAYLOAD: Final = 1024 * 1024

SEGMENT_MAGIC: Final = b"CTI\x00JRNL"
VERSION: Final = 1

_CRC: Final = struct.Struct("<I")
_RECORD: Final = struct.Struct("<4sIQI")
_SEGMENT: Final = struct.Struct("<8sIQ")
RECORD_HEADER_BYTES: Final = _RECORD.size
SEGMENT_HEADER_BYTES: Final = _SEGMENT.size + _CRC.size
_CHUNK: Final = 1024 * 1024
#: The seed is `(position * _FACTOR + length) % _PRIME`: a changed bit of either changes it, and with it the
#: CRC. One CRC over the payload alone is half the cost of one over header and payload.
_FACTOR: Final = 2_654_435_761
_PRIME: Final = 4_294_967_291


class Damage(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of a segment that holds no valid record, or records that are not where they must be."""

    segment: str
    #: Byte offset in the segment's file at which the stretch begins.
    offset: int
    #: Its length; 0 when records are missing although every byte is accounted for.
    size: int
    #: The first position that is lost.
    position: int
    #: How many positions are lost; None when nothing follows that tells.
    lost: int | None
    #: Whether it is the end of the last segment: a record that was being written when the process died.
    torn: bool = False


def encode_segment_header(first: int) -> bytes:
    """The header of a segment whose first record has the position ``first``."""
    header = _SEGMENT.pack(SEGMENT_MAGIC, VERSION, first)
    return header + _CRC.pack(crc32(header))


def decode_segment_header(header: bytes) -> int | None:
    """The position of the segment's first record; None when the header is damaged.

    Raises:
        JournalError: the header is whole and of a version that this program does not know.
    """
    if len(header) < SEGMENT_HEADER_BYTES:
        return None
    magic, version, first = _SEGMENT.unpack_from(header)
    if magic != SEGMENT_MAGIC or crc32(header[: _SEGMENT.size]) != _CRC.unpack_from(header, _SEGMENT.size)[0]:
        return None
    if version != VERSION:
        raise JournalError(f"the journal is of version {version}, this program reads version {VERSION}")
    return int(first)


def encode_record_header(position: int, payload: bytes) -> bytes:
    """What stands before ``payload`` on disk."""
    length = len(payload)
    crc = crc32(payload, (position * _FACTOR + length) % _PRIME)
    return _RECORD.pack(MARKER, length, position, crc)


class SegmentScan:
    """One pass over the records of a segment.

    Iterate for (position, payload); afterwards ``end`` is the offset after the last valid record and
    ``damage`` lists what was skipped. ``read(size)`` returns the segment's next bytes, at most ``size``,
    empty at its end.
    """

    def __init__(self, read: Callable[[int], bytes], *, segment: str, first: int, is_last: bool) -> None:
        self._read = read
        self._segment = segment
        self._is_last = is_last
        #: The position of the last valid record so far, at first the one before the segment.
        self.last = first - 1
        self.end = 0
        self.damage: list[Damage] = []

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        read, unpack = self._read, _RECORD.unpack_from
        buffer = read(_CHUNK)
        while len(buffer) < SEGMENT_HEADER_BYTES and (more := read(_CHUNK)):
            buffer += more
        base = 0  # offset of the buffer in the file
        at = 0
        bad_since = -1  # offset in the file, while searching
        if decode_segment_header(buffer[:SEGMENT_HEADER_BYTES]) is None:
            bad_since = 0
        else:
            self.end = at = SEGMENT_HEADER_BYTES
        while True:
            need = RECORD_HEADER_BYTES
            if at + need <= len(buffer):
                marker, length, position, crc = unpack(buffer, at)
                if marker == MARKER and length <= LONGEST_PAYLOAD and position > self.last:
                    need += length
                    stop = at + need
                    if stop <= len(buffer):
                        payload = buffer[at + RECORD_HEADER_BYTES : stop]
                        if crc32(payload, (position * _FACTOR + length) % _PRIME) == crc:
                            if bad_since >= 0 or position != self.last + 1:
                                self._report(bad_since, base + at, position)
                                bad_since = -1
                            self.last = position
                            at = stop
                            self.end = base + stop
                            yield position, payload
                            continue
                        need = 0
                else:
                    need = 0
            if need:
                more = read(max(_CHUNK, need))
                if more:
                    buffer = buffer[at:] + more
                    base += at
                    at = 0
                    continue
                if at == len(buffer):
                    break
            # No valid record begins here: look for the next marker.
            if bad_since < 0:
                bad_since = base + at
            found = buffer.find(MARKER, at + 1)
            if found < 0:
                found = max(at, len(buffer) - len(MARKER) + 1)
                more = read(_CHUNK)
                if not more:
                    break
                buffer = buffer[found:] + more
                base += found
                found = 0
            at = found
        self._report_tail(bad_since, base + len(buffer))

    def _report(self, bad_since: int, until: int, position: int) -> None:
        offset = bad_since if bad_since >= 0 else until
        self.damage.append(
            Damage(
                segment=self._segment,
                offset=offset,
                size=until - offset,
                position=self.last + 1,
                lost=position - self.last - 1,
            )
        )

    def _report_tail(self, bad_since: int, until: int) -> None:
        if bad_since >= 0 and until > bad_since:
            self.damage.append(
                Damage(
                    segment=self._segment,
                    offset=bad_since,
                    size=until - bad_since,
                    position=self.last + 1,
                    lost=None,
                    torn=self._is_last,
                )
            )
