"""Asterisk is started again, and lost again before the snapshot is complete: each row of CEL is told once, as
its own life's.

Found by breaking everything at once: what the first life had done last was told once more as the second's.
"""

from cti.asterisk.cel import CelRow
from cti.asterisk.events import encode, parse
from cti.board.board import Board
from cti.ledger.gap_events import Ledger

HEARD_AT = 1000.0


def row(at: float, uniqueid: str, event: str = "CHAN_START") -> CelRow:
    return CelRow(
        event=event, at=at, uniqueid=uniqueid, linkedid=uniqueid, channel="PJSIP/trunk-1", exten="4001",
        context="inbound", application="", data="", number="", extra={},
    )  # fmt: skip


class Asterisk:
    """A board that hears one Asterisk, whose CEL grows from life to life."""

    def __init__(self) -> None:
        self.board = Board("lab")
        self.rows: list[CelRow] = []
        self.ledger = Ledger(self._rows_after, lambda: self.board.heard)
        #: What was told of each channel: the boot that the board had then.
        self.told: list[tuple[str, str]] = []

    async def _rows_after(self, at: float) -> list[CelRow]:
        return [one for one in self.rows if one.at >= at]

    async def meet(self, boot: str, started_at: float, at: float, *, complete: bool) -> None:
        """A connection comes about, and its snapshot is complete or not."""
        if self.ledger.is_another_life(boot):
            self._take(await self.ledger.of_last_life(started_at))
        started = f"{started_at:.3f}"
        self._take([encode("CtiBoot", at, Boot=boot, Started=started), encode("CtiConnected", at, Boot=boot)])
        self._take(await self.ledger.of_this_life(lambda: None, started_at=started_at))
        if complete:
            self._take([encode("CtiSnapshotBegin", at, Boot=boot), encode("CtiSnapshotEnd", at, Boot=boot)])

    def hear(self, at: float) -> None:
        """An event of AMI comes."""
        ids = {"Uniqueid": "n-999.5", "Linkedid": "n-999.5", "Channel": "PJSIP/trunk-2"}
        self._take([encode("Newchannel", at, Context="inbound", Exten="4001", ChannelState="4", **ids)])

    def jump(self, at: float, by: float) -> None:
        """Asterisk's clock is moved."""
        self._take([encode("CtiClockStepped", at + by, By=f"{by:.6f}")])

    def lose(self, at: float) -> None:
        """The connection breaks."""
        self._take([encode("CtiDisconnected", at, Reason="reset")])

    def _take(self, blocks: list[bytes]) -> None:
        for block in blocks:
            event = parse(block)
            self.board.apply(event)
            if event.name == "CtiLedger" and event.get("Kind") == "begun":
                self.told.append((self.board.boot, event.get("Uniqueid")))


async def first_life() -> Asterisk:
    """It was heard until an instant, and did more after that; then it died."""
    asterisk = Asterisk()
    await asterisk.meet("b1", 900.0, 905.0, complete=True)
    asterisk.hear(HEARD_AT)
    asterisk.lose(HEARD_AT + 0.5)
    asterisk.rows += [row(999.3, "n-999.6"), row(1000.2, "n-1000.7")]
    return asterisk


async def test_a_life_that_is_met_twice_in_one_gap_is_told_nothing_of_the_one_before() -> None:
    asterisk = await first_life()
    await asterisk.meet("b2", 1001.5, 1002.0, complete=False)
    asterisk.lose(1002.1)
    asterisk.rows += [row(1003.0, "n-1003.0")]
    await asterisk.meet("b2", 1001.5, 1012.0, complete=True)
    assert asterisk.told == [("b1", "n-999.6"), ("b1", "n-1000.7"), ("b2", "n-1003.0")]


async def test_three_lives_in_one_gap_are_told_each_as_its_own() -> None:
    asterisk = await first_life()
    await asterisk.meet("b2", 1001.5, 1002.0, complete=False)
    asterisk.lose(1002.1)
    asterisk.rows += [row(1003.0, "n-1003.0"), row(1003.2, "n-1003.1")]
    await asterisk.meet("b3", 1005.0, 1006.0, complete=False)
    asterisk.lose(1006.1)
    asterisk.rows += [row(1007.0, "n-1007.0")]
    await asterisk.meet("b3", 1005.0, 1012.0, complete=True)
    assert asterisk.told == [
        ("b1", "n-999.6"), ("b1", "n-1000.7"), ("b2", "n-1003.0"), ("b2", "n-1003.1"), ("b3", "n-1007.0"),
    ]  # fmt: skip


async def test_a_life_that_was_heard_before_the_gap_is_not_searched_for_its_beginning() -> None:
    asterisk = Asterisk()
    await asterisk.meet("b1", 999.5, 999.9, complete=True)
    asterisk.hear(HEARD_AT)
    asterisk.lose(HEARD_AT + 0.1)
    asterisk.rows += [row(1000.2, "n-1000.7")]
    await asterisk.meet("b1", 999.5, 1003.0, complete=True)
    assert asterisk.told == [("b1", "n-1000.7")]


async def test_a_life_heard_for_less_time_than_is_read_again_is_not_told_what_began_before_it() -> None:
    """The service is killed soon after it has met it; of what it had not heard then nothing is lost."""
    asterisk = Asterisk()
    await asterisk.meet("b2", 999.5, 999.8, complete=True)
    asterisk.hear(HEARD_AT)
    asterisk.lose(HEARD_AT + 0.1)
    asterisk.rows += [
        row(999.3, "n-999.7"),
        row(999.4, "n-999.8"),
        row(999.4, "attempt-1"),
        row(999.9, "n-999.4"),
        row(1000.2, "n-1000.5"),
    ]
    await asterisk.meet("b2", 999.5, 1003.0, complete=True)
    assert asterisk.told == [("b2", "n-999.4"), ("b2", "n-1000.5")]


async def test_a_life_that_was_met_before_a_jump_of_the_clock_is_read_again_from_its_meeting() -> None:
    """The meeting's instant moves with the clock."""
    asterisk = Asterisk()
    await asterisk.meet("b2", 999.5, 999.8, complete=True)
    asterisk.jump(HEARD_AT, 3600.0)
    asterisk.hear(HEARD_AT + 3600.0)
    asterisk.lose(HEARD_AT + 3600.1)
    asterisk.rows += [row(4599.3, "n-999.7"), row(4599.9, "n-999.4")]
    await asterisk.meet("b2", 4599.5, 4603.0, complete=True)
    assert asterisk.told == [("b2", "n-999.4")]
