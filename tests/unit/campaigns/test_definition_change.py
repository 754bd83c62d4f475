"""What of a campaign may be changed where it stands, and what a change is."""

import msgspec
import pytest

from cti.campaigns.model import (
    CallingWindow,
    Campaign,
    CampaignDefinition,
    CampaignKind,
    CampaignState,
    FlowRetry,
    RetriedOutcome,
    Retry,
)
from cti.campaigns.versions.definition_change import against_change, looks_anew, touches_calls, word_changes

OURS = "+861065529988"
POLL = CampaignDefinition(
    campaign="poll", title={"en": "Poll"}, kind=CampaignKind.PROGRESSIVE, queue="sales", caller_ids=[OURS]
)


def poll(**words: object) -> CampaignDefinition:
    return msgspec.structs.replace(POLL, **words)


def against(state: CampaignState, wanted: CampaignDefinition, in_flight: int = 0) -> list[tuple[str, str]]:
    campaign = Campaign(id=1, state=state, version=3, definition=POLL)
    found = against_change(campaign, wanted, in_flight=in_flight, own_numbers={OURS})
    return [("/".join(map(str, one.path)), one.code) for one in found]


EVERYTHING_ELSE = poll(
    title={"en": "Another"}, script={"en": "Good day"}, window=CallingWindow(from_="10:00"),
    calendar="company", retries={RetriedOutcome.BUSY: Retry(times=1)}, ring_seconds=40, priority=90,
    abandon_cap=0.01, needs_consent=True, client="acme",
)  # fmt: skip


@pytest.mark.parametrize("state", CampaignState)
def test_most_words_change_in_any_state_with_calls_in_flight(state: CampaignState) -> None:
    assert against(state, EVERYTHING_ELSE, in_flight=7) == []


def test_who_speaks_stays_while_it_runs_and_while_calls_are_in_flight() -> None:
    wanted = poll(kind=CampaignKind.PREDICTIVE, queue="support", flow="hello")
    words = ("kind", "flow", "queue")
    running = [(word, "campaign.fixed_while_running") for word in words]
    assert against(CampaignState.RUNNING, wanted) == running
    in_flight = [(word, "campaign.fixed_in_flight") for word in words]
    assert against(CampaignState.PAUSED, wanted, in_flight=1) == in_flight
    assert against(CampaignState.DRAINING, wanted, in_flight=1) == in_flight
    assert against(CampaignState.PAUSED, wanted) == []
    assert touches_calls(POLL, wanted)
    assert not touches_calls(POLL, EVERYTHING_ELSE)


def test_what_runs_keeps_a_number_of_ours() -> None:
    assert against(CampaignState.RUNNING, poll(caller_ids=[])) == [("caller_ids", "start.no_caller_id")]
    foreign = poll(caller_ids=[OURS, "+8613800138000"])
    assert against(CampaignState.RUNNING, foreign) == [("caller_ids", "start.caller_id_not_ours")]
    # Before it is started again, it is asked for one.
    assert against(CampaignState.PAUSED, poll(caller_ids=[])) == []


def test_a_change_is_told_word_by_word() -> None:
    wanted = poll(
        title={"en": "Poll", "zh-CN": "民意调查"},
        window=CallingWindow(from_="10:00"),
        retries={RetriedOutcome.BUSY: Retry(times=2)},
        flow_retries={"later": FlowRetry(times=2)},
    )
    told = {one.pointer: (one.before, one.after) for one in word_changes(POLL, wanted)}
    assert told == {
        "/title/zh-CN": (None, "民意调查"),
        "/window/from": ("09:00", "10:00"),
        "/retries/busy": (None, {"times": 2, "after_seconds": 1800}),
        "/flow_retries/later": (None, {"times": 2, "after_seconds": 86_400}),
    }
    assert word_changes(POLL, POLL) == []
    (taken_away,) = word_changes(poll(script={"en": "Hello"}), POLL)
    assert (taken_away.pointer, taken_away.before, taken_away.after) == ("/script", {"en": "Hello"}, None)


@pytest.mark.parametrize(
    ("words", "anew"),
    [
        ({"window": CallingWindow(to="21:00")}, True),
        ({"calendar": "company"}, True),
        ({"needs_consent": True}, True),
        ({"client": "acme"}, True),
        ({"ring_seconds": 40, "abandon_cap": 0.0}, False),
    ],
)
def test_other_hours_or_conditions_bring_back_who_was_put_off(words: dict[str, object], anew: bool) -> None:
    assert looks_anew(POLL, poll(**words)) is anew
