"""One run of a flow between two answers to the dialplan: its actions are carried out, one after the other."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Final

import msgspec
import structlog

from cti.asterisk.agi_session import AgiSession
from cti.calls.flow_run import FAILED, SERVICE_LOST
from cti.errors import AgiCommandFailed, CallerHungUp, JournalError
from cti.flows.actions import (
    Action,
    Answered,
    Ask,
    Connect,
    Done,
    DropRecording,
    End,
    Event,
    Expired,
    Failed,
    GiveUp,
    HungUp,
    PassedValue,
    Play,
    PlayRecording,
    Returned,
    SpeakLanguage,
    TakeRecording,
    Utterance,
    UtteranceKind,
    WaitInQueue,
)
from cti.flows.model import Flow
from cti.flows.run import Run
from cti.ivr.sessions.flow_deeds import FlowDeeds
from cti.ivr.sessions.flow_phone import CallerPhone
from cti.ivr.sessions.next_steps import NextStep, connecting, ending, waiting
from cti.ivr.sessions.run_record import Away, RunRecord
from cti.ivr.sessions.survey_shadow import SurveyShadow

log = structlog.get_logger(__name__)

#: So much longer than its flow may take has a call before the dialplan takes it back.
_SLACK_SECONDS: Final = 60.0
#: Said at the end in place of thanks for answers that the disk has not taken.
_NOT_KEPT: Final = Utterance(kind=UtteranceKind.PROMPT, value="flow/not-kept")

#: The extension at which an agent (an id) can be rung now; None for nobody who is signed in.
ExtensionOf = Callable[[str], str | None]


class FlowCourse:
    """``flows`` are the run's own and all that it can come to, ``parts`` the versions of these."""

    def __init__(
        self,
        session: AgiSession,
        run: Run,
        record: RunRecord,
        phone: CallerPhone,
        deeds: FlowDeeds,
        *,
        flows: Mapping[str, Flow],
        parts: Mapping[str, str],
        extension_of: ExtensionOf,
        questions: int = 1,
    ) -> None:
        self._session = session
        self._run = run
        self._record = record
        self._phone = phone
        self._deeds = deeds
        self._parts = parts
        self._extension_of = extension_of
        self._questions = questions
        self._surveys = SurveyShadow(flows, record.write)
        self._seconds = run.flow.limits.seconds
        self._expires_at = time.monotonic() + self._seconds
        self._is_expired = self._is_hung_up = self._is_over = False
        #: Whether he has answered a question whose answer is a result: he may be thanked for it.
        self._has_asked = False

    async def lead(self, first: Callable[[], Action], variables: Mapping[str, str], *, answer: bool) -> None:
        """Leads the caller to the end of the flow or to a hand-over; ``first`` gives the first action.

        Raises:
            AgiError, JournalError, …: it cannot go on; the run has failed, and the dialplan has the caller.
        """
        try:
            try:
                limit = f"{self._seconds + _SLACK_SECONDS:.0f}"
                await self._session.set_variables({**variables, "TIMEOUT(absolute)": limit})
                if answer:
                    await self._session.answer()
            except CallerHungUp:
                self._is_hung_up = True
            await self._go(first())
        except asyncio.CancelledError:
            self._end_run(SERVICE_LOST)
            raise
        except BaseException:
            self._end_run(FAILED)
            raise

    async def _go(self, action: Action) -> None:
        while True:
            await self._write(action)
            match action:
                case End():
                    await self._end(action)
                    return
                case GiveUp():
                    log.warning(
                        "flow.given_up", run=self._record.name, step=action.step, reason=action.reason
                    )
                    self._end_run(FAILED)
                    return
                case WaitInQueue() | Connect() if not self._is_hung_up:
                    event = await self._hand_over(action)
                    if event is None:
                        return
                case _:
                    event = await self._carry_out(action)
            action = self._run.take(event)

    async def _write(self, action: Action) -> None:
        if not action.notes:
            return
        self._record.note(action.notes)
        self._surveys.note(
            action.notes,
            queue=str(self._run.call.get("call.queue") or ""),
            language=self._run.language,
            questions=self._questions,
        )
        answers = [note for note in action.notes if isinstance(note, Answered)]
        self._has_asked = self._has_asked or any(one.kind is not None for one in answers)
        if answers:
            await self._record.safe()

    async def _carry_out(self, action: Action) -> Event:
        if self._deeds.does(action):
            return await self._deeds.do(action, self._record, self._run.call)
        if isinstance(action, DropRecording):
            self._phone.drop_recording(action.recording)
            return Done()
        if self._is_hung_up:
            return HungUp()
        if time.monotonic() > self._expires_at and not self._is_expired:
            # Before anything is said: what was keyed until now, and what was to be done, is kept.
            self._is_expired = True
            return Expired()
        return await self._talk(action)

    async def _talk(self, action: Action) -> Event:
        try:
            match action:
                case Play():
                    return await self._phone.play(action)
                case Ask():
                    return await self._phone.ask(action)
                case TakeRecording():
                    return await self._phone.record(action)
                case PlayRecording():
                    return await self._phone.play_recording(action)
                case SpeakLanguage():
                    await self._phone.speak(action.language)
                    self._record.write("CtiCallLabelled", Language=action.language)
                    return Done()
        except CallerHungUp:
            self._is_hung_up = True
            return HungUp()
        except AgiCommandFailed as error:
            log.warning("flow.command_failed", run=self._record.name, step=action.step, error=error.message)
            return Failed(reason=error.code)
        return Failed(reason=f"action.unknown: {type(action).__name__}")

    async def _hand_over(self, action: WaitInQueue | Connect) -> Event | None:
        """None once the dialplan has the caller; else why it has not."""
        passed: tuple[PassedValue, ...] = ()
        agent = ""
        if isinstance(action, WaitInQueue):
            step = waiting(action)
        else:
            passed, agent = action.values, action.agent
            step = connecting(action, self._extension_of(agent) or action.extension)
        if step is None:
            return Returned(result="nowhere")
        away = Away(parts=dict(self._parts), run=msgspec.Raw(self._run.dump()))
        self._record.handed_over(step.to, away, queue=step.queue, agent=agent, passed=passed)
        await self._record.safe()
        return None if await self._next(step) else HungUp()

    async def _next(self, step: NextStep) -> bool:
        """Whether the dialplan was told; else the caller is gone."""
        try:
            await self._session.set_variables(step.variables)
        except CallerHungUp:
            self._is_hung_up = True
            return False
        return True

    async def _end(self, action: End) -> None:
        says = action.says
        if self._has_asked and not self._is_hung_up and not await self._record.is_kept():
            says = (_NOT_KEPT,)
        if says and not self._is_hung_up:
            with contextlib.suppress(CallerHungUp, AgiCommandFailed):
                await self._phone.say(says, bargein=False)
        self._end_run(action.outcome)
        if not self._is_hung_up:
            await self._next(ending())

    def _end_run(self, outcome: str) -> None:
        """Writes down that the run is over, once."""
        if not self._is_over:
            self._is_over = True
            with contextlib.suppress(JournalError):
                self._surveys.ended(outcome)
                self._record.ended(outcome)
