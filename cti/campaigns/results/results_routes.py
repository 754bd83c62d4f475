"""What came of a campaign's contacts, as a file."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final

import structlog
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.campaigns import store
from cti.campaigns.access import READERS
from cti.campaigns.forms.form import Answer, FormField
from cti.campaigns.results import results_store
from cti.campaigns.results.results_store import ContactResult
from cti.customers.numbers import mask
from cti.http.downloads import csv_stream
from cti.http.keys import ENGINE
from cti.http.principal import Principal, Scope
from cti.http.routing import Routes
from cti.http.shapes import Id, instant
from cti.reference.sheet import write_rows

log = structlog.get_logger(__name__)
routes = Routes(tag="campaigns")

_COLUMNS: Final = (
    *("contact", "phone", "name", "customer", "state", "closed", "attempts", "last_outcome"),
    *("last_attempt_at", "disposition", "agent", "saved_at", "note"),
)
_LINES_AT_A_TIME: Final = 1_000


@routes.get(
    "/api/v1/campaigns/{campaign_id}/results.csv",
    roles=READERS,
    scope=Scope.CALLS_READ,
    media_type="text/csv",
    timeout_seconds=None,
    summary="Read what came of a campaign's contacts as CSV",
)
async def export_results(request: web.Request, principal: Principal, campaign_id: Id) -> web.StreamResponse:
    """Each contact with the network's outcome, the agent's disposition and the answers to the form
    (`answer.NAME`), each apart. No cell is a formula to a spreadsheet; integrations see masked numbers unless
    granted.
    """
    full = principal.has_scope(Scope.NUMBERS_READ)
    async with request.app[ENGINE].connect() as connection:
        definition = (await store.read_campaign(connection, campaign_id)).definition
        log.info("campaign.results_exported", campaign=definition.campaign, by=principal.key)
        pieces = _pieces(connection, campaign_id, definition.form, full_numbers=full)
        return await csv_stream(request, f"{definition.campaign}-results.csv", pieces)


async def _pieces(
    connection: AsyncConnection, campaign_id: int, form: list[FormField], *, full_numbers: bool
) -> AsyncIterator[str]:
    lines: list[list[str | float]] = [[*_COLUMNS, *(f"answer.{field.name}" for field in form)]]
    async for result in results_store.every_result(connection, campaign_id):
        lines.append(_cells(result, form, full_numbers=full_numbers))
        if len(lines) == _LINES_AT_A_TIME:
            yield write_rows(lines)
            lines = []
    yield write_rows(lines)


def _cells(result: ContactResult, form: list[FormField], *, full_numbers: bool) -> list[str | float]:
    answers = result.answers or {}
    return [
        result.id,
        (result.phone if full_numbers else mask(result.phone)) or "",
        result.name or "",
        result.customer or "",
        result.state,
        result.closed or "",
        result.attempts,
        result.last_outcome or "",
        _at(result.last_attempt_at),
        result.disposition or "",
        result.agent or "",
        _at(result.saved_at),
        result.note or "",
        *(_cell(answers.get(field.name)) for field in form),
    ]


def _cell(answer: Answer | None) -> str | float:
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return "" if answer is None else answer


def _at(at: datetime | None) -> str:
    return "" if at is None else instant(at.timestamp())
