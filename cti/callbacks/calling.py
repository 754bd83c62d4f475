"""Calling somebody back, once: Originate, and what became of it."""

import asyncio
from typing import Final

import structlog

from cti.asterisk import actions
from cti.asterisk.connection import AmiConnection
from cti.callbacks.model import Callback, CallbackState
from cti.calls.model import Leg
from cti.dialling.manual.manual_attempts import ManualAttempts
from cti.dialling.rules.outcome import Outcome
from cti.errors import ActionRefused, ActionUnanswered, AmiError, InvalidField

log = structlog.get_logger(__name__)

CONTEXT: Final = "called-back"
RING_SECONDS: Final = 30
_ASTERISK_LANGUAGE: Final = "zh"

#: It rang for as long as it may (reason of OriginateResponse: AST_CONTROL_RINGING).
_RANG: Final = 3
#: What the network's causes (Q.850) mean: user busy; no user responding, no answer.
_CAUSES: Final = {17: CallbackState.BUSY, 18: CallbackState.NO_ANSWER, 19: CallbackState.NO_ANSWER}
#: OriginateResponse tells no cause; the channel's own end does, and comes at about the same time.
_CAUSE_SECONDS: Final = 1.0


class Calling:
    """`leg_ended` tells of channels that are gone; ``attempts`` follows what is dialled."""

    def __init__(self, ami: AmiConnection, attempts: ManualAttempts, trunk: str) -> None:
        self._ami = ami
        self._attempts = attempts
        self._trunk = trunk
        #: The hang-up causes of channels that are dialled, by their attempts.
        self._causes: dict[str, asyncio.Future[int | None]] = {}

    def leg_ended(self, leg: Leg) -> None:
        """A channel is gone."""
        cause = self._causes.get(leg.uniqueid)
        if cause is not None and not cause.done():
            cause.set_result(leg.hangup_cause)

    async def dial(self, callback: Callback, attempt: str) -> CallbackState | None:
        """How it ended; None when the answer was lost, and the channel will tell."""
        self._causes[attempt] = asyncio.get_running_loop().create_future()
        try:
            return await self._originate(callback, attempt)
        finally:
            del self._causes[attempt]

    async def _originate(self, callback: Callback, attempt: str) -> CallbackState | None:
        try:
            outcome = await actions.originate(
                self._ami,
                dial=f"PJSIP/{callback.number}@{self._trunk}",
                context=CONTEXT,
                exten="s",
                channel_id=attempt,
                ring_seconds=RING_SECONDS,
                variables={
                    "CTI_QUEUE": callback.queue,
                    "CTI_LANGUAGE": callback.language or _ASTERISK_LANGUAGE,
                },
            )
        except (ActionRefused, InvalidField) as error:
            log.warning("callback.refused", callback=callback.id, error=error.code)
            self._attempts.failed(attempt)
            return CallbackState.FAILED
        except ActionUnanswered:
            return None
        except AmiError as error:
            log.warning("callback.not_dialled", callback=callback.id, error=error.code)
            self._attempts.failed(attempt)
            return CallbackState.FAILED
        if outcome.answered:
            return CallbackState.ANSWERED
        self._attempts.failed(attempt, Outcome.NETWORK)
        if outcome.reason == _RANG:
            return CallbackState.NO_ANSWER
        try:
            async with asyncio.timeout(_CAUSE_SECONDS):
                cause = await self._causes[attempt]
        except TimeoutError:
            cause = None
        return _CAUSES.get(cause or 0, CallbackState.FAILED)
