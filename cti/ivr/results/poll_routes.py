"""Published results: admins publish and withdraw them, everybody sees them."""

from datetime import datetime
from typing import Annotated, Final

import msgspec
import structlog
from aiohttp import web
from pydantic import Field

from cti.flows.words import NAME_PATTERN
from cti.http.keys import ENGINE
from cti.http.language import reader_language
from cti.http.principal import Language, Principal
from cti.http.routing import PUBLIC, Routes
from cti.http.shapes import Body, Instant, Items, PlainText, Query, When, instant, instant_or_none
from cti.ivr.library import flow_store
from cti.ivr.library.flow_routes import ADMIN, LEADERS, FlowName
from cti.ivr.results import poll_store
from cti.ivr.results.poll_page import render, render_nothing
from cti.ivr.results.poll_pages import FRESH_SECONDS, PollPages
from cti.ivr.results.poll_store import NewPoll, Poll
from cti.ivr.results.results_routes import check_span

log = structlog.get_logger(__name__)
routes = Routes(tag="polls")

POLL_PAGES: web.AppKey[PollPages] = web.AppKey("poll_pages")

PublicId = Annotated[str, Field(max_length=64)]
Title = Annotated[PlainText, Field(min_length=1, max_length=200)]
Sample = Annotated[PlainText, Field(min_length=1, max_length=2000)]
Question = Annotated[str, Field(pattern=NAME_PATTERN, max_length=64)]
_CACHED: Final = f"public, max-age={FRESH_SECONDS:.0f}"


class _Titles(Body):
    en: Title
    zh_cn: Title = Field(alias="zh-CN")


class _Samples(Body):
    en: Sample
    zh_cn: Sample = Field(alias="zh-CN")


class NewPollBody(Body):
    """What everybody may see: calls that began in a span of time, under a title.

    ``sample`` says who was asked and how they were chosen, ``population`` how many could have been asked.
    ``questions`` are the names of those that are told; all that are counted without it.
    """

    title: _Titles
    sample: _Samples
    from_: When = Field(alias="from")
    to: When
    population: int | None = Field(None, ge=1, le=2**53 - 1)
    questions: Annotated[list[Question], Field(min_length=1, max_length=50)] | None = None


class PageLanguageQuery(Query):
    """In which language; as the browser prefers when none is given."""

    language: Language | None = None


class PollView(msgspec.Struct, frozen=True, kw_only=True):
    """Published results; everybody sees them at ``path`` until they are withdrawn."""

    public_id: str
    path: str
    flow: str
    title: dict[str, str]
    sample: dict[str, str]
    from_at: Instant
    to_at: Instant
    population: int | None
    questions: list[str] | None
    published_at: Instant
    published_by: str | None
    withdrawn_at: Instant | None


@routes.get("/api/v1/flows/{flow}/polls", roles=LEADERS, summary="List published results")
async def list_flow_polls(request: web.Request, flow: FlowName) -> Items[PollView]:
    """The newest first, also those that were withdrawn."""
    async with request.app[ENGINE].connect() as connection:
        await flow_store.read_flow(connection, flow)
        found = await poll_store.list_polls(connection, flow)
    return Items(items=[_view(poll) for poll in found])


@routes.post("/api/v1/flows/{flow}/polls", roles=ADMIN, status=201, summary="Publish results")
async def publish_poll(
    request: web.Request, principal: Principal, flow: FlowName, body: NewPollBody
) -> PollView:
    """Under an address that nobody guesses. Only totals of five answers or more are told, with margins of
    error.
    """
    check_span(body.from_, body.to)
    new = NewPoll(
        flow=flow,
        title=_texts(body.title),
        sample=_texts(body.sample),
        from_at=body.from_,
        to_at=body.to,
        population=body.population,
        questions=body.questions,
    )
    async with request.app[ENGINE].begin() as connection:
        await flow_store.read_flow(connection, flow)
        poll = await poll_store.publish(connection, new, by=principal.user_id)
    log.info("poll.published", flow=flow, poll=poll.public_id[:6], by=principal.key)
    return _view(poll)


@routes.delete("/api/v1/flows/{flow}/polls/{public_id}", roles=ADMIN, summary="Withdraw published results")
async def withdraw_poll(
    request: web.Request, principal: Principal, flow: FlowName, public_id: PublicId
) -> None:
    """Nobody sees them any more, but for copies of the page that are at most a minute old."""
    async with request.app[ENGINE].begin() as connection:
        await poll_store.withdraw(connection, flow, public_id)
    request.app[POLL_PAGES].forget(public_id)
    log.info("poll.withdrawn", flow=flow, poll=public_id[:6], by=principal.key)


@routes.get("/polls/{public_id}", roles=PUBLIC, media_type="text/html", summary="See published results")
async def see_poll(request: web.Request, public_id: PublicId, query: PageLanguageQuery) -> web.Response:
    """One page that needs nothing else, for everybody who knows its address."""
    language = query.language or reader_language(request)
    page = await request.app[POLL_PAGES].page(public_id)
    text = render_nothing(language) if page is None else render(page, language)
    headers = {
        "Cache-Control": "no-store" if page is None else _CACHED,
        "Content-Language": language.value,
        "Vary": "Accept-Language, Cookie",
        "X-Robots-Tag": "noindex",
    }
    return web.Response(
        text=text, content_type="text/html", status=404 if page is None else 200, headers=headers
    )


def _texts(texts: _Titles | _Samples) -> dict[str, str]:
    return {Language.ENGLISH.value: texts.en, Language.CHINESE.value: texts.zh_cn}


def _view(poll: Poll) -> PollView:
    return PollView(
        public_id=poll.public_id,
        path=f"/polls/{poll.public_id}",
        flow=poll.flow,
        title=poll.title,
        sample=poll.sample,
        from_at=_at(poll.from_at),
        to_at=_at(poll.to_at),
        population=poll.population,
        questions=poll.questions,
        published_at=_at(poll.published_at),
        published_by=poll.published_by,
        withdrawn_at=instant_or_none(poll.withdrawn_at.timestamp() if poll.withdrawn_at else None),
    )


def _at(at: datetime) -> str:
    return instant(at.timestamp())
