"""Where a campaign stands and what comes of it, as the API gives it."""

from datetime import datetime
from typing import Final

import msgspec

from cti.campaigns.model import Campaign, CampaignState, ContactCounts
from cti.campaigns.runs.figures import AttemptCounts, PersonCounts
from cti.campaigns.runs.forecast import Forecast, ForecastReason
from cti.campaigns.runs.forecast_line import forecast_line
from cti.campaigns.runs.run_store import CampaignMark, KillSwitch, Standing
from cti.campaigns.runs.running import Hindrance, Order, orders_in
from cti.dialling.live_campaign import LiveCampaign
from cti.http.catalogue.problem_texts import PROBLEMS
from cti.http.principal import Language
from cti.http.shapes import Body, Instant, instant


class HindranceView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that keeps a campaign from being started."""

    code: str
    title: str
    detail: str


class StandingView(msgspec.Struct, frozen=True, kw_only=True):
    """Where a campaign stands; ``orders`` change it from here. ``hindrances`` keep it from being started."""

    state: CampaignState
    changed_at: Instant | None
    changed_by: str | None
    started_at: Instant | None
    orders: list[Order]
    hindrances: list[HindranceView]


class ListedCampaignView(msgspec.Struct, frozen=True, kw_only=True):
    """What of a campaign in the list changes while it runs; the words are those of the list."""

    id: int
    state: CampaignState
    version: int
    contacts: int
    contacts_dialling: int
    contacts_closed: int


class KillSwitchView(msgspec.Struct, frozen=True, kw_only=True):
    """Whether all dialling is switched off, and who switched last."""

    on: bool
    changed_at: Instant
    changed_by: str | None


class KillSwitchChange(Body):
    """Switch all dialling off, or on again."""

    on: bool


class ContactCountsView(msgspec.Struct, frozen=True, kw_only=True):
    """Contacts by state."""

    all: int
    open: int
    dialling: int
    closed: int


class PersonCountsView(msgspec.Struct, frozen=True, kw_only=True):
    """Calls that a person answered; ``abandoned_share`` (0 to 1) is null when nobody did."""

    answered: int
    abandoned: int
    abandoned_share: float | None


class DiallingView(msgspec.Struct, frozen=True, kw_only=True):
    """What the dialler sees of a campaign now. ``line`` says in words why so many are dialled, or why none
    are; ``utilisation`` and ``abandoned_share`` go from 0 to 1. ``answered`` and ``abandoned`` are those that
    the pacing holds against the cap; as in the counts of the database, each call is one or the other.
    """

    dialling: bool
    line: str
    in_flight: int
    ringing: int
    waiting: int
    connected: int
    agents_idle: int
    agents_talking: int
    agents_wrapping: int
    agents_paused: int
    answered: int
    abandoned: int
    abandoned_share: float | None
    dialled_today: int
    utilisation: float | None


class LiveView(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign now: where it stands, what the database has counted, and what the dialler sees; ``dialler``
    is null where nobody dials. ``version`` is that of its definition. ``outcomes`` are those of all attempts
    that ended, ``dispositions`` what agents said of them. ``forecast_end_at`` is when it will be done with
    its contacts, if it goes on as in the last hour; null when nobody can say, and ``forecast_line`` says why,
    or from what it is foreseen.
    """

    at: Instant
    version: int
    standing: StandingView
    contacts: ContactCountsView
    outcomes: dict[str, int]
    dispositions: dict[str, int]
    attempts_today: int
    day: PersonCountsView
    month: PersonCountsView
    abandon_cap: float
    forecast_end_at: Instant | None
    forecast_reason: ForecastReason
    forecast_line: str
    dialler: DiallingView | None


_BOTH: Final = {Language.ENGLISH: "{}: {}", Language.CHINESE: "{}：{}"}


def hindrance_view(hindrance: Hindrance, language: Language) -> HindranceView:
    """The hindrance in the reader's words."""
    text = PROBLEMS[hindrance.code].in_language(language)
    return HindranceView(
        code=hindrance.code, title=text.title, detail=text.detail.format_map(hindrance.params)
    )


def standing_view(standing: Standing, against: list[Hindrance], language: Language) -> StandingView:
    """Where it stands, as it is given."""
    return StandingView(
        state=standing.state,
        changed_at=_instant(standing.changed_at),
        changed_by=standing.changed_by,
        started_at=_instant(standing.started_at),
        orders=list(orders_in(standing.state)),
        hindrances=[hindrance_view(one, language) for one in against],
    )


def listed_view(mark: CampaignMark, contacts: ContactCounts) -> ListedCampaignView:
    """What of the campaign changes, as it is given."""
    return ListedCampaignView(
        id=mark.id,
        state=mark.state,
        version=mark.version,
        contacts=contacts.all,
        contacts_dialling=contacts.dialling,
        contacts_closed=contacts.closed,
    )


def kill_switch_view(switch: KillSwitch) -> KillSwitchView:
    """The switch as it is given."""
    at = instant(switch.changed_at.timestamp())
    return KillSwitchView(on=switch.on, changed_at=at, changed_by=switch.changed_by)


def live_view(
    at: datetime,
    standing: StandingView,
    contacts: ContactCounts,
    attempts: AttemptCounts,
    campaign: Campaign,
    foreseen: Forecast,
    dialler: LiveCampaign | None,
    language: Language,
) -> LiveView:
    """All of a campaign that changes while it runs."""
    return LiveView(
        at=instant(at.timestamp()),
        version=campaign.version,
        standing=standing,
        contacts=ContactCountsView(
            all=contacts.all, open=contacts.open, dialling=contacts.dialling, closed=contacts.closed
        ),
        outcomes={outcome.value: count for outcome, count in attempts.outcomes.items()},
        dispositions=attempts.dispositions,
        attempts_today=attempts.today,
        day=_persons(attempts.day),
        month=_persons(attempts.month),
        abandon_cap=campaign.definition.abandon_cap,
        forecast_end_at=_instant(foreseen.end_at),
        forecast_reason=foreseen.reason,
        forecast_line=forecast_line(foreseen.reason, language),
        dialler=None if dialler is None else _dialling(dialler, language),
    )


def _persons(counts: PersonCounts) -> PersonCountsView:
    return PersonCountsView(
        answered=counts.answered, abandoned=counts.abandoned, abandoned_share=counts.abandoned_share
    )


def _dialling(live: LiveCampaign, language: Language) -> DiallingView:
    words = msgspec.structs.asdict(live)
    reason, lines = words.pop("standing_by_reason"), words.pop("launch_line")
    del words["cap"]
    # The dialler counts those who found nobody among those who answered.
    words["answered"] -= live.abandoned
    line = lines.get(language, "")
    if reason is not None:
        text = PROBLEMS[f"dial.{reason}"].in_language(language)
        # The figures of the details stand in decision records, not here.
        line = text.title if "{" in text.detail else _BOTH[language].format(text.title, text.detail)
    return DiallingView(line=line, **words)


def _instant(at: datetime | None) -> str | None:
    return None if at is None else instant(at.timestamp())
