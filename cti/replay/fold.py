"""Folding a range of the journal into shadow tables.

The range begins where the board's state is known: at the journal's first record or at a checkpoint. When
that cannot be read (another version wrote it) it begins with the first snapshot of Asterisk: from then on
every new call is known from its first event, but not since when agents were in their states.

After a damaged stretch the board does not know what it missed. What lived or began from there to the next
checkpoint, with which the fold goes on exactly, is *spared*: the database, which was written when the records
were still whole, keeps its rows.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import asyncpg
import msgspec

from cti.asterisk.events import parse
from cti.board.facts import AgentStateChanged, GapClosed
from cti.errors import ReplayNoStart
from cti.journal.reader import JournalReader
from cti.journal.record import Damage
from cti.journal.segment import Segment
from cti.recorder.batch import Changes
from cti.recorder.batch_writer import write_batch
from cti.recorder.start import Start, known_start
from cti.replay.shadow import end_shadow

_FOR_EVER: Final = float("inf")
_LAST: Final = 2**63 - 1
_WINDOW: Final = "INSERT INTO spared_windows VALUES (to_timestamp($1), to_timestamp($2), $3, $4)"
_REACH: Final = "INSERT INTO reach VALUES ($1, $2, to_timestamp($3), to_timestamp($4), $5, $6, $7)"
_SPARE: Final = "INSERT INTO spared_calls SELECT unnest($1::text[]) ON CONFLICT DO NOTHING"
_BATCH: Final = 5_000
_SLICE: Final = 512


class Reach(msgspec.Struct, kw_only=True):
    """From when on the rows of the shadow are whole."""

    #: Calls that began from here on; None until that is known.
    calls_from: float | None = None
    #: Agents' states that began from here on; None when there are none of which that is known.
    agents_from: float | None = None
    #: Whether calls that were under way at the start are known too.
    exact: bool


def range_start(reader: JournalReader, node: str, from_at: float | None) -> tuple[Start, bool]:
    """Where a fold begins that reaches back as far as the journal does, or to an instant.

    Returns whether the board's state is known there.
    """
    segments = reader.segments
    begun_before = [
        segment for segment in segments if from_at is not None and _began(reader, segment, from_at)
    ]
    for segment in (*reversed(begun_before), segments[0]):
        start = known_start(reader, segment, node)
        if start is not None:
            return start, True
    return Start(position=segments[0].first - 1, node=node), False


def _began(reader: JournalReader, segment: Segment, at: float) -> bool:
    began_at = reader.began_at(segment)
    return began_at is not None and began_at <= at


class Folding:
    """A fold into the shadow tables of a connection; it can go on from where it ended."""

    def __init__(
        self,
        reader: JournalReader,
        connection: asyncpg.Connection,
        node: str,
        start: Start,
        *,
        exact: bool,
        progress: Callable[[int], None],
    ) -> None:
        self._reader = reader
        self._connection = connection
        self._node = node
        self._progress = progress
        self._board = start.board()
        self._changes = Changes(node)
        self._written = start.position
        self._found: list[Damage] = []
        #: Since a damaged stretch: the instant and the position from which rows are spared.
        self._blind_from: tuple[float, int] | None = None
        self.first = start.position + 1
        self.position = start.position
        self.reach = Reach(exact=exact)
        self.damage: list[Damage] = []
        self.boots = {self._board.boot}

    async def to(self, position: int) -> None:
        """Folds the records up to a position, and writes what came of them.

        Raises:
            ReplayNoStart: nowhere in the range is it known what went on.
        """
        starts = {segment.first: segment for segment in self._reader.segments if segment.first > self.first}
        records = self._reader.read(after=self.position, until=position, report=self._found.append)
        for count, (at, block) in enumerate(records, 1):
            if self._found:
                await self._go_blind(at)
            if at in starts and (self._blind_from is not None or self.reach.agents_from is None):
                await self._take_checkpoint(starts[at])
            self._apply(at, block)
            if not count % _SLICE:
                self._progress(at)
                await asyncio.sleep(0)
            if len(self._changes) >= _BATCH:
                await self._write(at)
        if self.position < position:
            self._found.append(self._lost_end(position))
            await self._go_blind(position + 1)
        if self.reach.calls_from is None:
            raise ReplayNoStart
        self._changes.mark(
            [
                AgentStateChanged(at=self._board.at, agent=agent, before=None)
                for agent in self._board.agents()
            ],
            position,
        )
        await self._write(position)

    def _apply(self, at: int, block: bytes) -> None:
        event = parse(block)
        before = self._board.at
        facts = self._board.apply(event)
        reach = self.reach
        if reach.calls_from is None and self._board.at > 0.0:
            # (Never earlier than what was before: the clock may have been set back.)
            since = max(before, self._board.at)
            if reach.exact:
                reach.calls_from = reach.agents_from = since
            elif any(isinstance(fact, GapClosed) for fact in facts):
                reach.calls_from = since
        self.boots.add(self._board.boot)
        self.position = at
        self._changes.mark(facts, at)

    async def _write(self, position: int) -> None:
        if position > self._written:
            await write_batch(self._connection, self._node, self._changes.cut(position), self._written)
            self._changes = Changes(self._node)
            self._written = position

    # --- damage ---

    def _lost_end(self, position: int) -> Damage:
        """What the database reflects and the journal has no more."""
        segment, lost = self._reader.segments[-1], position - self.position
        size = segment.path.stat().st_size
        return Damage(segment=segment.path.name, offset=size, size=0, position=self.position + 1, lost=lost)

    async def _go_blind(self, at: int) -> None:
        self.damage += self._found
        self._found.clear()
        await self._spare_living()
        if self._blind_from is None:
            self._blind_from = self._board.at, self.position + 1
        self.position = max(self.position, at - 1)

    async def _take_checkpoint(self, segment: Segment) -> None:
        """Goes on with the state that the service itself had at the beginning of a segment."""
        start = known_start(self._reader, segment, self._node)
        if start is None:
            return
        await self._spare_living()
        self._board = start.board()
        await self._spare_living()
        if self.reach.agents_from is None:
            self.reach.agents_from = self._board.at
        await self._close_window(self._board.at, start.position)

    async def finish(self) -> None:
        """Says that nothing is folded any more."""
        await self._close_window(_FOR_EVER, _LAST)
        reach = self.reach
        await self._connection.execute(
            _REACH, self._node, reach.exact, reach.calls_from, reach.agents_from, sorted(self.boots),
            self.first, self.position,
        )  # fmt: skip
        await end_shadow(self._connection)

    async def _close_window(self, to_at: float, last: int) -> None:
        if self._blind_from is not None:
            from_at, first = self._blind_from
            await self._connection.execute(_WINDOW, from_at, to_at, first, last)
            self._blind_from = None

    async def _spare_living(self) -> None:
        living = [call.id for call in self._board.calls()]
        await self._connection.execute(_SPARE, living)
