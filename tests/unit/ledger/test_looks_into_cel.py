"""After a gap CEL is looked into at once, and again only while its rows are behind the events."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from cti.asterisk.cel import CelRow
from cti.asterisk.events import parse
from cti.board.heard import Heard
from cti.config import load
from cti.ledger import sources
from cti.ledger.gap_events import Ledger

SINCE = 1_000.0
HEADER = "eventtime,eventtype,uniqueid,linkedid,channame,exten,context,appname,appdata,cid_num,eventextra\n"


class Cel:
    """A CEL file, who reads it, and how often that was done."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.settings = load(
            home=path.parent, database_url="postgresql:///none", node="n", cel_csv_path=path,
            ami_secret="x", ami_phone_secret="x", agi_secret="x",
        )  # fmt: skip
        self.looks = 0
        self.on_look: Callable[[], None] = lambda: None

    def write(self, *rows: tuple[float, str]) -> None:
        if not self.path.exists():
            self.path.write_text(HEADER)
        with self.path.open("a") as file:
            file.writelines(
                f"{at:.6f},CHAN_START,{uniqueid},{uniqueid},PJSIP/1-1,,,,,,\n" for at, uniqueid in rows
            )

    async def rows_after(self, after: float) -> list[CelRow]:
        self.looks += 1
        found = await sources.rows_after(self.settings, after)
        self.on_look()
        return found

    async def told(self, heard_from: Callable[[], float | None]) -> tuple[list[str], float]:
        """The channels that began in the gap, and how long it took to know."""
        clock = asyncio.get_running_loop().time
        began = clock()
        heard = Heard(until=SINCE, boot="boot", last_boot="boot", boot_started_at=None, boot_met_at=None)
        ledger = Ledger(self.rows_after, lambda: heard)
        blocks = await ledger.of_this_life(heard_from, started_at=SINCE - 60)
        events = [parse(block) for block in blocks]
        return [event.get("Uniqueid") for event in events if event.name == "CtiLedger"], clock() - began


async def test_rows_that_are_as_far_as_the_events_are_taken_at_the_first_look(tmp_path: Path) -> None:
    cel = Cel(tmp_path / "cel.csv")
    cel.write((1_001.0, "n-1001.1"), (1_005.0, "n-1005.2"), (1_009.0, "n-1009.3"))
    channels, seconds = await cel.told(lambda: 1_005.0)
    assert (channels, cel.looks) == (["n-1001.1", "n-1005.2"], 1)
    assert seconds < 0.3


async def test_rows_that_are_behind_the_events_are_looked_for_again(tmp_path: Path) -> None:
    cel = Cel(tmp_path / "cel.csv")
    cel.write((1_001.0, "n-1001.1"))

    def write_the_rest_after_three_looks() -> None:
        if cel.looks == 3:
            cel.write((1_004.0, "n-1004.2"), (1_006.0, "n-1006.3"))

    cel.on_look = write_the_rest_after_three_looks
    channels, _ = await cel.told(lambda: 1_005.0)
    assert (channels, cel.looks) == (["n-1001.1", "n-1004.2"], 4)


async def test_without_an_event_rows_may_still_come_until_they_are_settled(tmp_path: Path) -> None:
    cel = Cel(tmp_path / "cel.csv")
    cel.write((1_001.0, "n-1001.1"))
    loop = asyncio.get_running_loop()
    loop.call_later(0.25, cel.write, (1_002.0, "n-1002.2"))
    channels, seconds = await cel.told(lambda: None)
    assert channels == ["n-1001.1", "n-1002.2"]
    assert seconds >= 0.3


async def test_a_ledger_that_cannot_be_read_is_not_waited_for(tmp_path: Path) -> None:
    cel = Cel(tmp_path / "cel.csv")
    assert (await cel.told(lambda: None))[0] == []
    assert cel.looks == 1
