"""Many simulated callers and agents at once, each with a plan, and what both sides of each call experienced.

The plans follow from the caller's place in the row, so every run plays the same calls.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cti.simulation.call import SimulatedCall
from cti.simulation.lab import FIRST_EXTENSION, HOST, Lab
from cti.simulation.phone import SimulatedPhone


class Ending(StrEnum):
    """How a call is meant to end."""

    AGENT_HANGS_UP = "agent_hangs_up"
    CALLER_HANGS_UP = "caller_hangs_up"
    #: Before anybody answers.
    ABANDONED = "abandoned"


@dataclass(frozen=True, kw_only=True)
class CallPlan:
    """What is to happen in one call; times are seconds, ``keys`` the ratings keyed in the survey."""

    number: str
    ending: Ending
    ring: float
    talk: float
    hold: float
    keys: str


@dataclass(kw_only=True)
class Meeting:
    """One call as its parties lived it; ``keyed`` is what was pressed, ``agent`` None if nobody answered."""

    plan: CallPlan
    caller: SimulatedCall
    agent: SimulatedCall | None = None
    keyed: str = ""


def plans(count: int, *, seed: int = 7) -> list[CallPlan]:
    """The plans of a run: of ten callers one gives up, one hangs up first, two refuse to rate, six rate."""
    chance = random.Random(seed)  # noqa: S311  (not for secrets: every run must be the same)
    made = []
    for index in range(count):
        place = index % 10
        ending = {0: Ending.ABANDONED, 1: Ending.CALLER_HANGS_UP}.get(place, Ending.AGENT_HANGS_UP)
        made.append(
            CallPlan(
                number=f"154{index:08d}",
                ending=ending,
                ring=chance.uniform(2.5, 3.0) if ending is Ending.ABANDONED else chance.uniform(0.3, 1.0),
                talk=chance.uniform(2.0, 5.0),
                hold=chance.uniform(0.8, 1.5) if place % 3 == 2 else 0.0,
                keys=chance.choice("12345") if ending is Ending.AGENT_HANGS_UP and place > 3 else "",
            )
        )
    return made


class Crowd:
    """The phones of all agents and one end of the trunk; made by :func:`crowd`."""

    def __init__(self, lab: Lab, trunk: SimulatedPhone) -> None:
        self._lab = lab
        self._trunk = trunk
        self._meetings: dict[str, Meeting] = {}
        self._plans: dict[str, CallPlan] = {}

    async def run(self, calls: Sequence[CallPlan], *, per_second: float, dnis: str = "4001") -> list[Meeting]:
        """Play all calls, one beginning every 1/``per_second`` s; returns when the last is over."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        async with asyncio.TaskGroup() as group:
            for index, plan in enumerate(calls):
                self._plans[plan.number] = plan
                await asyncio.sleep(max(begun + index / per_second - loop.time(), 0))
                group.create_task(self._caller(plan, dnis), name=f"caller {plan.number}")
        return [self._meetings[plan.number] for plan in calls]

    async def _caller(self, plan: CallPlan, dnis: str) -> None:
        call = await self._trunk.dial(dnis, caller=plan.number)
        meeting = self._meetings[plan.number] = Meeting(plan=plan, caller=call)
        if plan.ending is Ending.ABANDONED:
            await call.answered()
            await call.stay(1.2)
            await call.hang_up()
            return
        await call.stay(120)
        if meeting.agent is None:
            await call.hang_up()

    async def agent(self, call: SimulatedCall) -> None:
        """The script of every agent's phone: what the caller's plan says."""
        plan = self._plans.get(call.other)
        meeting = self._meetings.get(call.other)
        call.ring()
        if plan is None or meeting is None:
            await call.ended()
            return
        await call.stay(plan.ring)
        if call.over:
            return
        await call.answer()
        meeting.agent = call
        if plan.hold:
            await call.stay(plan.talk / 2)
            await call.hold()
            await call.stay(plan.hold)
            await call.resume()
            await call.stay(plan.talk / 2)
        else:
            await call.stay(plan.talk)
        if plan.ending is Ending.CALLER_HANGS_UP:
            await meeting.caller.hang_up()
            await call.ended()
            return
        await call.hang_up()
        await self._survey(meeting)

    async def _survey(self, meeting: Meeting) -> None:
        caller = meeting.caller
        await caller.stay(1.5)
        for key in meeting.plan.keys:
            if not caller.over:
                await caller.press(key)
                meeting.keyed += key
                await caller.stay(1.5)
        if not meeting.plan.keys:
            await caller.hang_up()


@contextlib.asynccontextmanager
async def crowd(lab: Lab, *, agents: int) -> AsyncIterator[Crowd]:
    """Open the phones of the first ``agents`` extensions and the trunk; they are closed at the end."""
    async with contextlib.AsyncExitStack() as stack:
        made = Crowd(lab, await stack.enter_async_context(lab.trunk()))
        for extension in range(FIRST_EXTENSION, FIRST_EXTENSION + agents):
            await stack.enter_async_context(
                SimulatedPhone(
                    address=(HOST, lab.ports.phone(extension)),
                    server=(HOST, lab.plan.sip_port),
                    user=str(extension),
                    password=lab.plan.secrets.phones[str(extension)],
                    behaviour=made.agent,
                )
            )
        yield made
