"""Agents call somebody from their page: what would come of a number, and the call."""

from typing import Annotated

import msgspec
from aiohttp import web
from pydantic import Field

from cti.agents.click_to_dial import CLICK_TO_DIAL
from cti.customers.numbers import display
from cti.dialling.rules.decision_line import refusal_text
from cti.dialling.rules.whereabouts import zones_of
from cti.http.keys import REGION
from cti.http.language import reader_language
from cti.http.principal import Principal, Role
from cti.http.problems import Problem
from cti.http.routing import Routes
from cti.http.shapes import Accepted, Body, Instant, PlainText, instant_or_none

routes = Routes(tag="agents")

AGENT = (Role.AGENT,)
Number = Annotated[str, Field(pattern=r"^\+?[0-9*]{1,20}$")]


class Dial(Body):
    """Whom to call."""

    number: Number


class DialCheck(Body):
    """A number as somebody types it."""

    number: Annotated[PlainText, Field(min_length=1, max_length=64)]


class DialRefusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why a number is not dialled now, and until when; ``until`` null: waiting alone changes nothing."""

    code: str
    detail: str
    until: Instant | None


class DialView(msgspec.Struct, frozen=True, kw_only=True):
    """What would come of dialling: ``number`` is what would be dialled, ``outside`` whether it leaves the
    house, ``time_zones`` are those in which the person may be.
    """

    number: str
    display: str
    outside: bool
    time_zones: list[str]
    refusal: DialRefusal | None


@routes.post("/api/v1/agent/call/dial", roles=AGENT, status=202, summary="Call a number")
async def agent_dial(request: web.Request, principal: Principal, body: Dial) -> Accepted:
    """Rings one's own phone first. A number outside only when the rules of dialling allow it."""
    await request.app[CLICK_TO_DIAL].dial(_agent_id(principal), body.number)
    return Accepted()


@routes.post("/api/v1/agent/call/dial/check", roles=AGENT, summary="Ask what would come of calling a number")
async def check_dial(request: web.Request, principal: Principal, body: DialCheck) -> DialView:
    """Nothing is dialled and nothing is written down."""
    click, region = request.app[CLICK_TO_DIAL], request.app[REGION]
    typed = "".join(one for one in body.number if one in "+0123456789*")
    if not typed:
        raise Problem("call.number_not_allowed")
    if not click.is_outside(typed):
        return DialView(number=typed, display=typed, outside=False, time_zones=[], refusal=None)
    number = click.number_outside(body.number)
    looked = await click.look(_agent_id(principal), number)
    hold, refusal = looked.record.hold, None
    if hold is not None:
        refusal = DialRefusal(
            code=f"dial.{hold.refusal.value}",
            detail=refusal_text(hold, reader_language(request), click.zone),
            until=instant_or_none(hold.until),
        )
    return DialView(
        number=number, display=display(number, region), outside=True, time_zones=list(zones_of(number)),
        refusal=refusal,
    )  # fmt: skip


def _agent_id(principal: Principal) -> int:
    if principal.agent_id is None:
        raise Problem("agent.none")
    return principal.agent_id
