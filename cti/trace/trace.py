"""A trace: one call's events without persons, in the form of a transcript, proven to give the call's rows."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from cti.asterisk.events import AmiEvent, encode, parse
from cti.board.board import Board
from cti.errors import TraceExists, TraceNotAnonymous
from cti.recorder.batch import Changes
from cti.trace.content import Content
from cti.trace.cut import Cutting
from cti.trace.headers import numbers_of, parts, personal, without_persons
from cti.trace.pseudonyms import NOBODY, Pseudonyms, numbers_in
from cti.trace.rows import Rows, differences, renamed, rows_of

#: What Asterisk makes up by itself: clocks, counters, random ids.
_MADE_UP: Final = re.compile(r"(?:Timestamp|.*nique[iI]d|.*Linkedid|BridgeId|Boot|Last\w+|LoginTime)")
#: Shorter numbers are extensions, and may be a count elsewhere.
_SUBSCRIBER_DIGITS: Final = 7
#: Shorter names may be a part of any word.
_SHORTEST_NAME: Final = 3


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """One call's events, fit to be shown to others."""

    blocks: list[bytes]
    #: The same rows follow from it as from the journal, but for the pseudonyms; else how they differ.
    differences: list[str]
    calls: int
    legs: int
    going_on: bool


def anonymous(cutting: Cutting, secret: bytes) -> Trace:
    """The trace of what was cut out of the journal. ``secret`` must be used once only.

    Raises:
        TraceNotAnonymous: something of a person would have been left in it.
    """
    scope = cutting.scope
    timed = [*((block, parse(block).at) for block in cutting.opening), *cutting.events]
    events = [parse(block) for block, _ in timed]
    pseudonyms = Pseudonyms(secret, numbers_of(events))
    blocks = [
        encode("CtiTrace", timed[0][1], Legs=len(scope.legs), Events=len(events)),
        *(without_persons(block, at, pseudonyms) for block, at in timed),
    ]
    _refuse_persons(events, blocks)
    expected = renamed(rows_of(cutting.changes, scope.family), pseudonyms)
    return Trace(
        blocks=blocks,
        differences=differences(expected, fold(blocks, cutting.node, scope.family)),
        calls=len(scope.family),
        legs=len(scope.legs),
        going_on=scope.going_on,
    )


def fold(blocks: list[bytes], node: str, calls: frozenset[str]) -> Rows:
    """The rows of some calls that follow from a trace alone."""
    board, changes = Board(node), Changes(node)
    for position, block in enumerate(blocks, 1):
        changes.mark(board.apply(parse(block)), position)
    return rows_of(changes, calls)


def file_name(call: str) -> str:
    """What the file of a call is called when nobody chose a name."""
    return "trace-" + re.sub(r"[^A-Za-z0-9._-]", "_", call)[:100] + ".ami"


def write(trace: Trace, path: Path, *, force: bool) -> None:
    """Writes the trace for its owner alone to read.

    Raises:
        TraceExists: there is such a file, and ``force`` does not say to replace it.
        OSError: it cannot be written.
    """
    kind = os.O_TRUNC if force else os.O_EXCL
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | kind, 0o600)
    except FileExistsError:
        raise TraceExists(f"{path} is there already; --force replaces it") from None
    with open(descriptor, "wb") as file:  # noqa: PTH123  (a descriptor)
        os.fchmod(descriptor, 0o600)
        file.write(b"".join(trace.blocks))


def _refuse_persons(events: list[AmiEvent], blocks: list[bytes]) -> None:
    """The last look: no number and no name of the originals is anywhere it could be read."""
    numbers, names = set(), set()
    for event in events:
        for content, value in personal(event):
            numbers |= {number.removeprefix("+") for number in numbers_in(value)}
            if content is Content.NAME and len(value) >= _SHORTEST_NAME and value not in NOBODY:
                names.add(value)
    for header, content, value in _left(blocks):
        plain = content is Content.PLAIN
        for number in numbers_in(value):
            digits = number.removeprefix("+")
            if digits in numbers and not (plain and len(digits) < _SUBSCRIBER_DIGITS):
                raise TraceNotAnonymous(f"a number would have been left in a {header} header")
        if any(name in value for name in names):
            raise TraceNotAnonymous(f"a name would have been left in a {header} header")


def _left(blocks: list[bytes]) -> Iterator[tuple[str, Content, str]]:
    for block in blocks:
        for header, content, value in parts(parse(block)):
            if not _MADE_UP.fullmatch(header):
                yield header, content, value
