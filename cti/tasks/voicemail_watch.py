"""Messages that callers left in Asterisk's own mailbox become tasks of their queue.

That mailbox is the dialplan's way on when the service is away, so a message can have been left at any time. A
message is copied to the other recordings, its task is written down and durable, and only then it leaves the
mailbox; whatever dies in between, the next look finds it again, and a task of the same message is the same
task.
"""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec
import structlog

from cti.board.board import Board
from cti.board.facts import CallEnded, Fact, LegEnded
from cti.calls.model import Call, Leg, LegKind
from cti.errors import CtiError
from cti.flows.actions import OpenTask
from cti.flows.deed_words import TaskKind
from cti.tasks.opening import TaskOpener
from cti.tasks.recordings import ENDING
from cti.tasks.spooled_messages import SpooledMessage, keep_sound, messages_in, take_away

log = structlog.get_logger(__name__)

_LOOK_SECONDS: Final = 2.0
#: How many callers who have hung up are remembered: they left their message seconds ago.
_REMEMBERED: Final = 500
_STEP: Final = "voicemail/message"


class VoicemailWatch:
    """Looks into one mailbox. `observe` takes the board's facts; `run` is the loop.

    ``folder`` is the mailbox's folder of new messages, ``recordings`` where recordings lie. A message whose
    call is not known is one for ``queue``.
    """

    def __init__(
        self,
        folder: Path,
        recordings: Path,
        opener: TaskOpener,
        board: Board,
        *,
        queue: str,
        look_seconds: float = _LOOK_SECONDS,
    ) -> None:
        self._folder = folder
        self._recordings = recordings
        self._opener = opener
        self._board = board
        self._queue = queue
        self._look_seconds = look_seconds
        #: Callers who left lately, by their channel's name.
        self._left: OrderedDict[str, _Caller] = OrderedDict()
        #: Messages that are tasks and could not be taken away.
        self._stuck: set[str] = set()
        self._told: str | None = None

    def observe(self, facts: Iterable[Fact]) -> None:
        """Takes the facts of one event; never waits."""
        ended = None
        for fact in facts:
            if isinstance(fact, LegEnded) and fact.leg.kind is LegKind.TRUNK:
                ended = fact.leg
                self._remember(ended, self._board.call(ended.call_id))
            elif isinstance(fact, CallEnded) and ended is not None:
                self._remember(ended, fact.call)

    async def look(self) -> int:
        """Makes tasks of all messages that are there; returns of how many.

        Raises:
            OSError: the mailbox cannot be read, or a recording not be written.
            CtiError, TimeoutError: a task cannot be written down now.
        """
        made = 0
        for message in await asyncio.to_thread(messages_in, self._folder):
            if message.message_id not in self._stuck:
                await self._take(message)
                made += 1
        return made

    async def run(self) -> None:
        """Looks until cancelled; what cannot be done now is done later."""
        while True:
            try:
                await self.look()
            except (OSError, CtiError, TimeoutError) as error:
                reason = error.code if isinstance(error, CtiError) else type(error).__name__
                if reason != self._told:
                    log.warning("voicemail.not_taken", folder=str(self._folder), reason=reason)
                self._told = reason
            else:
                self._told = None
            await asyncio.sleep(self._look_seconds)

    async def _take(self, message: SpooledMessage) -> None:
        # Always the same id for the same message.
        day = time.strftime("%Y%m%d", time.gmtime(message.left_at))
        recording = f"{day}-{hashlib.sha256(message.message_id.encode()).hexdigest()[:24]}"
        await asyncio.to_thread(keep_sound, message, self._recordings / f"{recording}{ENDING}")
        caller = self._whose(message.channel)
        task = OpenTask(
            step=_STEP,
            kind=TaskKind.VOICEMAIL,
            queue=caller.queue or self._queue,
            supervisor=False,
            values={"seconds": message.seconds},
            recording=recording,
        )
        await self._opener.open(
            f"voicemail-{message.message_id}",
            task,
            uniqueid=caller.uniqueid,
            number=caller.number or message.caller,
        )
        log.info("voicemail.taken", message=message.message_id, queue=task.queue)
        try:
            await asyncio.to_thread(take_away, message)
        except OSError as error:
            self._stuck.add(message.message_id)
            log.warning("voicemail.not_removed", path=str(message.stem), reason=type(error).__name__)

    def _whose(self, channel: str) -> "_Caller":
        """Who left a message: he may still be on the line."""
        for leg in self._board.legs():
            if leg.channel == channel:
                return _caller(leg, self._board.call(leg.call_id))
        return self._left.get(channel, _NOBODY)

    def _remember(self, leg: Leg, call: Call | None) -> None:
        self._left[leg.channel] = _caller(leg, call)
        self._left.move_to_end(leg.channel)
        if len(self._left) > _REMEMBERED:
            self._left.popitem(last=False)


class _Caller(msgspec.Struct, frozen=True):
    uniqueid: str = ""
    queue: str | None = None
    number: str | None = None


_NOBODY: Final = _Caller()


def _caller(leg: Leg, call: Call | None) -> _Caller:
    if call is None:
        return _Caller(leg.uniqueid)
    return _Caller(leg.uniqueid, call.queue, call.caller_number)


def mailbox_folder(spool: Path, mailbox: str) -> Path:
    """Where Asterisk puts new messages of a mailbox."""
    return spool / "default" / mailbox / "INBOX"
