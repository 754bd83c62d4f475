"""What screens show of agents: the shapes of an agent's own page and of the supervisor's line."""

import msgspec

from cti.agents.model import AgentStatus
from cti.calls.model import Direction, TransferKind
from cti.customers.model import ScreenPop
from cti.flows.actions import PassedValue
from cti.http.shapes import Instant


class DeviceView(msgspec.Struct, frozen=True, kw_only=True):
    """A device as a screen names it; ``id`` is null for one that is not set up here."""

    id: int | None
    name: str
    interface: str


class DeviceUse(msgspec.Struct, frozen=True, kw_only=True):
    """A device in the list to choose from, with the agent who is signed in at it."""

    id: int
    name: str
    interface: str
    extension: str
    in_use_by_agent_id: int | None


class QueueName(msgspec.Struct, frozen=True, kw_only=True):
    """A queue as a screen names it."""

    name: str
    title: str


class IvrChoice(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller chose in a menu; ``title`` and ``label`` are what the flow calls the two, by language,
    empty where it has no words for them.
    """

    menu: str
    choice: str
    at: Instant
    title: dict[str, str]
    label: dict[str, str]


class TransferView(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer under way; ``state`` is `dialling` or `talking`, ``to`` null when nobody knows any more."""

    kind: TransferKind
    to: str | None
    state: str


class DispositionView(msgspec.Struct, frozen=True, kw_only=True):
    """The agent's verdict on a call."""

    code: str
    note: str | None


class AgentCall(msgspec.Struct, frozen=True, kw_only=True):
    """The call that an agent's state is about; ``passed`` is what a flow passes on with the caller."""

    call_id: str
    leg_id: str | None
    direction: Direction
    #: ringing, talking, hold, consulting or wrap_up.
    phase: str
    queue: QueueName | None
    number: str | None
    number_state: str
    dnis: str | None
    entered_at: Instant | None
    waited_seconds: float | None
    ringing_since: Instant | None
    answered_at: Instant | None
    held_since: Instant | None
    ended_at: Instant | None
    ivr_choices: list[IvrChoice]
    passed: list[PassedValue]
    transfer: TransferView | None
    pop: ScreenPop | None
    disposition: DispositionView | None


class AgentSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """All that an agent's own page shows; ``since`` is null for one who never signed in."""

    agent_id: int
    name: str
    state: AgentStatus
    reason: str | None
    since: Instant | None
    device: DeviceView | None
    wrap_up_until: Instant | None
    after_wrap_up: str | None
    missed_offers: int
    queues: list[str]
    call: AgentCall | None


class LiveCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call as the supervisor sees it from afar."""

    call_id: str
    queue: str | None
    number_masked: str | None
    phase: str
    since: Instant


class AgentLive(msgspec.Struct, frozen=True, kw_only=True):
    """An agent as the supervisor sees him."""

    agent_id: int
    name: str
    state: AgentStatus
    reason: str | None
    since: Instant | None
    device: DeviceView | None
    queues: list[str]
    call: LiveCall | None
    missed_offers: int
