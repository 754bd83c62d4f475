"""When a campaign will be done with its contacts, if it goes on as in the last hour."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from cti.campaigns.model import Campaign, CampaignState, ContactCounts
from cti.dialling.rules.campaign_rules import calendar_of, hours_on
from cti.hours.model import DAY, Calendar

_HOUR: Final = timedelta(hours=1)
#: Of a shorter time nobody can tell a pace.
_LEAST: Final = timedelta(minutes=5)
_FURTHEST_DAYS: Final = 366


class ForecastReason(StrEnum):
    """From what an end is foreseen, or why none is."""

    #: It is foreseen from what was done within the last hour.
    PACE = "pace"
    NOT_RUNNING = "not_running"
    NOBODY_LEFT = "nobody_left"
    #: Its calendar is not there, so its holidays are not known.
    CALENDAR_UNKNOWN = "calendar_unknown"
    #: Within the last hour nobody was called, by its hours.
    CLOSED = "closed"
    TOO_SOON = "too_soon"
    #: Within the last hour nobody was called for the last time.
    NO_PACE = "no_pace"
    #: Not within a year.
    NOT_IN_SIGHT = "not_in_sight"


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """When the last contact is done with; None when nobody can say, for a reason."""

    reason: ForecastReason
    end_at: datetime | None = None


def forecast(
    now: datetime,
    campaign: Campaign,
    contacts: ContactCounts,
    *,
    started_at: datetime | None,
    calendar: Calendar | None,
    zone: ZoneInfo,
    region: str,
) -> Forecast:
    """The end of a campaign that was started first at an instant.

    Only hours in which people in ``zone`` with numbers of ``region`` may be called count: the campaign's, on
    its days, without the holidays of its calendar (``calendar``; None when it has none, or it is not there).
    """
    if campaign.state is not CampaignState.RUNNING:
        return Forecast(reason=ForecastReason.NOT_RUNNING)
    left = contacts.open + contacts.dialling
    if not left:
        return Forecast(reason=ForecastReason.NOBODY_LEFT)
    if campaign.definition.calendar is not None and calendar is None:
        return Forecast(reason=ForecastReason.CALENDAR_UNKNOWN)
    # Where the clocks change, only UTC tells how long a time is.
    now = now.astimezone(UTC)
    since = now - _HOUR if started_at is None else max(now - _HOUR, started_at)
    hours = _Hours(calendar_of(campaign.definition, calendar), zone, region)
    worked = sum((end - begin for begin, end in hours.between(since, now)), timedelta())
    if worked < _LEAST:
        soon = now - since < _LEAST
        return Forecast(reason=ForecastReason.TOO_SOON if worked or soon else ForecastReason.CLOSED)
    if not contacts.closed_in_hour:
        return Forecast(reason=ForecastReason.NO_PACE)
    to_do = worked * left / contacts.closed_in_hour
    for begin, end in hours.between(now, now + timedelta(days=_FURTHEST_DAYS)):
        if to_do <= end - begin:
            return Forecast(reason=ForecastReason.PACE, end_at=begin + to_do)
        to_do -= end - begin
    return Forecast(reason=ForecastReason.NOT_IN_SIGHT)


class _Hours:
    """When people may be called."""

    def __init__(self, calendar: Calendar, zone: ZoneInfo, region: str) -> None:
        self._calendar = calendar
        self._zone = zone
        self._region = region

    def between(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Each stretch of time between two instants, the first first."""
        day, last = (one.astimezone(self._zone).date() for one in (since, until))
        while day <= last:
            for span in hours_on(self._calendar, self._region, day):
                begin = max(since, self._instant(day, span.begins))
                end = min(until, self._instant(day, span.ends))
                if begin < end:
                    yield begin, end
            day += timedelta(days=1)

    def _instant(self, day: date, minute: int) -> datetime:
        over, minute = divmod(minute, DAY)
        hour, minute = divmod(minute, 60)
        wall = datetime(day.year, day.month, day.day, hour, minute, tzinfo=self._zone) + timedelta(days=over)
        return wall.astimezone(UTC)
