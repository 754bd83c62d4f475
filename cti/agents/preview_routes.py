"""Contacts of campaigns that an agent is shown before he dials."""

import msgspec
from aiohttp import web

from cti.agents.click_to_dial import CLICK_TO_DIAL
from cti.agents.dial_routes import DialRefusal
from cti.agents.directory import DIRECTORY
from cti.customers.numbers import display
from cti.dialling.manual.manual_dialling import Looked
from cti.dialling.manual.preview import PREVIEWS, Previews, Shown
from cti.dialling.rules.decision_line import refusal_text
from cti.dialling.rules.decision_record import DecisionRecord, Hold
from cti.dialling.rules.whereabouts import zones_of
from cti.http.keys import REGION
from cti.http.language import reader_language, text_in
from cti.http.principal import Principal, Role
from cti.http.problems import Problem
from cti.http.routing import Nothing, Routes
from cti.http.shapes import Accepted, instant_or_none

routes = Routes(tag="agents")

AGENT = (Role.AGENT,)


class PreviewContact(msgspec.Struct, frozen=True, kw_only=True):
    """Who is shown: ``campaign`` and ``script`` are in the reader's language."""

    id: int
    campaign: str
    script: str | None
    name: str | None
    number: str
    number_display: str
    time_zones: list[str]
    details: dict[str, str]


class PreviewView(msgspec.Struct, frozen=True, kw_only=True):
    """Who is shown, or why nobody is; both null: nobody is left. ``campaigns`` is how many there are."""

    campaigns: int
    contact: PreviewContact | None
    refusal: DialRefusal | None


@routes.get("/api/v1/agent/preview", roles=AGENT, summary="Ask whether there are contacts to look at")
async def read_preview(request: web.Request, principal: Principal) -> PreviewView:
    """Nobody is shown yet."""
    previews = request.app.get(PREVIEWS)
    found = [] if previews is None else previews.campaigns(_queues(request, principal))
    return PreviewView(campaigns=len(found), contact=None, refusal=None)


@routes.post("/api/v1/agent/preview/next", roles=AGENT, summary="Be shown a contact")
async def next_preview(request: web.Request, principal: Principal, body: Nothing) -> PreviewView:  # noqa: ARG001
    """The same until he is dialled or passed over; nobody else is shown him meanwhile."""
    return await _next(request, principal)


@routes.post("/api/v1/agent/preview/skip", roles=AGENT, summary="Pass over a contact")
async def skip_preview(request: web.Request, principal: Principal, body: Nothing) -> PreviewView:  # noqa: ARG001
    """And be shown the next; for an hour nobody is shown him."""
    await _previews(request).skip(_agent_id(principal))
    return await _next(request, principal)


@routes.post("/api/v1/agent/preview/dial", roles=AGENT, status=202, summary="Call the contact that is shown")
async def dial_preview(request: web.Request, principal: Principal, body: Nothing) -> Accepted:  # noqa: ARG001
    """Rings one's own phone first."""
    agent_id, click = _agent_id(principal), request.app[CLICK_TO_DIAL]
    click.require_free(agent_id)
    made = await _previews(request).claim(agent_id)
    if made is None:
        raise Problem("preview.none")
    if isinstance(made, Hold):
        raise click.problem(Looked(record=DecisionRecord(at=click.now(), hold=made)))
    click.dial_shown(agent_id, made)
    return Accepted()


async def _next(request: web.Request, principal: Principal) -> PreviewView:
    previews, queues = _previews(request), _queues(request, principal)
    found = await previews.next(_agent_id(principal), queues)
    refusal = None
    if isinstance(found, Hold):
        refusal = DialRefusal(
            code=f"dial.{found.refusal.value}",
            detail=refusal_text(found, reader_language(request), request.app[CLICK_TO_DIAL].zone),
            until=instant_or_none(found.until),
        )
    return PreviewView(
        campaigns=len(previews.campaigns(queues)),
        contact=_contact(request, found) if isinstance(found, Shown) else None,
        refusal=refusal,
    )


def _contact(request: web.Request, shown: Shown) -> PreviewContact:
    language, claim, definition = reader_language(request), shown.claim, shown.campaign.definition
    return PreviewContact(
        id=claim.contact_id,
        campaign=text_in(definition.title, language) or definition.campaign,
        script=text_in(definition.script or {}, language),
        name=claim.name,
        number=claim.phone,
        number_display=display(claim.phone, request.app[REGION]),
        time_zones=list(zones_of(claim.phone)),
        details=claim.details,
    )


def _previews(request: web.Request) -> Previews:
    previews = request.app.get(PREVIEWS)
    if previews is None:
        raise Problem("preview.none")
    return previews


def _queues(request: web.Request, principal: Principal) -> tuple[str, ...]:
    entry = request.app[DIRECTORY].agents.get(principal.agent_id or 0)
    return () if entry is None else entry.queues


def _agent_id(principal: Principal) -> int:
    if principal.agent_id is None:
        raise Problem("agent.none")
    return principal.agent_id
