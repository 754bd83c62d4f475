"""A task is opened: in the journal, on the board, with a reference of its own."""

import json

import pytest

from cti.asterisk.events import AmiEvent, encode, parse
from cti.board.board import Board
from cti.board.facts import Anomaly, CallEnded, Fact, TaskOpened
from cti.errors import JournalFull
from cti.flows.actions import OpenTask
from cti.flows.deed_words import TaskKind
from cti.tasks.model import Task
from cti.tasks.opening import TaskOpener
from cti.tasks.reference import reference_of
from tests.unit.board.scenario import TRANSCRIPTS, read_blocks

AT = 1_795_651_200.0


def opened(facts: list[Fact]) -> list[Task]:
    return [fact.task for fact in facts if isinstance(fact, TaskOpened)]


class Desk:
    """A board behind a journal that is durable as soon as it is told to be."""

    def __init__(self) -> None:
        self.board = Board("lab")
        self.blocks: list[bytes] = []
        self.facts: list[Fact] = []
        self.durable_to = 0
        self.opener = TaskOpener(
            take=self.take, durable=self.durable, reference=self.board.task_reference, clock=lambda: AT
        )

    def take(self, block: bytes) -> int:
        self.blocks.append(block)
        self.facts += self.board.apply(parse(block))
        return len(self.blocks)

    async def durable(self, position: int) -> None:
        self.durable_to = position


TIP = OpenTask(
    step="tips/file",
    kind=TaskKind.TIP,
    queue="sales",
    supervisor=False,
    values={
        "topic": "漏水",
        "anonymous": True,
        "number": "+8613800138000",
        "due_at": "2026-11-26T10:00:00+08:00",
    },
    recording="pbx1-1.2.f1.r1",
)


async def test_a_task_is_durable_before_its_reference_is_told() -> None:
    desk = Desk()
    reference = await desk.opener.open("pbx1-1.2.f1.t1", TIP, uniqueid="pbx1-1.2")
    assert desk.durable_to == 1
    assert reference == reference_of(329, 1)
    [task] = opened(desk.facts)
    assert json.loads(task.details) == {"topic": "漏水", "anonymous": True}
    assert (task.id, task.reference, task.number, task.recording) == (
        "-pbx1-1.2.f1.t1",
        reference,
        "+8613800138000",
        "pbx1-1.2.f1.r1",
    )
    assert (task.kind, task.queue, task.supervisor, task.due_at) == ("tip", "sales", False, 1_795_658_400.0)
    assert await desk.opener.open("pbx1-1.2.f1.t2", TIP) == reference_of(329, 2)


async def test_references_go_on_after_a_restart_and_in_a_replay() -> None:
    desk = Desk()
    await desk.opener.open("a", TIP)
    again = Board.load(desk.board.dump())
    assert again.task_reference(AT) == reference_of(329, 2)
    other = Board("lab")
    found = [task for block in desk.blocks for task in opened(other.apply(parse(block)))]
    assert [task.reference for task in found] == [reference_of(329, 1)]


async def test_a_task_that_cannot_be_written_down_has_no_reference() -> None:
    desk = Desk()

    def full(_: bytes) -> int:
        raise JournalFull

    opener = TaskOpener(
        take=full, durable=desk.durable, reference=desk.board.task_reference, clock=lambda: AT
    )
    with pytest.raises(JournalFull):
        await opener.open("a", TIP)
    assert desk.board.task_reference(AT) == reference_of(329, 1)


async def test_values_are_bounded_and_cannot_forge_an_event() -> None:
    desk = Desk()
    evil = OpenTask(
        step="a/b",
        kind=TaskKind.FOLLOW_UP,
        queue="",
        supervisor=False,
        values={
            "note": "x" * 5000 + "\r\nEvent: Hangup\r\n\r\n",
            "number": "1\r\nEvent: Hangup",
            "\u2028": "\x85",
        },
    )
    await desk.opener.open("a", evil)
    [task] = opened(desk.facts)
    assert len(desk.blocks[0].split(b"\r\n\r\n")) == 2
    assert (task.queue, task.supervisor, task.number) == (None, True, "1Event: Hangup")
    assert json.loads(task.details) == {"note": "x" * 1000, "\u2028": "\x85"}


def test_a_task_belongs_to_its_call_also_when_that_has_left_the_board() -> None:
    board = Board("lab")
    facts: list[Fact] = []
    uniqueid = ""
    for block in read_blocks(TRANSCRIPTS / "abandoned.ami"):
        event = parse(block)
        if event.name == "Newchannel" and not uniqueid:
            uniqueid = event.get("Uniqueid")
            facts += board.apply(event)
            facts += board.apply(
                parse(encode("CtiTaskOpened", event.at, Task="1", Kind="tip", Uniqueid=uniqueid))
            )
        else:
            facts += board.apply(event)
    late = board.apply(parse(encode("CtiTaskOpened", board.at + 5, Task="2", Kind="tip", Uniqueid=uniqueid)))
    [early], [after] = opened(facts), opened(late)
    [call] = [fact.call for fact in facts if isinstance(fact, CallEnded)]
    assert (early.call_id, early.call_started_at, early.number) == (
        call.id,
        call.started_at,
        call.caller_number,
    )
    assert (after.call_id, after.call_started_at) == (call.id, None)
    [unknown] = opened(
        board.apply(parse(encode("CtiTaskOpened", AT, Task="3", Kind="tip", Uniqueid="no-1.1")))
    )
    assert unknown.call_id is None
    assert unknown.reference == reference_of(329, 1)


@pytest.mark.parametrize("headers", [{}, {"Task": "1"}, {"Kind": "tip"}])
def test_what_is_no_task_is_an_anomaly(headers: dict[str, str]) -> None:
    [fact] = Board("lab").apply(AmiEvent.of("CtiTaskOpened", AT, headers))
    assert isinstance(fact, Anomaly)
