"""CEL as different people's systems write it, and the file that it is read from while it grows."""

import os
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cti.asterisk.cel import CelColumnsError, CelParser, CelRow
from cti.asterisk.cel_file import CelFile, in_order
from cti.asterisk.queue_log import QueueLog

OWN = (
    '"{event}","{at}","pbx-1700000000.{n}","pbx-1700000000.0","PJSIP/1001-0000000{n}","4001","inbound",'
    '"","","13800138000","","","","","","{extra}"\n'
)


def own(number: int, event: str = "CHAN_START", at: float = 1700000000.25, extra: str = "") -> str:
    return OWN.format(event=event, at=f"{at:.6f}", n=number, extra=extra.replace('"', '""'))


def parsed(text: str, timezone: str = "UTC") -> tuple[list[CelRow], CelParser]:
    parser = CelParser(ZoneInfo(timezone))
    return [row for line in text.splitlines() if (row := parser.row(line)) is not None], parser


def test_our_own_order_is_read() -> None:
    (row,), parser = parsed(own(1, "HANGUP", extra='{"hangupcause":16,"hangupsource":"x"}'))
    assert (row.event, row.at, row.uniqueid, row.linkedid) == (
        "HANGUP", 1700000000.25, "pbx-1700000000.1", "pbx-1700000000.0",
    )  # fmt: skip
    assert (row.exten, row.number, row.extra["hangupcause"]) == ("4001", "13800138000", "16")
    assert parser.broken == 0


def test_the_order_of_the_sample_that_comes_with_asterisk_is_read() -> None:
    line = (
        '"ANSWER","2023-11-14 22:13:20.250000","Bob","1002","1002","","","s","inside","PJSIP/1002-00000001",'
        '"AppDial","(Outgoing Line)","3","","1700000000.1","1700000000.0","","","",""'
    )
    (row,), _ = parsed(line)
    assert (row.at, row.name, row.number, row.uniqueid) == (1700000000.25, "Bob", "1002", "1700000000.1")


def test_a_heading_names_columns_in_any_order_and_by_other_names() -> None:
    text = "uniqueid,Event Time,channel,Event Type\n1700000000.1,1700000000.25,SIP/a-1,CHAN_START\n"
    (row,), parser = parsed(text)
    assert (row.event, row.at, row.channel, row.linkedid) == (
        "CHAN_START", 1700000000.25, "SIP/a-1", "1700000000.1",
    )  # fmt: skip
    assert parser.broken == 0


def test_a_table_as_psql_prints_it_is_read_and_the_newest_may_come_first() -> None:
    text = """\
 eventtype  |         eventtime          | cid_name | cid_num |  uniqueid    | linkedid     | extra
------------+----------------------------+----------+---------+--------------+--------------+-------
 CHAN_END   | 2023-11-14 22:13:22.1      | Bob      | 1002    | 1700000000.1 | 1700000000.1 |
 HANGUP     | 2023-11-14 22:13:22.1      | Bob      | 1002    | 1700000000.1 | 1700000000.1 | {"cause":16}
 CHAN_START | 2023-11-14 22:13:20.25+00  | Bob      | 1002    | 1700000000.1 | 1700000000.1 |
"""
    rows, parser = parsed(text)
    assert [row.event for row in in_order(rows)] == ["CHAN_START", "HANGUP", "CHAN_END"]
    assert in_order(rows)[0].at == 1700000000.25
    assert parser.broken == 0


def test_a_copy_of_pg_dump_is_read() -> None:
    text = (
        "--\n-- Data for Name: cel\n--\n\nSET client_encoding = 'UTF8';\n\n"
        "COPY public.cel (id, eventtype, eventtime, cid_name, channame, uniqueid, linkedid, extra) "
        "FROM stdin;\n"
        "1\tCHAN_START\t2023-11-14 22:13:20.25+00\tA\\tB\tPJSIP/1\t1700000000.1\t1700000000.1\t\\N\n\\.\n"
    )
    (row,), parser = parsed(text)
    assert (row.name, row.at, row.extra) == ("A\tB", 1700000000.25, {})
    assert parser.broken == 0


def test_a_time_without_a_zone_is_in_the_zone_that_was_said() -> None:
    text = "eventtype,eventtime,uniqueid\nANSWER,2023-11-15 06:13:20,1.1\n"
    assert parsed(text, "Asia/Shanghai")[0][0].at == 1700000000.0


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ('"CHAN_START","yesterday","pbx-1700000000.1","x"', "no instant"),
        ('"CHAN_START","17', "unexpected end"),
        ('"","1700000000.0","pbx-1700000000.1","x"', "no event"),
        ('"ANSWER","nan","pbx-1700000000.1","x"', "no instant"),
    ],
)
def test_a_broken_row_is_counted_and_named_with_its_line(broken: str, reason: str) -> None:
    rows, parser = parsed(own(1) + broken + "\n" + own(2))
    assert len(rows) == 2
    assert parser.broken == 1
    assert parser.faults[0].line == 2
    assert reason in parser.faults[0].reason


def test_a_row_that_is_broken_before_the_order_is_known_is_counted_and_the_next_is_read() -> None:
    rows, parser = parsed('"CHAN_START","x","a"\n\n' + own(1, extra="[1]") + '"CHAN_ST')
    assert [(row.uniqueid, row.extra) for row in rows] == [("pbx-1700000000.1", {})]
    assert [fault.line for fault in parser.faults] == [1, 4]


def test_a_row_whose_last_column_is_broken_is_kept_and_named() -> None:
    rows, parser = parsed(own(1) + own(2, extra="{broken"))
    assert [row.extra for row in rows] == [{}, {}]
    assert parser.faults[0].line == 2
    assert "no JSON" in parser.faults[0].reason


def test_what_is_no_cel_is_refused_with_the_line() -> None:
    with pytest.raises(CelColumnsError, match="line 1: no column eventtype, eventtime, uniqueid"):
        parsed("name,number\nBob,1\n")


def test_broken_rows_beyond_the_first_are_counted_and_not_kept() -> None:
    _, parser = parsed(own(1) + '"CHAN_START"\n' * 1000)
    assert parser.broken == 1000
    assert len(parser.faults) == 20


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cel.csv"


def append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def uniqueids(file: CelFile) -> list[str]:
    return [row.uniqueid.rpartition(".")[2] for row in file.read()]


def test_a_half_written_last_line_waits_for_its_other_half(path: Path) -> None:
    line = own(2)
    append(path, own(1) + line[:30])
    file = CelFile(path)
    assert uniqueids(file) == ["1"]
    assert uniqueids(file) == []
    append(path, line[30:])
    assert uniqueids(file) == ["2"]
    assert file.parser.broken == 0
    file.close()


def test_a_renamed_file_is_read_to_its_end_and_then_the_new_one(path: Path) -> None:
    append(path, own(1))
    file = CelFile(path)
    assert uniqueids(file) == ["1"]
    append(path, own(2))
    path.rename(path.with_suffix(".1"))
    assert uniqueids(file) == ["2"]
    assert uniqueids(file) == []
    append(path.with_suffix(".1"), own(3))
    append(path, own(4))
    assert uniqueids(file) == ["3"]
    assert uniqueids(file) == ["4"]
    file.close()


def test_a_file_that_was_cut_is_read_from_its_beginning(path: Path) -> None:
    append(path, own(1) + own(2))
    file = CelFile(path)
    assert uniqueids(file) == ["1", "2"]
    os.truncate(path, 0)
    append(path, own(3))
    assert uniqueids(file) == ["3"]
    file.close()


def test_reading_begins_at_an_instant_without_reading_what_is_before(path: Path) -> None:
    append(path, "".join(own(number % 10, at=1700000000.0 + number) for number in range(20_000)))
    file = CelFile(path, after=1700000000.0 + 19_990)
    rows = []
    while found := file.read():
        rows += found
    assert [row.at for row in rows] == [1700000000.0 + number for number in range(19_990, 20_000)]
    append(path, '"CHAN_START","17\n')
    assert file.read() == []
    assert file.parser.faults[0].line == 20_001
    file.close()


def test_a_heading_is_known_when_reading_begins_in_the_middle(path: Path) -> None:
    append(path, "uniqueid,eventtime,eventtype\n")
    append(path, "".join(f"1.{number},{1700000000 + number},ANSWER\n" for number in range(20_000)))
    file = CelFile(path, after=1700000000.0 + 19_998)
    assert uniqueids(file) == ["19998", "19999"]
    file.close()


def test_queue_log_is_followed_and_its_broken_lines_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    append(
        path,
        "1700000000|pbx-1.1|sales|NONE|ENTERQUEUE||138|1\nnonsense\n1700000003|pbx-1.1|sales|agent-1|CONN",
    )
    log = QueueLog(path)
    (line,) = log.read()
    assert (line.at, line.queue, line.verb, line.rest) == (
        1700000000,
        "sales",
        "ENTERQUEUE",
        ["", "138", "1"],
    )
    append(path, "ECT|3|pbx-1.2|1\n")
    (line,) = log.read()
    assert (line.verb, line.member, line.rest[0]) == ("CONNECT", "agent-1", "3")
    assert log.broken == 1
    log.close()
