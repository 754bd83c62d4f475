"""What a run of a flow did and was answered, written into the journal as it happens."""

import asyncio
import base64
import contextlib
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

import msgspec
import structlog

from cti.asterisk.events import encode
from cti.calls.menu_choice import ChoiceWords, write_words
from cti.flows.actions import Answered, Entered, Mistaken, Note, PassedValue, SendMessage
from cti.flows.question_words import QuestionKind
from cti.journal.durability import in_time

log = structlog.get_logger(__name__)

_AGENT: Final = re.compile(r"[0-9]{1,9}", re.ASCII)


class Away(msgspec.Struct, frozen=True, kw_only=True):
    """What a run that was handed over goes on with: the versions of its sub-flows, and where it is."""

    parts: dict[str, str]
    run: msgspec.Raw

    def text(self) -> str:
        """As it stands in an event."""
        return base64.b64encode(msgspec.json.encode(self)).decode()

    @classmethod
    def read(cls, text: str) -> "Away":
        """What `text` made.

        Raises:
            ValueError: it is nothing of the kind.
        """
        try:
            return msgspec.json.decode(base64.b64decode(text, validate=True), type=cls)
        except msgspec.MsgspecError as error:
            raise ValueError(str(error)) from None


class RunRecord:
    """The record of one run, ``name`` among those of its channel.

    ``take`` appends an event and gives its position, ``durable`` waits until a position is on disk, ``clock``
    is Asterisk's. ``ordinal`` is that of the last thing told of this run before. All but `safe` raise
    `JournalError` when the journal takes nothing.
    """

    def __init__(
        self,
        *,
        uniqueid: str,
        name: str,
        flow: str,
        take: Callable[[bytes], int],
        durable: Callable[[int], Awaitable[None]],
        clock: Callable[[], float],
        ordinal: int = 0,
    ) -> None:
        self.uniqueid = uniqueid
        self.name = name
        self.ordinal = ordinal
        #: The flow in which the run is: its own, or a sub-flow.
        self.flow = flow
        #: Who has shown by number and PIN who he is.
        self.staff_id: int | None = None
        self._take = take
        self._durable = durable
        self._clock = clock
        self._last = 0
        self._is_slow = False

    def write(self, event: str, **headers: str | float) -> int:
        """Any event about the run's channel."""
        self._last = self._take(encode(event, self._clock(), Uniqueid=self.uniqueid, **headers))
        return self._last

    def started(self, *, kind: str, version: str, language: str) -> None:
        """The run begins."""
        self._write("CtiFlowStarted", Kind=kind, Version=version, Language=language)

    def note(self, notes: Iterable[Note]) -> bool:
        """Writes notes down; whether there was an answer among them."""
        answered = False
        for note in notes:
            self.ordinal += 1
            match note:
                case Entered():
                    self.flow = note.flow
                    self._write("CtiFlowStep", Ordinal=self.ordinal, Step=note.step, Way=note.way)
                case Answered():
                    answered = True
                    is_choice = note.kind is QuestionKind.CHOICE
                    words = ChoiceWords(title=note.title, label=note.label) if is_choice else ChoiceWords()
                    self._write(
                        "CtiFlowAnswer",
                        Ordinal=self.ordinal,
                        Step=note.step,
                        Question=note.question,
                        QuestionKind=note.kind.value if note.kind is not None else "",
                        Value=note.value,
                        Keys=note.keys,
                        Words=write_words(words),
                    )
                case Mistaken():
                    self._write("CtiFlowMistake", Ordinal=self.ordinal, Step=note.step, Keys=note.keys)
        return answered

    def handed_over(
        self,
        to: str,
        away: Away,
        *,
        queue: str = "",
        agent: str = "",
        passed: Sequence[PassedValue] = (),
    ) -> None:
        """The dialplan gets the caller; ``agent`` is rung, wherever that is, and shown what is ``passed``."""
        more = {"AgentId": agent} if _AGENT.fullmatch(agent) else {}
        if passed:
            more["Passed"] = json.dumps(msgspec.to_builtins(passed))
        self._write("CtiFlowHandedOver", To=to, Queue=queue, **more, State=away.text())

    def ended(self, outcome: str) -> None:
        """The run is over."""
        self._write("CtiFlowEnded", Outcome=outcome)

    def next_id(self, kind: str) -> str:
        """A name for something that the run makes at its present step; the same step makes no two."""
        self.ordinal += 1
        return f"{self.name}.{kind}{self.ordinal}"

    def message(self, send: SendMessage) -> None:
        """Something is to be told to an endpoint."""
        self._write(
            "CtiMessageQueued", Message=self.next_id("m"), To=send.to, Payload=json.dumps(send.values)
        )

    def refused(self, number: str, scope: str, campaign: str) -> None:
        """Somebody wants not to be called any more."""
        self._write(
            "CtiCallsRefused", Refusal=self.next_id("r"), Number=number, Scope=scope, Campaign=campaign
        )

    async def safe(self) -> bool:
        """Waits until all that was written is on disk; False when that takes too long.

        Once it did, nobody waits in this run any more.
        """
        if self._is_slow:
            return False
        try:
            await in_time(self._durable, self._last)
        except TimeoutError:
            self._is_slow = True
            log.warning("flow.not_durable", run=self.name)
            return False
        return True

    async def is_kept(self) -> bool:
        """Whether all that was written is on disk at last; nobody waits again who has waited in vain."""
        if not self._is_slow:
            return await self.safe()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0):
                await self._durable(self._last)
                return True
        return False

    def _write(self, event: str, **headers: str | float) -> None:
        self.write(event, Run=self.name, Flow=self.flow, **headers)
