"""The service, which dies at the N-th passage of one place: `python -m tests.faults.death PLACE N WHEN`.

The product has no hooks for this: functions are wrapped from outside before it starts. WHEN is `now` for
places that are passed while the service starts, or `armed`: then passages count from SIGUSR2 on. To die is
SIGKILL from within: nothing is flushed, closed or said.
"""

import asyncio
import importlib
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

Test = Callable[[tuple[Any, ...]], bool]


@dataclass(frozen=True)
class Place:
    """A function, by module, class and name; ``most`` is up to which passage it may be that one dies at."""

    module: str
    name: str
    most: int
    #: `before`, `after`, or `half`: after half of the bytes that it was given were written.
    side: str = "before"
    #: Passed while the service starts.
    starting: bool = False
    #: Which calls count.
    counts: Test = lambda _: True
    #: What makes a rare place one that is passed.
    prepare: Callable[[], None] = lambda: None


def _event(name: str) -> Test:
    begin = b"Event: " + name.encode() + b"\r"
    return lambda arguments: bool(arguments[1].startswith(begin))


def _action(*names: str) -> Test:
    return lambda arguments: arguments[1] in names


def _fall_behind_often() -> None:
    """Let the recorder give up what it has collected at every chance and read the journal instead."""
    from cti.recorder.recorder import Recorder

    defaults = Recorder.__init__.__kwdefaults__
    assert defaults is not None
    defaults["changes_limit"] = 0


PLACES: Final = {
    "an event is appended": Place("cti.journal.journal", "Journal.append", 200),
    "an event was appended": Place("cti.journal.journal", "Journal.append", 200, "after"),
    "before the write": Place("cti.journal.spool", "write_all", 20),
    "in the middle of the write": Place("cti.journal.spool", "write_all", 20, "half"),
    "written, before the sync": Place("cti.journal.spool", "os.fdatasync", 20),
    "after the sync": Place("cti.journal.spool", "os.fdatasync", 20, "after"),
    "a segment begins": Place("cti.journal.spool", "SegmentWriter._begin", 2),
    "in the middle of a checkpoint": Place("cti.journal.segment", "write_all", 2, "half"),
    "a checkpoint is written": Place("cti.journal.spool", "write_checkpoint", 2, "after"),
    "a segment has its header": Place("cti.journal.spool", "sync_directory", 2),
    "an event was applied": Place("cti.board.board", "Board.apply", 200, "after"),
    "before a batch": Place("cti.recorder.recorder", "write_batch", 6),
    "a batch is committed": Place("cti.recorder.recorder", "write_batch", 6, "after"),
    "the recorder catches up": Place(
        "cti.recorder.recorder", "restore", 2, prepare=_fall_behind_often
    ),
    "the recorder writes while it catches up": Place(
        "cti.recorder.recorder", "restore", 2, "after", prepare=_fall_behind_often
    ),
    "an action was sent": Place(
        "cti.asterisk.protocol", "AmiProtocol.request", 6, "after", counts=_action("QueuePause")
    ),
    "an action was answered": Place("cti.asterisk.protocol", "AmiProtocol._response", 6),
    "the boot is told": Place(
        "cti.recorder.intake", "Intake.take", 1, "after", starting=True, counts=_event("CtiBoot")
    ),
    "the ledger is read for the gap": Place(
        "cti.ledger.gap_events", "Ledger.of_this_life", 1, starting=True
    ),
    "the gap is being filled": Place(
        "cti.recorder.intake", "Intake.take", 12, "after", starting=True, counts=_event("CtiLedger")
    ),
    "in the middle of the snapshot": Place(
        "cti.recorder.intake", "Intake.take", 8, starting=True, counts=_event("QueueMember")
    ),
    "the snapshot is complete": Place(
        "cti.recorder.intake", "Intake.take", 1, "after", starting=True, counts=_event("CtiSnapshotEnd")
    ),
    "the board is made again": Place("cti.app", "recover", 1, "after", starting=True),
    "a call asks where to go": Place("cti.asterisk.agi", "AgiServer._serve", 4),
    "a call is told where to go": Place("cti.asterisk.agi_session", "AgiSession.set_variable", 6, "after"),
    "a rating was taken": Place(
        "cti.recorder.intake", "Intake.take", 1, "after", counts=_event("CtiSurveyAnswer")
    ),
    "a wrap-up is set": Place("cti.agents.wrap_up", "WrapUps._set_pause", 3),
    "an idempotency key is taken": Place("cti.people.idempotency_keys", "StoredKeys.begin", 8, "after"),
    "a write is done and not yet told": Place("cti.people.idempotency_keys", "StoredKeys.finish", 8),
    "the answer to a write is kept": Place("cti.people.idempotency_keys", "StoredKeys.finish", 8, "after"),
}  # fmt: skip
#: Where a service that dials can hurt: from the claim to the end of an attempt.
DIALLING_PLACES: Final = {
    "somebody is claimed, and nothing committed": Place("cti.dialling.records.claims", "claim", 3, "after"),
    "a claim is committed": Place("cti.dialling.attempts.origination", "Origination.send", 6),
    "sending is written, and not committed": Place(
        "cti.dialling.records.attempt_store", "set_sending", 6, "after"
    ),
    "sending is committed, and nothing sent": Place("cti.asterisk.actions", "originate", 6),
    "the order to dial is out": Place(
        "cti.asterisk.protocol", "AmiProtocol.request", 6, "after", counts=_action("Originate")
    ),
    "Asterisk tells what came of the order": Place(
        "cti.dialling.attempts.attempt_book", "AttemptBook.was_told", 6
    ),
    "somebody has answered": Place(
        "cti.recorder.intake", "Intake.take", 4, counts=_event("CtiAttemptConnected")
    ),
    "an agent has him": Place(
        "cti.recorder.intake", "Intake.take", 2, "after", counts=_event("AgentConnect")
    ),
    "news is written, and not committed": Place("cti.dialling.records.attempt_store", "note", 8, "after"),
    "an end is written, and not committed": Place("cti.dialling.records.attempt_store", "settle", 4, "after"),
    "an end is committed": Place("cti.dialling.attempts.attempt_book", "AttemptBook._write", 8, "after"),
    "open attempts are being taken over": Place(
        "cti.dialling.attempts.recovery", "Recovery.take_over", 1, starting=True
    ),
    "open attempts were taken over": Place(
        "cti.dialling.attempts.recovery", "Recovery.take_over", 1, "after", starting=True
    ),
}  # fmt: skip


class Death:
    """Counts passages, and comes at the last one."""

    def __init__(self, place: Place, passages: int, *, armed: bool) -> None:
        self._place = place
        self._left = passages
        self._armed = armed

    def arm(self, *_: object) -> None:
        """From now on passages count."""
        self._armed = True

    def passed(self, arguments: tuple[Any, ...]) -> bool:
        """Whether this passage is the last."""
        if not self._armed or not self._place.counts(arguments):
            return False
        self._left -= 1
        return self._left == 0

    def install(self) -> None:
        """Wraps the place."""
        place = self._place
        place.prepare()
        owner: Any = importlib.import_module(place.module)
        *path, name = place.name.split(".")
        for step in path:
            owner = getattr(owner, step)
        original = getattr(owner, name)
        wrap = self._around_async if asyncio.iscoroutinefunction(original) else self._around
        setattr(owner, name, wrap(original))

    def _around(self, original: Callable[..., Any]) -> Callable[..., Any]:
        side = self._place.side

        def wrapped(*arguments: Any, **named: Any) -> Any:
            last = self.passed(arguments)
            if last and side == "half":
                descriptor, data = arguments
                original(descriptor, data[: len(data) // 2])
            if last and side != "after":
                die()
            result = original(*arguments, **named)
            if last:
                die()
            return result

        return wrapped

    def _around_async(self, original: Callable[..., Any]) -> Callable[..., Any]:
        side = self._place.side

        async def wrapped(*arguments: Any, **named: Any) -> Any:
            last = self.passed(arguments)
            if last and side == "before":
                die()
            result = await original(*arguments, **named)
            if last:
                die()
            return result

        return wrapped


def die() -> None:
    """At once, without a word."""
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Starts the service with its death prepared."""
    name, passages, when = sys.argv[1:]
    place = {**PLACES, **DIALLING_PLACES}[name]
    death = Death(place, int(passages), armed=when == "now")
    death.install()
    signal.signal(signal.SIGUSR2, death.arm)
    sys.argv = ["cti", "serve"]
    from cti.__main__ import main as serve

    serve()


if __name__ == "__main__":
    main()
