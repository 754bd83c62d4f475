"""Opening hours and holidays over HTTP."""

import time
from typing import Annotated

import structlog
from aiohttp import web
from pydantic import Field

from cti.hours import store
from cti.hours.calendar import state_at
from cti.hours.model import Span, SpecialDay
from cti.hours.opening import HOURS
from cti.hours.shapes import (
    CalendarChange,
    CalendarView,
    HoursStateView,
    NewCalendar,
    SpecialDayChange,
    SpecialDaysImport,
    SpecialDaysImported,
    SpecialDayView,
    StateQuery,
    calendar_view,
    day_view,
    hours_of,
    state_view,
)
from cti.hours.special_days_import import MOST_DAYS, special_days_of
from cti.hours.wall_time import read_date
from cti.http.keys import ENGINE
from cti.http.language import reader_language
from cti.http.principal import Principal, Role
from cti.http.problems import FieldError, Problem, invalid
from cti.http.routing import Routes
from cti.http.row_problems import MOST_TOLD, refusal, view_of
from cti.http.shapes import Id, Items
from cti.reference.sheet import SheetUnreadable, read_csv

log = structlog.get_logger(__name__)
routes = Routes(tag="hours")

ADMIN = (Role.ADMIN,)
READERS = (Role.SUPERVISOR, Role.ADMIN)
Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]


@routes.get("/api/v1/calendars", roles=READERS, summary="List calendars")
async def list_calendars(request: web.Request) -> Items[CalendarView]:
    """All of them with their special days, and how each is now."""
    now = time.time()
    async with request.app[ENGINE].connect() as connection:
        found = await store.read_calendars(connection)
    return Items(items=[calendar_view(one, state_at(one, now), now) for one in found.values()])


@routes.post("/api/v1/calendars", roles=ADMIN, status=201, summary="Add a calendar")
async def create_calendar(request: web.Request, principal: Principal, body: NewCalendar) -> CalendarView:
    """Flows ask it by its name, which never changes."""
    week = _week(body)
    values = {**body.model_dump(include=_SETTINGS), "week": week}
    async with request.app[ENGINE].begin() as connection:
        calendar = await store.create_calendar(connection, body.name, values, user_id=principal.user_id)
    await request.app[HOURS].memory.refresh()
    log.info("calendar.created", calendar=calendar.name, by=principal.key)
    now = time.time()
    return calendar_view(calendar, state_at(calendar, now), now)


@routes.get("/api/v1/calendars/{calendar_id}", roles=READERS, summary="Read a calendar")
async def read_calendar(request: web.Request, calendar_id: Id) -> CalendarView:
    """With its special days, and how it is now."""
    now = time.time()
    async with request.app[ENGINE].connect() as connection:
        calendar = await store.read_calendar(connection, calendar_id)
    return calendar_view(calendar, state_at(calendar, now), now)


@routes.put("/api/v1/calendars/{calendar_id}", roles=ADMIN, summary="Change a calendar")
async def change_calendar(
    request: web.Request, principal: Principal, calendar_id: Id, body: CalendarChange
) -> CalendarView:
    """All but its name and special days; takes effect at once."""
    values = {**body.model_dump(include=_SETTINGS), "week": _week(body)}
    async with request.app[ENGINE].begin() as connection:
        calendar = await store.change_calendar(connection, calendar_id, values, user_id=principal.user_id)
    await request.app[HOURS].memory.refresh()
    log.info("calendar.changed", calendar=calendar.name, by=principal.key)
    now = time.time()
    return calendar_view(calendar, state_at(calendar, now), now)


@routes.delete("/api/v1/calendars/{calendar_id}", roles=ADMIN, summary="Take a calendar away")
async def delete_calendar(request: web.Request, principal: Principal, calendar_id: Id) -> None:
    """Flows that ask it go on as if nothing had been found."""
    async with request.app[ENGINE].begin() as connection:
        name = await store.delete_calendar(connection, calendar_id)
    await request.app[HOURS].memory.refresh()
    log.info("calendar.deleted", calendar=name, by=principal.key)


@routes.get("/api/v1/calendars/{calendar_id}/state", roles=READERS, summary="Is it open?")
async def read_state(request: web.Request, calendar_id: Id, query: StateQuery) -> HoursStateView:
    """Now, or at any instant."""
    at = time.time() if query.at is None else query.at.timestamp()
    async with request.app[ENGINE].connect() as connection:
        calendar = await store.read_calendar(connection, calendar_id)
    return state_view(calendar, state_at(calendar, at), at)


@routes.put("/api/v1/calendars/{calendar_id}/days/{day}", roles=ADMIN, summary="Set a special day")
async def write_day(
    request: web.Request, principal: Principal, calendar_id: Id, day: Day, body: SpecialDayChange
) -> SpecialDayView:
    """A date with hours of its own; without any it is closed."""
    date = read_date(day)
    if date is None:
        raise invalid("field.date", parameter="day")
    hours, wrong = hours_of(body.hours, "/hours")
    if wrong:
        raise Problem("request.invalid", errors=wrong)
    special = SpecialDay(title_zh=body.title_zh, title_en=body.title_en, hours=hours)
    async with request.app[ENGINE].begin() as connection:
        calendar = await store.read_calendar(connection, calendar_id)
        await store.write_days(connection, calendar_id, {day: special})
    await request.app[HOURS].memory.refresh()
    log.info("calendar.day_set", calendar=calendar.name, day=day, by=principal.key)
    return day_view(day, special)


@routes.delete(
    "/api/v1/calendars/{calendar_id}/days/{day}", roles=ADMIN, summary="Make a special day like any other"
)
async def delete_day(request: web.Request, principal: Principal, calendar_id: Id, day: Day) -> None:
    """The hours of its day of the week count again."""
    date = read_date(day)
    if date is None:
        raise invalid("field.date", parameter="day")
    async with request.app[ENGINE].begin() as connection:
        calendar = await store.read_calendar(connection, calendar_id)
        await store.delete_day(connection, calendar_id, date)
    await request.app[HOURS].memory.refresh()
    log.info("calendar.day_deleted", calendar=calendar.name, day=day, by=principal.key)


@routes.post("/api/v1/calendars/{calendar_id}/days/import", roles=ADMIN, summary="Import special days")
async def import_days(
    request: web.Request, principal: Principal, calendar_id: Id, body: SpecialDaysImport
) -> SpecialDaysImported:
    """What it would do, or with `apply` does; with a bad row nothing is done. Days not in it stay."""
    try:
        sheet = read_csv(body.csv, most_rows=MOST_DAYS)
    except SheetUnreadable as error:
        raise Problem("import.unreadable", reason=str(error)) from None
    days, problems = special_days_of(sheet)
    if body.apply and problems:
        raise refusal(problems)
    async with request.app[ENGINE].begin() as connection:
        before = (await store.read_calendar(connection, calendar_id)).days
        if body.apply:
            await store.write_days(connection, calendar_id, days)
    if body.apply:
        await request.app[HOURS].memory.refresh()
        log.info("calendar.days_imported", calendar_id=calendar_id, days=len(days), by=principal.key)
    language = reader_language(request)
    return SpecialDaysImported(
        applied=body.apply,
        added=sum(day not in before for day in days),
        changed=sum(day in before and before[day] != special for day, special in days.items()),
        same=sum(before.get(day) == special for day, special in days.items()),
        days=[day_view(day, special) for day, special in sorted(days.items())],
        problems=[view_of(problem, language) for problem in problems[:MOST_TOLD]],
    )


_SETTINGS = {"title_zh", "title_en", "time_zone"}


def _week(body: CalendarChange) -> tuple[tuple[Span, ...], ...]:
    week, wrong = [], list[FieldError]()
    for number, parts in enumerate(body.week):
        hours, errors = hours_of(parts, f"/week/{number}")
        week.append(hours)
        wrong += errors
    if wrong:
        raise Problem("request.invalid", errors=wrong)
    return tuple(week)
