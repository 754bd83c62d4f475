"""The reading end of a journal that somebody else may be writing: it takes no lock and changes nothing.

What is half written at the end of the last segment is not there yet; anything else that cannot be read is
damage, told to whoever asks for it.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from cti.asterisk.events import parse
from cti.errors import JournalMissing
from cti.journal.record import Damage
from cti.journal.segment import (
    Checkpoint,
    Segment,
    latest_checkpoint,
    list_segments,
    read_checkpoint,
    read_records,
)


class JournalReader:
    """A journal as it lies on disk.

    Raises:
        JournalMissing: there is none in the folder.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        if not list_segments(directory):
            raise JournalMissing(f"there is no journal in {directory}")

    @property
    def segments(self) -> list[Segment]:
        """Its files now, oldest first."""
        return list_segments(self._directory)

    @property
    def first(self) -> int:
        """The oldest position that has not been erased."""
        return self.segments[0].first

    @property
    def position(self) -> int:
        """The position of the last whole record; reads the last segment."""
        segment = self.segments[-1]
        last = segment.first - 1
        for last, _ in read_records([segment]):  # noqa: B007  (the last one)
            pass
        return last

    def read(
        self,
        after: int = 0,
        *,
        until: int | None = None,
        report: Callable[[Damage], None] = lambda _: None,
    ) -> Iterator[tuple[int, bytes]]:
        """(position, block) of every record after one position and up to another.

        Damage goes to ``report`` as soon as the record after it is known.
        """

        def tell(damage: Damage) -> None:
            if not damage.torn:
                report(damage)

        return read_records(self.segments, after=after, until=until, report=tell)

    def latest_checkpoint(self, at_most: int | None = None) -> Checkpoint | None:
        """The newest whole checkpoint, at or before a position when one is given."""
        return latest_checkpoint(self._directory, self.position if at_most is None else at_most)

    def checkpoint(self, segment: Segment) -> Checkpoint | None:
        """The state before a segment's first record; None when there is none or it is damaged."""
        return read_checkpoint(segment)

    def began_at(self, segment: Segment) -> float | None:
        """The instant of a segment's first event that carries one (epoch seconds of Asterisk's clock)."""
        return next((at for _, block in read_records([segment]) if (at := parse(block).at) > 0.0), None)

    def segment_at(self, at: float) -> Segment:
        """The segment that was being written at an instant; the oldest one for an earlier instant."""
        found = self.segments
        low, high = 0, len(found)
        while high - low > 1:
            middle = (low + high) // 2
            began_at = self.began_at(found[middle])
            if began_at is not None and began_at <= at:
                low = middle
            else:
                high = middle
        return found[low]
