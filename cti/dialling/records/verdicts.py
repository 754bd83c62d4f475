"""What an agent says that came of a campaign's call: held against the campaign's definition, and kept with
what it does, in the transaction of the connection that is given.
"""

import contextlib
from collections.abc import Mapping
from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.campaigns.forms.answers import read_answers
from cti.campaigns.forms.dispositions import CampaignDisposition, Next, code_of_call
from cti.campaigns.forms.form import Answer
from cti.dialling.records import result_store
from cti.dialling.records.result_store import AttemptResult, CampaignCall
from cti.do_not_call import store as do_not_call
from cti.do_not_call.model import Level, Source
from cti.http.principal import Principal
from cti.http.problems import FieldError, Problem


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent says. ``code`` is that of the call (`poll/interested`), or the queue's where the campaign
    has no dispositions of its own; ``callback_at`` is for when he has promised to call back.
    """

    code: str
    answers: Mapping[str, Answer | None]
    callback_at: datetime | None


def own_disposition(call: CampaignCall, code: str) -> CampaignDisposition | None:
    """The campaign's own disposition of that code; None where it has none of its own.

    Raises:
        Problem: `disposition.unknown`.
    """
    definition = call.campaign.definition
    if not definition.dispositions:
        return None
    for one in definition.dispositions:
        if code_of_call(definition.campaign, one.code) == code:
            return one
    raise Problem("disposition.unknown")


def result_of(call: CampaignCall, said: Said) -> AttemptResult:
    """What is kept of it.

    Raises:
        Problem: `disposition.unknown`, or `request.invalid` with each field that is wrong.
    """
    own = own_disposition(call, said.code)
    answers, faults = read_answers(
        call.campaign.definition.form, said.answers, complete=own is None or own.next is Next.DONE
    )
    wrong = [FieldError(code=one.code, pointer=f"/answers/{one.name}", params=one.params) for one in faults]
    if own is not None and own.next is Next.CALLBACK and said.callback_at is None:
        wrong.append(FieldError(code="field.missing", pointer="/callback_at"))
    if own is not None and own.next is not Next.CALLBACK and said.callback_at is not None:
        wrong.append(FieldError(code="disposition.no_callback", pointer="/callback_at"))
    if wrong:
        raise Problem("request.invalid", errors=wrong)
    if own is None:
        return AttemptResult(disposition=said.code, answers=answers)
    return AttemptResult(
        disposition=own.code, next=own.next, after_seconds=own.after_seconds, answers=answers
    )


async def keep_verdict(
    connection: AsyncConnection, call: CampaignCall, call_id: str, said: Said, *, agent_id: int, by: Principal
) -> bool:
    """Keep it with what it does to the contact and to the do-not-call list; the call is locked. Whether
    somebody was put on that list.

    Raises:
        Problem: as `result_of`.
    """
    result = result_of(call, said)
    before = await result_store.read_result(connection, call.attempt_id, agent_id)
    refused_before = None if before is None else before.refusal_id
    refusal_id, added = None, False
    if result.next is Next.REFUSE:
        found, added = await _refuse(connection, call, call_id, said, by)
        # What somebody else has put there is not taken back with this.
        refusal_id = found if added or found == refused_before else None
    result = msgspec.structs.replace(result, refusal_id=refusal_id)
    await result_store.keep_result(connection, call, agent_id, result)
    if refused_before is not None and refused_before != refusal_id:
        with contextlib.suppress(Problem):
            # (Somebody may have taken it off the list since.)
            await do_not_call.remove(connection, refused_before, by=by)
    return added


async def _refuse(
    connection: AsyncConnection, call: CampaignCall, call_id: str, said: Said, by: Principal
) -> tuple[int, bool]:
    definition = call.campaign.definition
    own = own_disposition(call, said.code)
    level = (own.level if own is not None else None) or Level.GLOBAL
    names = {Level.CLIENT: definition.client, Level.CAMPAIGN: definition.campaign}
    values = {
        "number": call.phone, "level": level, "name": names.get(level), "reason": said.code,
        "call_id": call_id,
    }  # fmt: skip
    return await do_not_call.add(connection, values, source=Source.AGENT, by=by)
