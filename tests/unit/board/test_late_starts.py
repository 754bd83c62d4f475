"""A leg of which AMI told later than Asterisk's ledger: nothing of it is before its start."""

import msgspec

from cti.asterisk.events import encode, parse
from cti.board.board import Board
from cti.board.facts import LegEnded
from cti.board.ledger_calls import LedgerCall
from cti.calls.model import Leg, LegKind

AT = 1_800_000_000.0
ONE = "n-1800000000.1"


def row(at: float, kind: str, **more: str) -> tuple[float, dict[str, str]]:
    headers = {
        "Uniqueid": ONE, "Linkedid": ONE, "Channel": "PJSIP/trunk-1", "Context": "inbound", "Exten": "4001",
        "CallerIDNum": "138", "ChannelState": "4", "Kind": kind, "LegKind": "trunk",
    }  # fmt: skip
    return AT + at, headers | more


def test_what_the_ledger_knows_of_a_leg_is_never_before_its_start() -> None:
    seen = Leg(
        id=f"b-{ONE}", call_id=f"b-{ONE}", call_started_at=AT + 0.3, node="lab", boot="b", uniqueid=ONE,
        linkedid=ONE, channel="PJSIP/trunk-1", kind=LegKind.TRUNK, started_at=AT + 0.3,
    )  # fmt: skip
    said = LedgerCall(
        rows=[row(0.0, "begun"), row(0.1, "answered"), row(0.2, "ended", Cause="16")],
        missing=[],
        unknown=[seen],
    )
    event = encode("CtiLedgerCall", AT + 60, Boot="b", Call=msgspec.json.encode(said).decode())
    [fact] = [fact for fact in Board("lab").apply(parse(event)) if isinstance(fact, LegEnded)]
    assert (fact.leg.started_at, fact.leg.answered_at, fact.leg.ended_at) == (AT + 0.3,) * 3
