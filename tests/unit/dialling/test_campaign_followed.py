"""A campaign that is changed while it runs: the dialler takes the new rules and keeps what it has learned."""

from typing import Any

import msgspec

from cti.campaigns.model import (
    CallingWindow,
    Campaign,
    CampaignDefinition,
    CampaignKind,
    CampaignState,
    CapHolds,
)
from cti.dialling.paced_campaign import PacedCampaign

DEFINITION = CampaignDefinition(
    campaign="poll", title={"en": "Poll"}, kind=CampaignKind.PREDICTIVE, queue="sales"
)


def campaign(version: int = 1, **words: Any) -> Campaign:
    definition = msgspec.structs.replace(DEFINITION, **words)
    return Campaign(id=1, state=CampaignState.RUNNING, version=version, definition=definition)


def learned() -> PacedCampaign:
    paced = PacedCampaign(campaign(), None)
    assert paced.pacer is not None
    for number in range(50):
        paced.pacer.dial_ended(launched_at=float(number), ended_at=number + 10.0, answered=number % 3 == 0)
    paced.pacer.talk_ended(77.0)
    return paced


def test_its_pacing_goes_on_with_what_it_has_learned_under_the_new_cap() -> None:
    paced = learned()
    assert paced.pacer is not None
    before = paced.pacer.dump()
    paced.follow(campaign(2, abandon_cap=0.01, abandon_cap_holds=CapHolds.ALWAYS, ring_seconds=40))
    assert paced.pacer is not None
    assert (paced.pacer.rules.abandon_cap, paced.pacer.rules.ring_timeout_seconds) == (0.01, 40.0)
    assert paced.pacer.rules.always_within_cap
    assert paced.pacer.dump() == before
    assert paced.campaign.version == 2


def test_the_same_pacing_is_left_alone_and_the_hours_are_new() -> None:
    paced = learned()
    pacer, window = paced.pacer, paced.window
    paced.follow(campaign())
    assert (paced.pacer, paced.window) == (pacer, window)
    paced.follow(campaign(2, window=CallingWindow(to="21:00")))
    assert paced.pacer is pacer
    assert paced.window is not window


def test_another_kind_is_paced_as_that_kind() -> None:
    paced = learned()
    paced.follow(campaign(2, kind=CampaignKind.IVR, flow="hello"))
    assert (paced.pacer, paced.queue) == (None, None)
    paced.follow(campaign(3))
    assert paced.pacer is not None
    assert paced.queue == "sales"
