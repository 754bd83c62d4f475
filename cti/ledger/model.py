"""How the continuous comparison stands."""

from enum import StrEnum

import msgspec


class LedgerState(StrEnum):
    """What the comparison is doing."""

    #: It has not compared anything yet.
    STARTING = "starting"
    #: It is up to date.
    CHECKING = "checking"
    #: Asterisk or the recorder is not up to date, so that nothing can be said yet.
    WAITING = "waiting"
    #: CEL cannot be read.
    UNREADABLE = "unreadable"
    DATABASE_DOWN = "database_down"


class LedgerStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How it stands; counts are since the service started."""

    state: LedgerState
    #: The code of what keeps it from comparing, and what happened.
    code: str | None = None
    error: str | None = None
    #: Everything that ended before this instant was compared.
    checked_to: float | None = None
    #: How long ago that was.
    age_seconds: float | None = None
    channels: int = 0
    matched: int = 0
    #: Findings that are not settled, as of the last look.
    unsettled: int = 0
    gaps: int = 0
    broken_lines: int = 0
    queue_log: bool = False
