"""Results of flows over HTTP: figures, the calls behind them, and all answers as CSV."""

import zoneinfo
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import msgspec
import sqlalchemy as sa
import structlog
from aiohttp import web
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.agents.tables import agents
from cti.http.downloads import csv_stream
from cti.http.keys import ENGINE
from cti.http.language import reader_language
from cti.http.principal import Principal, Scope
from cti.http.problems import Problem
from cti.http.routing import Routes
from cti.http.shapes import (
    Id,
    Page,
    PageQuery,
    Query,
    When,
    decode_cursor,
    encode_cursor,
    instant,
)
from cti.ivr.library.flow_routes import FLOW_BOOK, LEADERS, FlowName, Version
from cti.ivr.results import results_store
from cti.ivr.results.result_texts import definitions
from cti.ivr.results.results_export import export
from cti.ivr.results.results_store import AnswerFilter, GroupBy, RunFilter
from cti.ivr.results.results_views import (
    FlowResultsView,
    ResultCallView,
    all_figures,
    call_view,
    end_view,
    group_views,
    question_view,
    runs_view,
)
from cti.ivr.results.version_questions import MOST_VERSIONS, questions_in
from cti.people.tables import users

log = structlog.get_logger(__name__)
routes = Routes(tag="results")

_DEFAULT_DAYS: Final = 30
_MOST_DAYS: Final = 366


def _zone(name: str) -> str:
    if name not in zoneinfo.available_timezones():
        raise PydanticCustomError(
            "literal_error", "is no time zone", {"expected": "'Asia/Shanghai', 'UTC', …"}
        )
    return name


TimeZone = Annotated[str, Field(max_length=64), AfterValidator(_zone)]
QueueName = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")]
SpokenLanguage = Annotated[str, Field(pattern=r"^(zh-CN|en)$")]
#: A step, a question, an answer or an outcome.
Word = Annotated[str, Field(min_length=1, max_length=128)]


class _Runs(Query):
    from_: When | None = Field(None, alias="from")
    to: When | None = None
    version: Version | None = None
    agent: Id | None = None
    queue: QueueName | None = None
    language: SpokenLanguage | None = None


class ResultsQuery(_Runs):
    """Which calls: begun in a span of time (the last thirty days when none is given), in a version, after an
    agent, of a queue, in a language. ``by`` tells them apart; days, weeks and months are those of
    ``time_zone``. ``population`` is how many could have been asked.
    """

    by: GroupBy | None = None
    time_zone: TimeZone = "UTC"
    population: int | None = Field(None, ge=1, le=2**53 - 1)


class ResultCallsQuery(PageQuery, _Runs):
    """Which calls, as for the results; and which of them: those that answered a question (of a sub-flow
    ``asked_in``), with a value, or that ended in a way.
    """

    asked_in: FlowName | None = None
    question: Word | None = None
    value: Word | None = None
    outcome: Word | None = None


class ExportQuery(_Runs):
    """Which calls, as for the results."""


@routes.get("/api/v1/flows/{flow}/results", roles=LEADERS, scope=Scope.SURVEYS_READ, summary="Read results")
async def read_flow_results(request: web.Request, flow: FlowName, query: ResultsQuery) -> FlowResultsView:
    """Counts, shares, means, CSAT and NPS of each question with margins of error, and what became of the
    calls. ``definitions`` say how each figure is computed, in the reader's language.
    """
    wanted = _wanted(flow, query)
    async with request.app[ENGINE].connect() as connection:
        runs = await results_store.count_runs(connection, wanted, by=query.by, zone=query.time_zone)
        answers = await results_store.count_answers(connection, wanted, by=query.by, zone=query.time_zone)
        ends = await results_store.count_ends(connection, wanted)
        names = await _agent_names(connection) if query.by is GroupBy.AGENT else {}
        versions = await results_store.list_versions(connection, wanted, limit=MOST_VERSIONS)
    questions = await questions_in(request.app[FLOW_BOOK], flow, versions)
    groups = group_views(runs, answers, questions, names=names, population=query.population)
    return FlowResultsView(
        flow=flow,
        from_at=instant(wanted.from_at.timestamp()),
        to_at=instant(wanted.to_at.timestamp()),
        by=query.by,
        population=query.population,
        runs=runs_view(runs),
        questions=[
            question_view(asked_in, figures, questions)
            for asked_in, figures in all_figures(answers, questions, query.population)
        ],
        ends=[end_view(end) for end in ends],
        groups=groups if query.by is not None else [],
        definitions=definitions(reader_language(request)),
    )


@routes.get(
    "/api/v1/flows/{flow}/results/calls",
    roles=LEADERS,
    scope=Scope.SURVEYS_READ,
    summary="List the calls behind a figure",
)
async def list_result_calls(
    request: web.Request, principal: Principal, flow: FlowName, query: ResultCallsQuery
) -> Page[ResultCallView]:
    """Newest first. To an integration that may not see numbers nobody answered a question of the kind
    `digits`.
    """
    answered = AnswerFilter(
        flow=query.asked_in,
        question=query.question,
        value=query.value,
        outcome=query.outcome,
        digits=principal.has_scope(Scope.NUMBERS_READ),
    )
    after = None
    if query.cursor:
        at, run = decode_cursor(query.cursor, tuple[CursorMicroseconds, str])
        after = _EPOCH + timedelta(microseconds=at), run
    async with request.app[ENGINE].connect() as connection:
        found, following = await results_store.page_runs(
            connection, _wanted(flow, query), answered, limit=query.limit, after=after
        )
    cursor = None
    if following is not None:
        cursor = encode_cursor((following[0] - _EPOCH) // timedelta(microseconds=1), following[1])
    return Page(items=[call_view(run) for run in found], next_cursor=cursor)


@routes.get(
    "/api/v1/flows/{flow}/results.csv",
    roles=LEADERS,
    scope=Scope.SURVEYS_READ,
    summary="Export answers",
    media_type="text/csv",
    timeout_seconds=None,
)
async def export_flow_results(
    request: web.Request, principal: Principal, flow: FlowName, query: ExportQuery
) -> web.StreamResponse:
    """Every answer as a line of CSV (UTF-8), the oldest first, headings in the reader's language.

    `X-Total-Rows` says how many lines will come, so a reader can show progress, and see whether all came.
    Integrations see masked numbers unless granted.
    """
    wanted = _wanted(flow, query)
    async with request.app[ENGINE].connect() as connection:
        count = await results_store.count_rows(connection, wanted)
    rows = export(
        request.app[ENGINE],
        wanted,
        language=reader_language(request),
        full_numbers=principal.has_scope(Scope.NUMBERS_READ),
    )
    log.info("results.exported", flow=flow, rows=count, by=principal.key)
    return await csv_stream(
        request, f"{flow.replace('/', '-')}.csv", rows, headers={"X-Total-Rows": str(count)}
    )


def check_span(from_at: datetime, to_at: datetime) -> None:
    """A span of time that results can be read of.

    Raises:
        Problem: `results.span_invalid`.
    """
    if not timedelta() < to_at - from_at <= timedelta(days=_MOST_DAYS):
        raise Problem("results.span_invalid")


def _wanted(flow: str, query: _Runs) -> RunFilter:
    """The runs that a query names.

    Raises:
        Problem: `results.span_invalid`.
    """
    to_at = query.to or datetime.now(UTC)
    from_at = query.from_ or to_at - timedelta(days=_DEFAULT_DAYS)
    check_span(from_at, to_at)
    return RunFilter(
        flow=flow,
        from_at=from_at,
        to_at=to_at,
        version=query.version,
        agent_id=query.agent,
        queue=query.queue,
        language=query.language,
    )


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: What a cursor holds; whoever makes one up gets a refusal, not an error.
CursorMicroseconds = Annotated[int, msgspec.Meta(ge=0, lt=253_402_300_800_000_000)]


async def _agent_names(connection: AsyncConnection) -> dict[str, str]:
    query = sa.select(agents.c.id, users.c.name).join(users, users.c.id == agents.c.user_id)
    return {str(row.id): row.name for row in await connection.execute(query)}
