"""What the journal tells of itself."""

from enum import StrEnum

import msgspec

from cti.journal.record import Damage


class JournalState(StrEnum):
    """Whether the disk takes records."""

    OK = "ok"
    FAILING = "failing"
    CLOSED = "closed"


class JournalHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How the journal is."""

    state: JournalState
    #: What the disk said last, while failing.
    error: str | None
    position: int
    durable_position: int
    #: Records and bytes that are only in memory.
    waiting_records: int
    waiting_bytes: int
    #: The longest write and sync so far.
    slowest_sync_seconds: float
    #: What was found damaged when the journal was opened or read.
    damage: tuple[Damage, ...]
