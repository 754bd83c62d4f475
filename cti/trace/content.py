"""What each header of an event holds, as far as it may tell of a person."""

from enum import Enum, auto
from typing import Final


class Content(Enum):
    """What a header holds."""

    #: Words of Asterisk's and ours, counts, instants, and ids that Asterisk made up.
    PLAIN = auto()
    NUMBER = auto()
    NAME = auto()
    CHANNEL = auto()
    #: A queue member: an agent's opaque name, or one that somebody wrote by hand.
    MEMBER = auto()
    #: A whole call out of Asterisk's ledger (`cti.trace.ledger_call`).
    LEDGER = auto()
    #: Where a flow's run is, with all that it knows of the caller: a trace has none of it.
    STATE = auto()


#: By the end of the header's name: the same stands in events with `Dest`, `Transferee` … before it.
_ENDINGS: Final = (
    ("CallerIDNum", Content.NUMBER),
    ("ConnectedLineNum", Content.NUMBER),
    ("Exten", Content.NUMBER),
    ("Extension", Content.NUMBER),
    ("CallerIDName", Content.NAME),
    ("ConnectedLineName", Content.NAME),
    ("Channel", Content.CHANNEL),
    ("Interface", Content.CHANNEL),
    ("MemberName", Content.MEMBER),
    ("Uniqueid", Content.PLAIN),
    ("UniqueId", Content.PLAIN),
    ("Linkedid", Content.PLAIN),
    ("ChannelState", Content.PLAIN),
    ("ChannelStateDesc", Content.PLAIN),
    ("Context", Content.PLAIN),
    ("Priority", Content.PLAIN),
    ("Language", Content.PLAIN),
    ("BridgeType", Content.PLAIN),
    ("BridgeTechnology", Content.PLAIN),
    ("BridgeNumChannels", Content.PLAIN),
)
_PLAIN: Final = """
    Timestamp SystemName Version Previous New By Boot LegKind Kind Cause Cause-txt DialStatus Result Reason
    UserEvent TechCause
    IsExternal TransferType DestType Queue Position OriginalPosition Count HoldTime TalkTime RingTime Wait
    Duration BridgeId Outcome HungUpFirst Membership Penalty Status InCall Ringinuse Wrapuptime Paused
    PausedReason LastPause LastCall LoginTime CallsTaken NumberState Question Questions Rating Menu
    Run Flow Step Way Version Ordinal QuestionKind To AgentId
    Message Refusal Scope Campaign
    Task Supervisor Reference Recording DueAt Callback Id Attempt PlaceAt Started
    LocalOptimization MusicClass ParkingLot Parkinglot Success ParkingTimeout ParkingDuration
"""
_NAMED: Final = {
    **dict.fromkeys(_PLAIN.split(), Content.PLAIN),
    **dict.fromkeys(("Number", "Choice", "Value", "Keys", "Forward", "ParkingSpace"), Content.NUMBER),
    **dict.fromkeys(("Oldname", "Newname", "Location", "ParkerDialString", "DialString"), Content.CHANNEL),
    "Details": Content.NAME,
    "Passed": Content.NAME,
    "Words": Content.NAME,
    "Payload": Content.NAME,
    "Name": Content.MEMBER,
    "Call": Content.LEDGER,
    "State": Content.STATE,
}


def content_of(header: str) -> Content | None:
    """What a header holds; None for one that is not known."""
    found = _NAMED.get(header)
    if found is not None:
        return found
    return next((content for ending, content in _ENDINGS if header.endswith(ending)), None)
