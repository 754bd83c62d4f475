"""What callers answered, over HTTP."""

import msgspec
from aiohttp import web
from pydantic import Field

from cti.calls.store import CursorError, SurveyResult, page_surveys
from cti.customers.model import AgentName
from cti.http.keys import ENGINE
from cti.http.principal import Role, Scope
from cti.http.problems import Problem
from cti.http.routing import Routes
from cti.http.shapes import Instant, Page, PageQuery, When, instant

routes = Routes(tag="surveys")


class SurveysQuery(PageQuery):
    """Which surveys: begun in a span of time."""

    from_: When | None = Field(None, alias="from")
    to: When | None = None


class SurveyResultView(msgspec.Struct, frozen=True, kw_only=True):
    """One survey. Ratings are 1 to 5 and null when not given; the outcome is null while it goes on."""

    id: str
    call_id: str
    started_at: Instant
    agent: AgentName | None
    queue: str | None
    language: str | None
    outcome: str | None
    rating: int | None
    second_rating: int | None


@routes.get(
    "/api/v1/surveys",
    roles=(Role.SUPERVISOR, Role.ADMIN),
    scope=Scope.SURVEYS_READ,
    summary="List satisfaction surveys",
)
async def list_surveys(request: web.Request, query: SurveysQuery) -> Page[SurveyResultView]:
    """Newest first; also those that were never offered because the caller hung up first."""
    try:
        async with request.app[ENGINE].connect() as connection:
            found, cursor = await page_surveys(
                connection, from_at=query.from_, to_at=query.to, limit=query.limit, cursor=query.cursor
            )
    except CursorError:
        raise Problem("paging.cursor_invalid") from None
    return Page(items=[_view(survey) for survey in found], next_cursor=cursor)


def _view(survey: SurveyResult) -> SurveyResultView:
    agent = None
    if survey.agent_id is not None:
        agent = AgentName(id=survey.agent_id, name=survey.agent_name or f"#{survey.agent_id}")
    return SurveyResultView(
        id=survey.id,
        call_id=survey.call_id,
        started_at=instant(survey.started_at.timestamp()),
        agent=agent,
        queue=survey.queue,
        language=survey.language,
        outcome=survey.outcome,
        rating=survey.rating,
        second_rating=survey.second_rating,
    )
