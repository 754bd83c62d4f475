"""What a screen shows of an agent: his own page's snapshot, and the supervisor's line; from the board."""

from collections.abc import Iterable
from typing import Protocol

from aiohttp import web

from cti.agents.dialled_numbers import DialledNumbers
from cti.agents.directory import Directory
from cti.agents.model import Agent, AgentStatus
from cti.agents.phone_use import ON_THE_PHONE, Consultations
from cti.agents.store import Device
from cti.agents.view_model import (
    AgentCall,
    AgentLive,
    AgentSnapshot,
    DeviceUse,
    DeviceView,
    DispositionView,
    IvrChoice,
    LiveCall,
    QueueName,
    TransferView,
)
from cti.agents.wrap_up import WrapUps, pause_after_wrap_up
from cti.board.board import Board
from cti.calls.menu_choice import MenuChoice, read_words
from cti.calls.model import Call, Direction, IntervalKind, Timed, TransferKind, by_present_clock
from cti.calls.passed_values import read_passed
from cti.customers.model import ScreenPop
from cti.customers.numbers import mask
from cti.http.shapes import Instant, instant, instant_or_none


class Pops(Protocol):
    """The screen pops of the calls of now."""

    def get(self, call_id: str) -> ScreenPop | None:
        """The pop as it is now."""


class AgentViews:
    """Makes views of agents out of the board and what belongs to it; never waits."""

    def __init__(
        self,
        board: Board,
        directory: Directory,
        pops: Pops,
        wrap_ups: WrapUps,
        consultations: Consultations,
        dialled: DialledNumbers,
    ) -> None:
        self._board = board
        self._directory = directory
        self._pops = pops
        self._wrap_ups = wrap_ups
        self._consultations = consultations
        self._dialled = dialled
        #: An agent's call as it was last shown: in wrap-up its leg is gone from the board.
        self._last_calls: dict[int, AgentCall] = {}
        self._dispositions: dict[int, tuple[str, DispositionView]] = {}

    def keep_disposition(self, agent_id: int, call_id: str, disposition: DispositionView) -> None:
        """The agent has saved his verdict on his call."""
        self._dispositions[agent_id] = (call_id, disposition)

    def has_call(self, agent_id: int, call_id: str) -> bool:
        """Whether the agent has, or wraps up, this call now."""
        agent = self._board.agent(agent_id)
        return agent is not None and agent.call_id == call_id

    def device_uses(self, devices: Iterable[Device]) -> list[DeviceUse]:
        """These devices and who is signed in at them."""
        used = {agent.interface: agent.agent_id for agent in self._board.agents() if agent.queues}
        return [
            DeviceUse(
                id=device.id,
                name=device.name,
                interface=device.interface,
                extension=device.extension,
                in_use_by_agent_id=used.get(device.interface),
            )
            for device in devices
        ]

    def number_of(self, call_id: str) -> str | None:
        """The other party's number of a call that is still on the board."""
        call = self._board.call(call_id)
        return None if call is None else self._number(call)

    def channels_of(self, call_id: str) -> list[str]:
        """Asterisk's ids of the channels with which a call that is still on the board began."""
        call = self._board.call(call_id)
        return [] if call is None else list(call.linkedids)

    def snapshot(self, agent_id: int) -> AgentSnapshot:
        """The agent's own page."""
        agent = self._board.agent(agent_id)
        if agent is None:
            return self._never_seen(agent_id)
        talking = agent.state.status in (*ON_THE_PHONE, AgentStatus.WRAP_UP)
        return AgentSnapshot(
            agent_id=agent_id,
            name=self._directory.agent_name(agent_id),
            state=agent.state.status,
            reason=agent.state.reason,
            since=_since(agent.state.started_at, agent.state),
            device=self._device(agent),
            wrap_up_until=instant_or_none(self._wrap_ups.ends_at(agent)),
            after_wrap_up=pause_after_wrap_up(agent) if talking else None,
            missed_offers=agent.missed_offers,
            queues=list(agent.queues) or self._queues_to_serve(agent_id),
            call=self._call(agent),
        )

    def live(self, agent_id: int) -> AgentLive:
        """The supervisor's line."""
        agent = self._board.agent(agent_id)
        if agent is None:
            unseen = self._never_seen(agent_id)
            return AgentLive(
                agent_id=agent_id,
                name=unseen.name,
                state=unseen.state,
                reason=None,
                since=None,
                device=None,
                queues=unseen.queues,
                call=None,
                missed_offers=0,
            )
        return AgentLive(
            agent_id=agent_id,
            name=self._directory.agent_name(agent_id),
            state=agent.state.status,
            reason=agent.state.reason,
            since=_since(agent.state.started_at, agent.state),
            device=self._device(agent),
            queues=list(agent.queues) or self._queues_to_serve(agent_id),
            call=self._live_call(agent),
            missed_offers=agent.missed_offers,
        )

    def _never_seen(self, agent_id: int) -> AgentSnapshot:
        return AgentSnapshot(
            agent_id=agent_id,
            name=self._directory.agent_name(agent_id),
            state=AgentStatus.LOGGED_OUT,
            reason=None,
            since=None,
            device=None,
            wrap_up_until=None,
            after_wrap_up=None,
            missed_offers=0,
            queues=self._queues_to_serve(agent_id),
            call=None,
        )

    def _queues_to_serve(self, agent_id: int) -> list[str]:
        entry = self._directory.agents.get(agent_id)
        return list(entry.queues) if entry is not None else []

    def _device(self, agent: Agent) -> DeviceView | None:
        if agent.interface is None:
            return None
        device = self._directory.device_by_interface.get(agent.interface)
        if device is None:
            return DeviceView(id=None, name=agent.interface, interface=agent.interface)
        return DeviceView(id=device.id, name=device.name, interface=device.interface)

    def _phase(self, agent: Agent) -> tuple[str, TransferView | None]:
        consulted = self._consultations.of(agent)
        if consulted is None:
            return agent.state.status.value, None
        to, state = consulted
        return "consulting", TransferView(kind=TransferKind.ATTENDED, to=to, state=state.value)

    def _live_call(self, agent: Agent) -> LiveCall | None:
        call = self._board.call(agent.call_id) if agent.call_id is not None else None
        if call is None:
            return None
        return LiveCall(
            call_id=call.id,
            queue=call.queue,
            number_masked=mask(self._number(call)),
            phase=self._phase(agent)[0],
            since=_since(agent.state.started_at, agent.state),
        )

    def _call(self, agent: Agent) -> AgentCall | None:
        call = self._board.call(agent.call_id) if agent.call_id is not None else None
        if call is None:
            self._last_calls.pop(agent.agent_id, None)
            return None
        leg = self._board.leg(agent.leg_id) if agent.leg_id is not None else None
        before = self._last_calls.get(agent.agent_id)
        if before is not None and before.call_id != call.id:
            before = None
        span = self._board.span(leg.id) if leg is not None else None
        entry = self._board.entry(call.entry_ids[-1]) if call.entry_ids else None
        waited = None if entry is None or entry.left_at is None else entry.left_at - entry.joined_at
        phase, transfer = self._phase(agent)
        rung_at = before.ringing_since if before is not None else None
        answered_at = before.answered_at if before is not None else None
        if leg is not None:
            rung_at = _since(leg.started_at, leg)
            answered_at = None if leg.answered_at is None else _since(leg.answered_at, leg)
        queue, dialled = call.queue, self._dialled.of(call)
        view = AgentCall(
            call_id=call.id,
            leg_id=agent.leg_id,
            direction=call.direction if dialled is None else Direction.OUTBOUND,
            phase=phase,
            queue=None if queue is None else QueueName(name=queue, title=self._directory.queue_title(queue)),
            number=self._number(call),
            number_state=call.number_state.value,
            dnis=dialled or call.dialled_number,
            entered_at=None if entry is None else _since(entry.joined_at, entry),
            waited_seconds=None if waited is None else round(waited, 3),
            ringing_since=rung_at,
            answered_at=answered_at,
            held_since=_since(span.started_at, span) if span and span.kind is IntervalKind.HOLD else None,
            ended_at=instant_or_none(agent.wrap_up_started_at),
            ivr_choices=[_choice(one) for one in call.choices],
            passed=read_passed(call.passed),
            transfer=transfer,
            pop=self._pops.get(call.id),
            disposition=self._disposition(agent.agent_id, call.id),
        )
        self._last_calls[agent.agent_id] = view
        return view

    def _number(self, call: Call) -> str | None:
        known = call.dialled_number if call.direction is Direction.OUTBOUND else call.caller_number
        return self._dialled.of(call) or known

    def _disposition(self, agent_id: int, call_id: str) -> DispositionView | None:
        kept = self._dispositions.get(agent_id)
        return kept[1] if kept is not None and kept[0] == call_id else None


def _since(at: float, record: Timed) -> Instant:
    """What a page counts up from: it compares it with the present."""
    return instant(by_present_clock(at, record))


def _choice(choice: MenuChoice) -> IvrChoice:
    words = read_words(choice.words)
    return IvrChoice(
        menu=choice.menu,
        choice=choice.choice,
        at=instant(choice.at),
        title=words.title,
        label=words.label,
    )


VIEWS = web.AppKey("agent_views", AgentViews)
