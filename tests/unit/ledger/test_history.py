"""Past calls from CEL alone: who called whom, answered or not, for how long, handed on, picked up."""

import csv
import io
import json

import pytest

from cti.asterisk.cel import CelParser, CelRow
from cti.calls.model import Direction, LegKind, TransferKind
from cti.ledger.history import PastCall, past_calls
from cti.ledger.history_report import call_row, write_csv, write_json_lines
from tests.unit.board.scenario import TRANSCRIPTS, read_rows

NAMES = sorted(path.name.removesuffix(".cel.csv") for path in TRANSCRIPTS.glob("*.cel.csv"))


def table(text: str) -> list[CelRow]:
    parser = CelParser()
    rows = [row for line in text.splitlines() if (row := parser.row(line)) is not None]
    assert parser.broken == 0, parser.faults
    return rows


def only(rows: list[CelRow], **options: tuple[str, ...]) -> PastCall:
    (call,) = past_calls(rows, **options)  # type: ignore[arg-type]
    return call


@pytest.mark.parametrize("name", NAMES)
def test_each_channel_is_one_leg_with_the_instants_of_cel(name: str) -> None:
    rows = read_rows(name)
    legs = [leg for call in past_calls(rows) for leg in call.legs]
    begun = {row.uniqueid: row.at for row in rows if row.event == "CHAN_START"}
    ended = {row.uniqueid: row.at for row in rows if row.event == "CHAN_END"}
    assert {leg.uniqueid: leg.started_at for leg in legs} == begun
    assert {leg.uniqueid: leg.ended_at for leg in legs} == ended
    assert len(legs) == len(begun)


def test_a_blind_transfer_tells_who_called_who_answered_and_to_whom_it_went() -> None:
    past = only(read_rows("blind_transfer"))
    row = call_row(past)
    assert (row["from"], row["to"], row["direction"]) == ("13800138000", "4001", "inbound")
    assert (row["answered"], row["answered_by"], row["transfers"]) == (
        "yes",
        "1001",
        "blind → 1002 (completed)",
    )
    assert float(row["talk_seconds"]) == pytest.approx(4.0, abs=0.3)
    assert [one.kind for one in past.transfers] == [TransferKind.BLIND]


def test_an_attended_transfer_names_the_target() -> None:
    assert call_row(only(read_rows("attended_transfer")))["transfers"] == "attended → 1002 (completed)"


def test_an_abandoned_call_was_answered_by_nobody() -> None:
    past = only(read_rows("abandoned"))
    row = call_row(past)
    assert (row["answered"], row["answered_by"], row["talk_seconds"]) == ("no", "", "")
    assert past.call.ended_at is not None


PICKED_UP = """
eventtype    | eventtime                | cid_num | exten | context | channame   | uniqueid | linkedid | extra
CHAN_START   | 2024-01-01 10:00:00.000  | 1001    | 1002  | inside  | SIP/a-0001 | 100.1    | 100.1    |
CHAN_START   | 2024-01-01 10:00:00.500  | 1002    | s     | inside  | SIP/b-0002 | 100.2    | 100.1    |
CHAN_START   | 2024-01-01 10:00:03.000  | 1003    | *8    | inside  | SIP/c-0003 | 103.3    | 103.3    |
PICKUP       | 2024-01-01 10:00:03.100  | 1002    | s     | inside  | SIP/b-0002 | 100.2    | 100.1    | {"pickup_channel":"SIP/c-0003","pickup_channel_uniqueid":"103.3"}
ANSWER       | 2024-01-01 10:00:03.200  | 1003    | *8    | inside  | SIP/c-0003 | 103.3    | 100.1    |
ANSWER       | 2024-01-01 10:00:03.200  | 1001    | 1002  | inside  | SIP/a-0001 | 100.1    | 100.1    |
BRIDGE_ENTER | 2024-01-01 10:00:03.300  | 1003    | *8    | inside  | SIP/c-0003 | 103.3    | 100.1    | {"bridge_id":"B"}
BRIDGE_ENTER | 2024-01-01 10:00:03.300  | 1001    | 1002  | inside  | SIP/a-0001 | 100.1    | 100.1    | {"bridge_id":"B"}
CHAN_END     | 2024-01-01 10:00:03.400  | 1002    | s     | inside  | SIP/b-0002 | 100.2    | 100.1    |
BRIDGE_EXIT  | 2024-01-01 10:00:13.300  | 1001    | 1002  | inside  | SIP/a-0001 | 100.1    | 100.1    | {"bridge_id":"B"}
BRIDGE_EXIT  | 2024-01-01 10:00:13.300  | 1003    | *8    | inside  | SIP/c-0003 | 103.3    | 100.1    | {"bridge_id":"B"}
CHAN_END     | 2024-01-01 10:00:13.400  | 1001    | 1002  | inside  | SIP/a-0001 | 100.1    | 100.1    |
CHAN_END     | 2024-01-01 10:00:13.400  | 1003    | *8    | inside  | SIP/c-0003 | 103.3    | 100.1    |
"""  # noqa: E501  (as psql prints it)


def test_a_picked_up_call_is_one_call_and_says_who_took_it() -> None:
    past = only(table(PICKED_UP))
    row = call_row(past)
    assert (row["from"], row["to"], row["answered"]) == ("1001", "1002", "yes")
    assert row["answered_by"] == "1003"
    assert row["pickups"] == "SIP/b-0002 → SIP/c-0003"
    assert past.talk_seconds == pytest.approx(10.0)
    assert len(past.legs) == 3


def test_whoever_says_what_a_trunk_is_gets_directions() -> None:
    rows = table(PICKED_UP)
    assert only(rows).call.direction is Direction.INTERNAL
    past = only(rows, trunks=("SIP/a-",))
    assert past.call.direction is Direction.INBOUND
    assert [leg.kind for leg in past.legs if leg.channel.startswith("SIP/a")] == [LegKind.TRUNK]


def test_a_call_without_an_end_is_told_as_it_stands() -> None:
    rows = [row for row in table(PICKED_UP) if row.event != "CHAN_END"]
    past = only(rows)
    assert past.call.ended_at is None
    assert past.call.unknown_end
    assert {leg.ended_at for leg in past.legs} == {None}


def test_many_calls_come_one_by_one_as_they_end() -> None:
    rows = table(PICKED_UP)
    later = []
    for number in range(50):
        for row in rows:
            one, two = f"{number}{row.uniqueid}", f"{number}{row.linkedid}"
            extra = {key: f"{number}{value}" for key, value in row.extra.items()}
            later.append(
                CelRow(
                    event=row.event, at=row.at + 60.0 * number, uniqueid=one, linkedid=two, extra=extra,
                    channel=row.channel, exten=row.exten, context=row.context, application="", data="",
                    number=row.number,
                )
            )  # fmt: skip
    seen = 0

    def counted() -> "list[CelRow]":
        return later

    for number, past in enumerate(past_calls(counted())):
        assert past.call.started_at == rows[0].at + 60.0 * number
        seen += 1
    assert seen == 50


OLD = """
eventtype    | eventtime             | cid_num    | exten | context | channame     | uniqueid | linkedid
CHAN_START   | 2013-01-01 11:02:38.0 | 612345678  | 1002  | extern  | SIP/trunk-28 | 138.17   | 138.17
CHAN_START   | 2013-01-01 11:02:38.2 | 1002       | s     | default | SIP/hg-13    | 138.18   | 138.17
ANSWER       | 2013-01-01 11:02:42.0 | 1002       | s     | default | SIP/hg-13    | 138.18   | 138.17
ANSWER       | 2013-01-01 11:02:42.1 | 0612345678 | s     | user    | SIP/trunk-28 | 138.17   | 138.17
BRIDGE_START | 2013-01-01 11:02:42.2 | 0612345678 | s     | user    | SIP/trunk-28 | 138.17   | 138.17
BRIDGE_END   | 2013-01-01 11:02:45.0 | 0612345678 | s     | user    | SIP/trunk-28 | 138.17   | 138.17
CHAN_END     | 2013-01-01 11:02:45.2 | 1002       |       | user    | SIP/hg-13    | 138.18   | 138.17
CHAN_END     | 2013-01-01 11:02:45.4 | 0612345678 | s     | user    | SIP/trunk-28 | 138.17   | 138.17
"""


def test_the_bridges_of_an_old_asterisk_are_understood() -> None:
    past = only(table(OLD))
    row = call_row(past)
    assert (row["from"], row["answered"], row["answered_by"]) == ("612345678", "yes", "1002")
    assert past.talk_seconds == pytest.approx(2.8)


def test_bridges_without_a_name_are_one_bridge() -> None:
    rows = [row for row in table(PICKED_UP) if row.event != "PICKUP"]
    for row in rows:
        row.extra.clear()
    assert only(rows).talk_seconds == pytest.approx(10.0)


ORIGINATED = """
eventtype    | eventtime             | cid_num | exten | context | channame     | uniqueid | linkedid | extra
CHAN_START   | 2024-01-01 11:00:00.0 |         | s     | default | SIP/a-1      | 200.1    | 200.1    |
ANSWER       | 2024-01-01 11:00:03.0 | 1045    | 1001  | default | SIP/a-1      | 200.1    | 200.1    |
CHAN_START   | 2024-01-01 11:00:03.2 | 1001    | s     | default | SIP/b-2      | 203.2    | 200.1    |
ANSWER       | 2024-01-01 11:00:05.0 | 1001    | s     | default | SIP/b-2      | 203.2    | 200.1    |
BRIDGE_ENTER | 2024-01-01 11:00:05.1 | 1001    | s     | default | SIP/b-2      | 203.2    | 200.1    | {"bridge_id":"B"}
BRIDGE_ENTER | 2024-01-01 11:00:05.1 | 1045    | 1001  | default | SIP/a-1      | 200.1    | 200.1    | {"bridge_id":"B"}
CHAN_END     | 2024-01-01 11:00:09.1 | 1001    |       | default | SIP/b-2      | 203.2    | 200.1    |
CHAN_END     | 2024-01-01 11:00:09.2 | 1045    | 1001  | default | SIP/a-1      | 200.1    | 200.1    |
"""  # noqa: E501


def test_whom_asterisk_called_first_is_the_caller() -> None:
    row = call_row(only(table(ORIGINATED)))
    assert (row["from"], row["to"], row["answered_by"]) == ("1045", "1001", "1001")


def test_csv_has_a_heading_and_gives_no_spreadsheet_a_formula() -> None:
    text = PICKED_UP.replace("| 1001    |", "| =1+1    |")
    out = io.StringIO()
    write_csv([only(table(text))], out, legs=False)
    (row,) = csv.DictReader(io.StringIO(out.getvalue()))
    assert row["from"] == "'=1+1"
    legs = io.StringIO()
    write_csv([only(table(PICKED_UP))], legs, legs=True)
    assert [row["uniqueid"] for row in csv.DictReader(io.StringIO(legs.getvalue()))] == [
        "100.1", "100.2", "103.3",
    ]  # fmt: skip


def test_json_has_one_call_a_line_with_its_legs() -> None:
    lines: list[str] = []
    write_json_lines(past_calls(read_rows("answered")), lines.append)
    (said,) = map(json.loads, lines)
    assert said["answered"]
    assert len(said["legs"]) == 2
    assert said["legs"][0]["ending"] == "reconciled"
