"""A caller who left a queue by a key during a gap, and whose dialplan has not said yet what comes next."""

from cti.asterisk.cel import CelRow
from cti.asterisk.events import parse
from cti.ledger.gap_events import ledger_events


def row(event: str, at: float, uniqueid: str = "pbx-1700000000.0", application: str = "Queue") -> CelRow:
    return CelRow(
        event=event, at=at, uniqueid=uniqueid, linkedid=uniqueid, channel="PJSIP/trunk-1", exten="s",
        context="queue-entry", application=application, data="sales,ct", number="1", extra={},
    )  # fmt: skip


def outcomes(rows: list[CelRow]) -> list[str]:
    events = [parse(block) for block in ledger_events(rows)]
    return [event.get("Outcome") for event in events if event.get("Kind") == "unqueued"]


WAITING = [row("APP_START", 100.0), row("APP_END", 105.0)]


def test_whoever_is_still_there_when_the_ledger_has_gone_on_has_flowed_over() -> None:
    assert outcomes([*WAITING, row("CHAN_START", 106.0, "pbx-1700000000.7", "")]) == ["overflow"]


def test_whoever_hung_up_has_given_up() -> None:
    assert outcomes([*WAITING, row("HANGUP", 105.002, application="")]) == ["abandoned"]


def test_nothing_is_said_of_whoever_may_be_hanging_up_at_this_moment() -> None:
    assert outcomes([*WAITING, row("CHAN_START", 105.1, "pbx-1700000000.7", "")]) == []
