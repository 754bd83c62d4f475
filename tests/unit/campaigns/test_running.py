"""What may be ordered of a campaign, and what keeps it from being started."""

import pytest

from cti.campaigns.model import CampaignDefinition, CampaignKind, CampaignState
from cti.campaigns.runs.running import Hindrance, Order, Surroundings, hindrances, orders_in, state_after

WELL = Surroundings(
    kill_switch=False,
    has_open_contact=True,
    own_numbers={"+861065529988"},
    active_flows={"poll"},
    queues={"sales"},
    calendars={"company"},
)
GOOD = CampaignDefinition(
    campaign="poll",
    title={"en": "Poll"},
    kind=CampaignKind.PROGRESSIVE,
    flow="poll",
    queue="sales",
    caller_ids=["+861065529988"],
    calendar="company",
)


@pytest.mark.parametrize("state", CampaignState)
def test_every_order_that_a_page_offers_changes_something(state: CampaignState) -> None:
    for order in orders_in(state):
        assert state_after(state, order) not in (None, state)


@pytest.mark.parametrize(
    ("state", "order", "after"),
    [
        (CampaignState.DRAFT, Order.START, CampaignState.RUNNING),
        (CampaignState.STOPPED, Order.START, CampaignState.RUNNING),
        (CampaignState.DRAINING, Order.START, CampaignState.RUNNING),
        (CampaignState.RUNNING, Order.DRAIN, CampaignState.DRAINING),
        (CampaignState.DRAINING, Order.PAUSE, CampaignState.PAUSED),
        (CampaignState.PAUSED, Order.STOP, CampaignState.STOPPED),
        (CampaignState.DRAFT, Order.PAUSE, None),
        (CampaignState.DRAFT, Order.STOP, None),
        (CampaignState.STOPPED, Order.PAUSE, None),
        (CampaignState.PAUSED, Order.DRAIN, None),
    ],
)
def test_where_an_order_leads(state: CampaignState, order: Order, after: CampaignState | None) -> None:
    assert state_after(state, order) is after


@pytest.mark.parametrize("order", Order)
def test_an_order_that_is_carried_out_already_may_come_again(order: Order) -> None:
    reached = next(filter(None, (state_after(state, order) for state in CampaignState)))
    assert state_after(reached, order) is reached


def test_nothing_keeps_a_campaign_that_has_all_it_needs() -> None:
    assert hindrances(GOOD, WELL) == []


def test_all_that_keeps_a_campaign_is_told_at_once() -> None:
    nothing = Surroundings(
        kill_switch=True, has_open_contact=False, own_numbers=(), active_flows=(), queues=(), calendars=()
    )
    assert hindrances(GOOD, nothing) == [
        Hindrance(code="dial.kill_switch"),
        Hindrance(code="start.no_contact"),
        Hindrance(code="start.caller_id_not_ours", params={"number": "+861065529988"}),
        Hindrance(code="start.flow_not_active", params={"name": "poll"}),
        Hindrance(code="campaign.unknown_queue", params={"name": "sales"}),
        Hindrance(code="campaign.unknown_calendar", params={"name": "company"}),
    ]


def test_a_campaign_without_a_caller_id_shows_nobody_a_number() -> None:
    bare = CampaignDefinition(campaign="poll", title={"en": "Poll"}, kind=CampaignKind.IVR, flow="poll")
    assert hindrances(bare, WELL) == [Hindrance(code="start.no_caller_id")]
