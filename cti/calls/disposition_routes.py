"""What an agent says of a call: what he may say, and that he has said it."""

from collections.abc import Callable
from typing import Annotated

import structlog
from aiohttp import web
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.agents import store as agents
from cti.agents.view_model import DispositionView
from cti.agents.views import VIEWS
from cti.callbacks.agreed_store import promise_callback, withdraw_callback
from cti.callbacks.due import DUE_CALLBACKS, Place
from cti.calls import store
from cti.calls.call_views import SavedDisposition, disposition_view
from cti.calls.disposition_form import DispositionForm, campaign_form, general_form
from cti.calls.routes import CallId
from cti.campaigns.forms.dispositions import LONGEST_CODE
from cti.campaigns.forms.form import FIELD_PATTERN, LONGEST_FIELD_NAME, MOST_FIELDS
from cti.customers.numbers import parse_e164
from cti.dialling.records import result_store
from cti.dialling.records.result_store import CampaignCall
from cti.dialling.records.verdicts import Said, keep_verdict, own_disposition
from cti.do_not_call.list import DO_NOT_CALL
from cti.http.keys import ENGINE, REGION
from cti.http.language import reader_language
from cti.http.principal import Principal, Role
from cti.http.problems import FieldError, Problem
from cti.http.routing import Routes
from cti.http.shapes import Body, PlainText, Query, When

log = structlog.get_logger(__name__)
routes = Routes(tag="calls")

#: Called with an agent's id after he saved his verdict.
DISPOSITION_SAVED: web.AppKey[Callable[[int], None]] = web.AppKey("disposition_saved")

AGENT = (Role.AGENT,)
_LONGEST_CAMPAIGN = 64
FieldName = Annotated[str, Field(pattern=FIELD_PATTERN, max_length=LONGEST_FIELD_NAME)]
#: Strict, so that `true` is no number and `1` no truth.
AnswerValue = PlainText | bool | int | float


class FormQuery(Query):
    """Of which queue, where a call is no campaign's."""

    queue: str | None = Field(None, pattern=r"^[a-z0-9-]{1,64}$")


class NewDisposition(Body):
    """The agent's verdict; ``callback_at`` promises the other party to be called back, ``answers`` are those
    to the campaign's form. ``code`` is as the form of the call offers it.
    """

    code: str = Field(min_length=1, max_length=_LONGEST_CAMPAIGN + 1 + LONGEST_CODE)
    note: Annotated[PlainText, Field(max_length=4000)] | None = None
    callback_at: When | None = None
    answers: dict[FieldName, AnswerValue | None] = Field(default_factory=dict, max_length=MOST_FIELDS)


@routes.get(
    "/api/v1/calls/{call_id}/disposition-form",
    roles=AGENT,
    summary="What may be said of a call, and filled in",
)
async def read_disposition_form(
    request: web.Request, principal: Principal, call_id: CallId, query: FormQuery
) -> DispositionForm:
    """Of a campaign's call its script, its dispositions and its form; otherwise what its queue offers."""
    agent_id, language = _agent_id(principal), reader_language(request)
    async with request.app[ENGINE].connect() as connection:
        await _require_part(request, connection, call_id, agent_id)
        offered = await agents.list_dispositions(connection, language, query.queue)
        call = await _campaign_call(request, connection, call_id)
        if call is None:
            return general_form(offered)
        saved = await result_store.read_result(connection, call.attempt_id, agent_id)
    answers = None if saved is None else saved.answers
    return campaign_form(call.campaign.definition, offered, answers, language)


@routes.put("/api/v1/calls/{call_id}/disposition", roles=AGENT, summary="Say what a call was about")
async def save_disposition(
    request: web.Request, principal: Principal, call_id: CallId, body: NewDisposition
) -> SavedDisposition:
    """For a call that the agent had a part in; saying it again changes it, and what follows from it."""
    agent_id = _agent_id(principal)
    views, refused = request.app[VIEWS], False
    async with request.app[ENGINE].begin() as connection:
        await _require_part(request, connection, call_id, agent_id)
        call = await _campaign_call(request, connection, call_id, lock=True)
        own = None if call is None else own_disposition(call, body.code)
        if own is None and not await agents.is_disposition(connection, body.code):
            raise Problem("disposition.unknown")
        if call is not None:
            said = Said(code=body.code, answers=body.answers, callback_at=body.callback_at)
            refused = await keep_verdict(connection, call, call_id, said, agent_id=agent_id, by=principal)
        elif body.answers:
            wrong = [FieldError(code="field.unknown", pointer=f"/answers/{name}") for name in body.answers]
            raise Problem("request.invalid", errors=wrong)
        saved = await store.save_disposition(
            connection,
            call_id=call_id,
            agent_id=agent_id,
            code=body.code,
            note=body.note or "",
            callback_at=body.callback_at,
        )
        promised = await _keep_promise(request, connection, saved, call)
    if refused:
        request.app[DO_NOT_CALL].tell_added()
    if call is not None:
        log.info("disposition.saved", attempt=call.attempt_id, code=saved.code, by=principal.key)
    views.keep_disposition(agent_id, call_id, DispositionView(code=saved.code, note=saved.note or None))
    request.app[DISPOSITION_SAVED](agent_id)
    if promised:
        await request.app[DUE_CALLBACKS].changed({Place(agent_id, None)})
    return disposition_view(saved)


async def _require_part(
    request: web.Request, connection: AsyncConnection, call_id: str, agent_id: int
) -> None:
    """The agent has the call, or had a part in it."""
    if request.app[VIEWS].has_call(agent_id, call_id):
        return
    if not await store.was_handled_by(connection, call_id, agent_id):
        raise Problem("call.not_found")


async def _campaign_call(
    request: web.Request, connection: AsyncConnection, call_id: str, *, lock: bool = False
) -> CampaignCall | None:
    # While the call goes on its rows may not be there yet; once it has left the board they are.
    channels = set(request.app[VIEWS].channels_of(call_id))
    channels |= await store.channel_ids(connection, call_id)
    return await result_store.find_call(connection, channels, lock=lock)


async def _keep_promise(
    request: web.Request, connection: AsyncConnection, saved: store.Disposition, campaign: CampaignCall | None
) -> bool:
    """Whether a callback was promised, moved or taken back with it."""
    if saved.callback_at is None:
        return await withdraw_callback(connection, saved.call_id)
    call = await store.get_summary(connection, saved.call_id)
    raw, customer_id = request.app[VIEWS].number_of(saved.call_id), None
    if call is not None:
        raw = call.dialled_number if call.direction == "outbound" else call.caller_number
        customer_id = call.customer_id
    e164 = parse_e164(raw or "", request.app[REGION]) if campaign is None else campaign.phone
    if customer_id is None and e164 is None:
        raise Problem("callback.no_number")
    await promise_callback(
        connection,
        call_id=saved.call_id,
        agent_id=saved.agent_id,
        customer_id=customer_id,
        e164=e164,
        due_at=saved.callback_at,
        note=saved.note or None,
    )
    return True


def _agent_id(principal: Principal) -> int:
    if principal.agent_id is None:
        raise Problem("agent.none")
    return principal.agent_id
