"""Agents call somebody from their page, or hand a caller on: a colleague at once, a number outside when the
rules allow it.
"""

import asyncio
import re
import secrets
from collections.abc import Coroutine
from typing import Any, Final

import structlog
from aiohttp import web

from cti.agents.commands import NUMBER, PHONES
from cti.agents.dialled_numbers import DialledNumbers
from cti.agents.directory import Directory
from cti.agents.model import Agent
from cti.agents.phone_use import ON_THE_PHONE
from cti.asterisk import actions
from cti.asterisk.connection import AmiConnection
from cti.board.board import Board
from cti.callbacks.agreed import purpose_at
from cti.customers.numbers import parse_e164
from cti.dialling.manual.manual_attempts import ManualAttempts
from cti.dialling.manual.manual_dialling import Looked, ManualDialling, Wish
from cti.dialling.manual.refusal_problem import refusal_problem
from cti.dialling.records.claims import Claim
from cti.dialling.rules.may_dial import Purpose
from cti.errors import ActionUnanswered, AmiError, AmiNotConnected
from cti.http.problems import Problem

log = structlog.get_logger(__name__)

#: How long the dialplan lets a number outside ring.
RING_SECONDS: Final = 60
#: What the dialplan takes for a number outside, unless it is a queue's own extension.
_OUTSIDE: Final = re.compile(r"\+[0-9]+|[0-9]{5,}")


class ClickToDial:
    """``zone`` is the one in whose time agents read instants that belong to no other.

    All raise `Problem` when the state or the rules do not allow it, and `AmiNotConnected`.
    """

    def __init__(
        self,
        board: Board,
        directory: Directory,
        ami: AmiConnection,
        dialling: ManualDialling,
        attempts: ManualAttempts,
        dialled: DialledNumbers,
        *,
        zone: str,
    ) -> None:
        self._board = board
        self._directory = directory
        self._ami = ami
        self._dialling = dialling
        self._attempts = attempts
        self._dialled = dialled
        self.zone = zone
        self._tasks: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Stop what still runs."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def dial(self, agent_id: int, number: str) -> None:
        """Rings the agent's phone and, once he answers, the number."""
        agent = self._free(agent_id)
        if not NUMBER.fullmatch(number):
            raise Problem("call.number_not_allowed")
        if not self.is_outside(number):
            work = self._originate(agent, number, f"dial-{secrets.token_hex(8)}")
            self._spawn(work, f"dial for agent {agent_id}")
            return
        await self._dial_outside(agent, _manual(self.number_outside(number), agent_id))

    async def call_back(self, agent_id: int, number: str, *, due_at: float, promised_at: float) -> None:
        """The same for whom a callback was promised. Around the time that was agreed he has chosen his hour;
        what he refused before the promise does not matter. Instants are epoch seconds.
        """
        agent = self._free(agent_id)
        purpose = purpose_at(due_at, self._dialling.now())
        wish = Wish(
            number=number, purpose=purpose, ring_seconds=RING_SECONDS, agent_id=agent_id,
            refusals_since=promised_at,
        )  # fmt: skip
        await self._dial_outside(agent, wish)

    def dial_shown(self, agent_id: int, claim: Claim) -> None:
        """The same for a contact of a campaign that the agent was shown, which is an attempt already."""
        agent = self._board.agent(agent_id)
        self._attempts.open(claim.attempt_id, by_agent=True)
        if agent is None:
            self._attempts.failed(claim.attempt_id)
            return
        self._dialled.note(agent_id, claim.attempt_id, claim.phone)
        work = self._originate(agent, claim.phone, claim.attempt_id, claim.caller_id)
        self._spawn(work, f"attempt {claim.attempt_id}")

    async def require_handing_on(self, agent_id: int, number: str) -> None:
        """Whether a caller may be handed on to a number; one that is outside is counted as a call."""
        if self.is_outside(number):
            looked = await self._dialling.hand_on(self.number_outside(number), agent_id)
            if (hold := looked.record.hold) is not None:
                log.info("transfer.refused", agent_id=agent_id, reason=hold.refusal.value)
                raise self.problem(looked)

    def require_free(self, agent_id: int) -> None:
        """Whether the agent may call anybody now."""
        self._free(agent_id)

    async def look(self, agent_id: int, number: str) -> Looked:
        """What would come of dialling a number outside now."""
        return await self._dialling.look(_manual(number, agent_id))

    def is_outside(self, number: str) -> bool:
        """Whether the dialplan sends it out, and not to a phone, a queue or a room of ours."""
        own = {queue.extension for queue in self._directory.queues.values()}
        return number not in own and _OUTSIDE.fullmatch(number) is not None

    def number_outside(self, number: str) -> str:
        """In E.164; one that nobody can have stays as it is, and is refused as such."""
        return parse_e164(number, self._dialling.region) or number

    def now(self) -> float:
        """Epoch seconds, as whoever decides sees them."""
        return self._dialling.now()

    def problem(self, looked: Looked) -> Problem:
        """Why it is not dialled."""
        return refusal_problem(looked, self.zone)

    # --- Inside ---

    def _free(self, agent_id: int) -> Agent:
        agent = self._board.agent(agent_id)
        if agent is None or not agent.queues or agent.interface is None:
            if agent_id not in self._directory.agents:
                raise Problem("agent.not_found", agent_id=agent_id)
            raise Problem("agent.not_signed_in")
        if agent.state.status in ON_THE_PHONE:
            raise Problem("agent.busy")
        if not self._ami.ready.is_set():
            raise AmiNotConnected
        return agent

    async def _dial_outside(self, agent: Agent, wish: Wish) -> None:
        looked = await self._dialling.reserve(wish)
        if looked.attempt_id is None:
            hold = looked.record.hold
            log.info("dial.refused", agent_id=agent.agent_id, reason=hold.refusal.value if hold else None)
            raise self.problem(looked)
        self._attempts.open(looked.attempt_id, by_agent=True, refusals_since=wish.refusals_since)
        # What was looked at is what is dialled.
        self._dialled.note(agent.agent_id, looked.attempt_id, wish.number)
        work = self._originate(agent, wish.number, looked.attempt_id)
        self._spawn(work, f"attempt {looked.attempt_id}")

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _originate(
        self, agent: Agent, extension: str, channel_id: str, caller_id: str | None = None
    ) -> None:
        try:
            outcome = await actions.originate(
                self._ami,
                dial=agent.interface or "",
                context=PHONES,
                exten=extension,
                channel_id=channel_id,
                caller_number=caller_id,
            )
        except ActionUnanswered as error:
            # The channel tells, if there is one.
            log.warning("dial.unanswered", agent_id=agent.agent_id, error=error.code)
        except AmiError as error:
            log.warning("dial.failed", agent_id=agent.agent_id, error=error.code)
            self._attempts.failed(channel_id)
        else:
            if not outcome.answered:
                self._attempts.failed(channel_id)


def _manual(number: str, agent_id: int) -> Wish:
    return Wish(number=number, purpose=Purpose.MANUAL, ring_seconds=RING_SECONDS, agent_id=agent_id)


CLICK_TO_DIAL = web.AppKey("click_to_dial", ClickToDial)
