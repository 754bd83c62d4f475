"""Messages in Asterisk's mailbox become tasks, once each, and leave it only when the task is safe."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cti.asterisk.events import parse
from cti.board.board import Board
from cti.board.facts import Fact, TaskOpened
from cti.errors import JournalFull
from cti.installation.asterisk_plan import GENERAL_MAILBOX
from cti.simulation.lab import Lab
from cti.simulation.observer import AmiObserver
from cti.tasks.model import Task
from cti.tasks.opening import TaskOpener
from cti.tasks.recordings import path_of
from cti.tasks.spooled_messages import messages_in
from cti.tasks.voicemail_watch import VoicemailWatch, mailbox_folder

TEXT = """;
; Message Information file
;
[message]
origmailbox=6000
callerchan=PJSIP/trunk-00000001
callerid="Bob" <13800138000>
origtime=1795651200
msg_id=1795651200-00000007
duration=5
"""
SOUND = b"RIFF" + bytes(2000)


class Stage:
    """A board, and a journal that can be full."""

    def __init__(self, folder: Path, recordings: Path) -> None:
        self.board = Board("lab")
        self.opened: list[Task] = []
        self.full = False
        self.recordings = recordings
        self.opener = TaskOpener(
            take=self.take, durable=self.durable, reference=self.board.task_reference, clock=lambda: 1.8e9
        )
        self.folder = folder
        self.watch = self.another()

    def another(self) -> VoicemailWatch:
        """A watch of a service that was started anew."""
        return VoicemailWatch(
            self.folder, self.recordings, self.opener, self.board, queue="overflow", look_seconds=0.05
        )

    def take(self, block: bytes) -> int:
        if self.full:
            raise JournalFull
        self.feed(block)
        return 1

    def feed(self, block: bytes) -> None:
        facts: list[Fact] = self.board.apply(parse(block))
        self.watch.observe(facts)
        self.opened += [fact.task for fact in facts if isinstance(fact, TaskOpened)]

    async def durable(self, position: int) -> None:
        """What is written is on disk at once."""


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    inbox = mailbox_folder(tmp_path / "spool", GENERAL_MAILBOX)
    inbox.mkdir(parents=True)
    return Stage(inbox, tmp_path / "recordings")


def leave(folder: Path, number: int = 0, text: str = TEXT) -> None:
    (folder / f"msg{number:04d}.wav").write_bytes(SOUND)
    (folder / f"msg{number:04d}.txt").write_text(text)


async def test_a_message_becomes_a_task_and_leaves_the_mailbox(stage: Stage) -> None:
    leave(stage.folder)
    assert await stage.watch.look() == 1
    [task] = stage.opened
    assert (task.kind, task.queue, task.number) == ("voicemail", "overflow", "13800138000")
    assert json.loads(task.details) == {"seconds": 5}
    assert task.recording is not None
    path = path_of(stage.recordings, task.recording)
    assert path is not None
    assert path.read_bytes() == SOUND
    assert list(stage.folder.iterdir()) == []
    assert await stage.watch.look() == 0


async def test_a_message_that_is_not_complete_is_left_alone(stage: Stage) -> None:
    (stage.folder / "msg0000.wav").write_bytes(SOUND)
    (stage.folder / "msg0001.txt").write_text(TEXT)
    leave(stage.folder, 2, "[message]\nduration=5\n")
    assert await stage.watch.look() == 0
    assert len(list(stage.folder.iterdir())) == 4


async def test_while_the_journal_is_full_messages_wait_in_the_mailbox(stage: Stage) -> None:
    leave(stage.folder)
    stage.full = True
    with pytest.raises(JournalFull):
        await stage.watch.look()
    assert messages_in(stage.folder)
    stage.full = False
    assert await stage.another().look() == 1
    assert len(stage.opened) == 1


async def test_a_message_found_again_after_a_death_is_the_same_task(stage: Stage) -> None:
    leave(stage.folder)
    await stage.watch.look()
    leave(stage.folder)
    await stage.another().look()
    one, other = stage.opened
    assert (one.id, one.recording) == (other.id, other.recording)


async def test_a_message_that_cannot_be_removed_is_one_task(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(stage.folder)
    monkeypatch.setattr(Path, "unlink", _refused)
    await stage.watch.look()
    assert await stage.watch.look() == 0
    assert len(stage.opened) == 1


def _refused(path: Path, missing_ok: bool = False) -> None:
    raise PermissionError(str(path))


async def test_a_caller_who_leaves_a_message_on_a_real_asterisk_has_a_task(
    lab: Lab, observer: AmiObserver, tmp_path: Path
) -> None:
    inbox = mailbox_folder(lab.plan.home / "spool" / "voicemail", GENERAL_MAILBOX)
    stage = Stage(inbox, tmp_path / "recordings")
    fed = len(observer.blocks)
    async with lab.trunk(audio=True) as trunk:
        joined = observer.expect("QueueCallerJoin")
        call = await trunk.dial("4001", caller="13800138000")
        await asyncio.wait_for(joined, 20)
        await call.stay(1.0)
        await call.press("1")
        recording = inbox.parent / "tmp"
        await until(lambda: recording.is_dir() and list(recording.glob("*.wav")))
        await call.stay(3.0)
        await call.hang_up()
    await lab.quiet(observer)
    await until(lambda: messages_in(inbox))
    for block in observer.blocks[fed:]:
        stage.feed(block)
    assert await stage.watch.look() == 1
    [task] = stage.opened
    assert (task.kind, task.queue, task.number) == ("voicemail", "sales", "13800138000")
    assert task.call_id is not None
    path = path_of(stage.recordings, task.recording or "")
    assert path is not None
    sound = path.read_bytes()
    assert sound[:4] == b"RIFF"
    assert len(sound) > 16_000
    assert messages_in(inbox) == []


async def until(found: Callable[[], object]) -> None:
    """Waits for files, of which nobody is told."""
    async with asyncio.timeout(40):
        while not found():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
