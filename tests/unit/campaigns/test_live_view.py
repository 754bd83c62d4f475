"""What the dialler says of a campaign, in the reader's words."""

from datetime import UTC, datetime

import msgspec
import pytest

from cti.campaigns.model import Campaign, CampaignDefinition, CampaignKind, CampaignState, ContactCounts
from cti.campaigns.runs.figures import AttemptCounts, PersonCounts
from cti.campaigns.runs.forecast import Forecast, ForecastReason
from cti.campaigns.runs.run_shapes import LiveView, live_view, standing_view
from cti.campaigns.runs.run_store import Standing
from cti.campaigns.runs.running import Hindrance, Order
from cti.dialling.live_campaign import LiveCampaign
from cti.dialling.rules.decision_record import Refusal
from cti.dialling.rules.may_dial import Doubt
from cti.dialling.rules.outcome import Outcome
from cti.http.principal import Language

LIVE = LiveCampaign(
    dialling=True,
    in_flight=5,
    ringing=3,
    waiting=0,
    connected=2,
    agents_idle=1,
    agents_talking=2,
    agents_wrapping=0,
    agents_paused=0,
    answered=100,
    abandoned=3,
    abandoned_share=0.03,
    cap=0.03,
    dialled_today=300,
    utilisation=0.8,
    launch_line={Language.ENGLISH: "3 dials", Language.CHINESE: "拨出 3 路"},
)
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
POLL = Campaign(
    id=1,
    state=CampaignState.RUNNING,
    version=3,
    definition=CampaignDefinition(campaign="poll", title={"en": "Poll"}, kind=CampaignKind.PREDICTIVE),
)
FORESEEN = Forecast(reason=ForecastReason.PACE, end_at=datetime(2026, 3, 2, 12, tzinfo=UTC))
COUNTS = AttemptCounts(
    outcomes={Outcome.ANSWERED: 97, Outcome.ABANDONED: 3},
    dispositions={"interested": 1},
    today=300,
    day=PersonCounts(answered=97, abandoned=3),
    month=PersonCounts(answered=0, abandoned=0),
)


def view(live: LiveCampaign | None, language: Language = Language.ENGLISH) -> LiveView:
    standing = Standing(
        state=CampaignState.RUNNING,
        changed_at=datetime(2026, 3, 1, tzinfo=UTC),
        changed_by="Ada",
        started_at=None,
    )
    contacts = ContactCounts(open=195, dialling=5, closed=100, closed_in_hour=100)
    return live_view(
        NOW, standing_view(standing, [], language), contacts, COUNTS, POLL, FORESEEN, live, language
    )


def test_figures_are_as_they_were_counted() -> None:
    shown = view(LIVE)
    assert (shown.contacts.all, shown.abandon_cap) == (300, 0.03)
    assert (shown.version, shown.forecast_end_at) == (3, "2026-03-02T12:00:00.000Z")
    assert "pace of the last hour" in shown.forecast_line
    assert shown.outcomes == {"answered": 97, "abandoned": 3}
    assert (shown.day.abandoned_share, shown.month.abandoned_share) == (0.03, None)
    assert shown.dialler is not None
    assert (shown.dialler.answered, shown.dialler.abandoned) == (97, 3)
    assert shown.standing.orders == [Order.PAUSE, Order.DRAIN, Order.STOP]


@pytest.mark.parametrize(
    ("language", "line"), [(Language.ENGLISH, "3 dials"), (Language.CHINESE, "拨出 3 路")]
)
def test_the_pacings_line_is_in_the_readers_language(language: Language, line: str) -> None:
    dialler = view(LIVE, language).dialler
    assert dialler is not None
    assert dialler.line == line


@pytest.mark.parametrize("reason", [*Doubt, *Refusal])
@pytest.mark.parametrize("language", Language)
def test_a_dialler_that_stands_by_says_why(reason: Doubt | Refusal, language: Language) -> None:
    silent = msgspec.structs.replace(LIVE, dialling=False, standing_by_reason=reason.value, launch_line={})
    dialler = view(silent, language).dialler
    assert dialler is not None
    assert dialler.line
    assert "{" not in dialler.line


def test_where_nobody_dials_the_rest_is_told() -> None:
    assert view(None).dialler is None


def test_a_hindrance_is_told_with_what_it_is_about() -> None:
    standing = Standing(state=CampaignState.DRAFT, changed_at=None, changed_by=None, started_at=None)
    against = [Hindrance(code="start.flow_not_active", params={"name": "poll"})]
    shown = standing_view(standing, against, Language.ENGLISH)
    assert "poll" in shown.hindrances[0].detail
    assert shown.changed_at is None
