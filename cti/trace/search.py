"""Finding a call in the journal by its name."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final

from cti.asterisk.events import parse
from cti.board.board import Board, BoardVersionError
from cti.errors import CallErased, CallUnknown
from cti.journal.reader import JournalReader
from cti.journal.segment import Segment

#: The second in which Asterisk made a channel, in its Uniqueid.
_SECOND: Final = re.compile(r"(?:^|-)([0-9]{9,11})\.[0-9]+$")
#: A call may be spoken of this long before its channel was made: clocks differ by a little.
_MARGIN_SECONDS: Final = 5.0
_BOOT: Final = b"Event: CtiBoot\r\n"

Progress = Callable[[int], None]


def find(reader: JournalReader, call: str, progress: Progress) -> tuple[int, str]:
    """The position of the first event that speaks of a call or of a channel, and the Uniqueid it does so by.

    ``call`` is a call's or leg's id, or a Uniqueid.

    Raises:
        CallUnknown: no event does.
        CallErased: the journal begins after the time at which it was.
    """
    segments = reader.segments
    second = _SECOND.search(call)
    guess = 0
    if second is not None:
        near = reader.segment_at(float(second[1]) - _MARGIN_SECONDS)
        guess = next((number for number, one in enumerate(segments) if one.first == near.first), 0)
    # When the clock was set, a call is not where its name says.
    for stretch in (segments[guess:], segments[:guess]):
        found = _find_in(reader, stretch, call, progress)
        if found is not None:
            return found
    began_at = reader.began_at(segments[0])
    if second is not None and segments[0].first > 1 and began_at is not None and float(second[1]) < began_at:
        raise erased(reader)
    raise CallUnknown(f"the journal knows no call or channel {call!r}")


def naming(uniqueids: Iterable[str]) -> re.Pattern[bytes]:
    """What finds the blocks that name one of some channels, in a header or in the JSON of a ledger's call."""
    names = b"|".join(re.escape(uniqueid.encode("utf-8", "replace")) for uniqueid in uniqueids)
    return re.compile(rb'(?:nique[iI]d|inkedid)(?:: |":")(' + names + rb')[\r"]')


def erased(reader: JournalReader) -> CallErased:
    """The error that says until when the journal reaches."""
    began_at = reader.began_at(reader.segments[0])
    since = datetime.fromtimestamp(began_at or 0.0, UTC).isoformat(timespec="seconds")
    return CallErased(f"the journal reaches back to {since} only; the call began before that")


def _find_in(
    reader: JournalReader, segments: list[Segment], call: str, progress: Progress
) -> tuple[int, str] | None:
    if not segments:
        return None
    # A call's id is the boot and the Uniqueid, either of which may have hyphens.
    names = {call, *(call[at.end() :] for at in re.finditer("-", call))} - {""}
    pattern = naming(names)
    boot = _boot_at(reader, segments[0])
    first, last = segments[0].first, reader.segments[-1].first
    until = None if segments[-1].first == last else _end(reader, segments[-1])
    for position, block in reader.read(after=first - 1, until=until):
        if not position & 0x3FFF:
            progress(position)
        if block.startswith(_BOOT):
            boot = parse(block).get("Boot") or boot
        found = pattern.search(block)
        if found is not None:
            uniqueid = found[1].decode()
            of = parse(block).get("Boot") or boot  # the ledger tells of earlier boots too
            if call == uniqueid or of is None or call == f"{of}-{uniqueid}":
                return position, uniqueid
    return None


def _end(reader: JournalReader, segment: Segment) -> int:
    return next(one.first for one in reader.segments if one.first > segment.first) - 1


def _boot_at(reader: JournalReader, segment: Segment) -> str | None:
    checkpoint = reader.checkpoint(segment)
    if segment.first == 1 or checkpoint is None:
        return "" if segment.first == 1 else None
    try:
        return Board.load(checkpoint.state).boot
    except BoardVersionError:
        return None
