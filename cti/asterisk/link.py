"""What the connection to Asterisk is configured by and how it shows what it is doing."""

from enum import StrEnum

import msgspec


class LinkState(StrEnum):
    """Where the connection to Asterisk is."""

    #: Not yet started, or stopped.
    STOPPED = "stopped"
    CONNECTING = "connecting"
    LOGGING_IN = "logging_in"
    #: Asterisk is there and still loading its modules.
    BOOTING = "booting"
    #: Events flow and the snapshot is being taken.
    SYNCING = "syncing"
    READY = "ready"
    #: It is down, and the next attempt is near.
    WAITING = "waiting"
    #: The secret is wrong: nothing more is tried.
    REFUSED = "refused"


class LinkStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One state of the connection."""

    state: LinkState
    #: Epoch seconds of this machine.
    since: float
    #: Why it is or was down last; None as long as it never was.
    last_error: str | None = None
    #: Asterisk's AMI version, when connected.
    version: str | None = None
    #: The id of Asterisk's present boot, when known.
    boot: str | None = None


class AmiSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where Asterisk is and how long it may take. All times are seconds."""

    host: str
    port: int
    username: str
    secret: str
    #: Asterisk's systemname; written into the service's own marks.
    node: str = ""
    connect_seconds: float = 5.0
    login_seconds: float = 10.0
    #: Asterisk may still be loading its modules.
    booted_seconds: float = 60.0
    snapshot_seconds: float = 20.0
    #: A dead peer is noticed after at most the sum of these two.
    ping_interval_seconds: float = 4.0
    ping_seconds: float = 5.0
    action_seconds: float = 5.0
    shortest_back_off_seconds: float = 0.1
    #: A connection that was complete starts anew with the shortest; a cut is to be over in 3 s, even if the
    #: next ones are cut in their beginning too.
    longest_back_off_seconds: float = 1.0

    def __repr__(self) -> str:
        return f"AmiSettings({self.username}@{self.host}:{self.port})"
