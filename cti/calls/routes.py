"""Calls of the past and of now, read."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Literal

from aiohttp import web
from pydantic import BeforeValidator, Field

from cti.calls import store
from cti.calls.call_views import CallDetailView, detail_view, summary_view
from cti.calls.flow_views import Questions
from cti.calls.store import CallDetail, CallFilter, CursorError
from cti.customers.model import RecentCall
from cti.customers.numbers import parse_e164
from cti.flows.question_list import Question
from cti.http.keys import ENGINE, REGION
from cti.http.principal import PERSON, Principal, Role, Scope
from cti.http.problems import Problem
from cti.http.routing import Routes
from cti.http.shapes import Id, Page, PageQuery, When

routes = Routes(tag="calls")

#: What a version of a flow asks, by the flow that asks (a sub-flow too) and the question's name.
ASKED: web.AppKey[Callable[[str, list[str]], Awaitable[Mapping[tuple[str, str], Question]]]] = web.AppKey(
    "asked"
)

CallId = Annotated[str, Field(min_length=1, max_length=150)]


def _whole(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() else value


class CallsQuery(PageQuery):
    """Which calls: begun in a span of time, of a queue, of an agent (`me` is oneself), with a number."""

    from_: When | None = Field(None, alias="from")
    to: When | None = None
    queue: str | None = Field(None, pattern=r"^[a-z0-9-]{1,64}$")
    agent: Annotated[Literal["me"] | Id, BeforeValidator(_whole)] | None = None
    number: str | None = Field(None, min_length=1, max_length=64)


@routes.get("/api/v1/calls", roles=PERSON, scope=Scope.CALLS_READ, summary="List calls")
async def list_calls(request: web.Request, principal: Principal, query: CallsQuery) -> Page[RecentCall]:
    """Newest first. Agents see those they had a part in, integrations masked numbers unless granted."""
    agent_id = query.agent if isinstance(query.agent, int) else None
    if query.agent == "me":
        agent_id = principal.agent_id
        if agent_id is None:
            raise Problem("agent.none")
    if principal.role is Role.AGENT:
        if agent_id not in (None, principal.agent_id):
            raise Problem("auth.forbidden")
        agent_id = _agent_id(principal)
    numbers = None
    if query.number is not None:
        e164 = parse_e164(query.number, request.app[REGION])
        numbers = [query.number] if e164 is None else [query.number, e164]
    wanted = CallFilter(
        from_at=query.from_, to_at=query.to, queue=query.queue, agent_id=agent_id, numbers=numbers
    )
    try:
        async with request.app[ENGINE].connect() as connection:
            found, cursor = await store.page_calls(connection, wanted, limit=query.limit, cursor=query.cursor)
    except CursorError:
        raise Problem("paging.cursor_invalid") from None
    full = _sees_full_numbers(principal)
    return Page(items=[summary_view(call, full_numbers=full) for call in found], next_cursor=cursor)


@routes.get("/api/v1/calls/{call_id}", roles=PERSON, scope=Scope.CALLS_READ, summary="Read a call")
async def read_call(request: web.Request, principal: Principal, call_id: CallId) -> CallDetailView:
    """With its legs, spans, queue entries, offers, transfers, survey and verdicts."""
    async with request.app[ENGINE].connect() as connection:
        found = await store.get_call(connection, call_id)
        if found is not None and principal.role is Role.AGENT:
            mine = await store.was_handled_by(connection, found.summary.id, _agent_id(principal))
            found = found if mine else None
    if found is None:
        raise Problem("call.not_found")
    questions = await _questions(request, found)
    return detail_view(found, full_numbers=_sees_full_numbers(principal), questions=questions)


async def _questions(request: web.Request, call: CallDetail) -> Questions:
    found = {}
    for flow, version in {(run["flow"], run["version"]) for run in call.flow_runs}:
        for (asking, name), question in (await request.app[ASKED](flow, [version])).items():
            found[version, asking, name] = question
    return found


def _sees_full_numbers(principal: Principal) -> bool:
    return principal.has_scope(Scope.NUMBERS_READ)


def _agent_id(principal: Principal) -> int:
    if principal.agent_id is None:
        raise Problem("agent.none")
    return principal.agent_id
