"""From which state a campaign comes to which, and what keeps it from being started. Pure."""

from collections.abc import Collection
from enum import StrEnum
from typing import Final

import msgspec

from cti.campaigns.model import CampaignDefinition, CampaignState


class Order(StrEnum):
    """What an admin orders."""

    START = "start"
    #: No further call is made; those in flight go on.
    PAUSE = "pause"
    #: As a pause, told from it until no call is in flight.
    DRAIN = "drain"
    #: What rings is given up too.
    STOP = "stop"


_LEADS_TO: Final = {
    Order.START: CampaignState.RUNNING,
    Order.PAUSE: CampaignState.PAUSED,
    Order.DRAIN: CampaignState.DRAINING,
    Order.STOP: CampaignState.STOPPED,
}
#: What may be ordered in each state; an order that is carried out already may come again.
_ORDERS: Final = {
    CampaignState.DRAFT: (Order.START,),
    CampaignState.RUNNING: (Order.PAUSE, Order.DRAIN, Order.STOP),
    CampaignState.PAUSED: (Order.START, Order.STOP),
    CampaignState.DRAINING: (Order.START, Order.PAUSE, Order.STOP),
    CampaignState.STOPPED: (Order.START,),
}


def orders_in(state: CampaignState) -> tuple[Order, ...]:
    """What changes a campaign in this state."""
    return _ORDERS[state]


def state_after(state: CampaignState, order: Order) -> CampaignState | None:
    """The state that an order leads to; the same when it is carried out already, None when it cannot be."""
    wanted = _LEADS_TO[order]
    return wanted if state is wanted or order in _ORDERS[state] else None


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What a campaign finds where it is to run; numbers are E.164."""

    kill_switch: bool
    has_open_contact: bool
    own_numbers: Collection[str]
    #: Outbound ones that have an active version.
    active_flows: Collection[str]
    queues: Collection[str]
    calendars: Collection[str]


class Hindrance(msgspec.Struct, frozen=True, kw_only=True):
    """What keeps a campaign from being started; ``code`` is one of the catalogue of problems."""

    code: str
    params: dict[str, str] = {}


def hindrances(definition: CampaignDefinition, found: Surroundings) -> list[Hindrance]:
    """All that keeps it from being started now."""
    against = []
    if found.kill_switch:
        against.append(Hindrance(code="dial.kill_switch"))
    if not found.has_open_contact:
        against.append(Hindrance(code="start.no_contact"))
    against += caller_id_hindrances(definition, found.own_numbers)
    named = (
        ("start.flow_not_active", definition.flow, found.active_flows),
        ("campaign.unknown_queue", definition.queue, found.queues),
        ("campaign.unknown_calendar", definition.calendar, found.calendars),
    )
    against += [
        Hindrance(code=code, params={"name": name})
        for code, name, there in named
        if name is not None and name not in there
    ]
    return against


def caller_id_hindrances(definition: CampaignDefinition, own_numbers: Collection[str]) -> list[Hindrance]:
    """What is wrong with the numbers that people would see."""
    if not definition.caller_ids:
        return [Hindrance(code="start.no_caller_id")]
    return [
        Hindrance(code="start.caller_id_not_ours", params={"number": number})
        for number in definition.caller_ids
        if number not in own_numbers
    ]
