"""What agents said of a campaign's calls, in PostgreSQL; functions that work in the transaction of the
connection they are given.
"""

from collections.abc import Collection
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.campaigns import store as campaigns
from cti.campaigns.forms.dispositions import Next
from cti.campaigns.forms.form import Answer
from cti.campaigns.model import Campaign
from cti.dialling.records import contact_store, limits_store
from cti.dialling.records.tables import attempt_results, attempts
from cti.dialling.rules.campaign_rules import limits_of, retries_of
from cti.dialling.rules.outcome import Outcome


class CampaignCall(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt of a campaign, as an agent has the call; ``outcome`` is None while it goes on."""

    attempt_id: str
    campaign: Campaign
    #: None when he was taken away since.
    contact_id: int | None
    #: E.164.
    phone: str
    reserved_at: datetime
    outcome: Outcome | None
    ended_at: datetime | None


class AttemptResult(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent said of an attempt; ``next`` None leaves it to the outcome. ``refusal_id`` is the entry
    of the do-not-call list that it made.
    """

    disposition: str
    next: Next | None = None
    after_seconds: int | None = None
    answers: dict[str, Answer] = {}
    refusal_id: int | None = None


async def find_call(
    connection: AsyncConnection, channel_ids: Collection[str], *, lock: bool = False
) -> CampaignCall | None:
    """The campaign's attempt whose channel is one of those (Uniqueids); None when it is no campaign's call.

    With ``lock`` it does not end, and nobody else says anything of it, until the transaction is over.
    """
    columns = attempts.c
    statement = (
        sa.select(attempts)
        .where(columns.id.in_(channel_ids), columns.campaign_id.is_not(None))
        .order_by(columns.reserved_at.desc())
        .limit(1)
    )
    row = (
        await connection.execute(statement.with_for_update(key_share=True) if lock else statement)
    ).one_or_none()
    if row is None:
        return None
    return CampaignCall(
        attempt_id=row.id,
        campaign=await campaigns.read_campaign(connection, row.campaign_id),
        contact_id=row.contact_id,
        phone=row.phone,
        reserved_at=row.reserved_at,
        outcome=None if row.outcome is None else Outcome(row.outcome),
        ended_at=row.ended_at,
    )


async def read_result(connection: AsyncConnection, attempt_id: str, agent_id: int) -> AttemptResult | None:
    """What one agent said of an attempt."""
    of_agent = (attempt_results.c.attempt_id == attempt_id) & (attempt_results.c.agent_id == agent_id)
    row = (await connection.execute(sa.select(attempt_results).where(of_agent))).one_or_none()
    if row is None:
        return None
    return AttemptResult(
        disposition=row.disposition,
        next=None if row.next is None else Next(row.next),
        after_seconds=row.after_seconds,
        answers=row.answers,
        refusal_id=row.refusal_id,
    )


async def keep_result(
    connection: AsyncConnection, call: CampaignCall, agent_id: int, result: AttemptResult
) -> None:
    """Keep what an agent says of a call that is locked, and what follows for the contact when it is over; of
    one that goes on it follows at its end. Said again it changes.
    """
    # The clock's time, not the transaction's: who waited for the lock has said it last.
    values = {**msgspec.structs.asdict(result), "saved_at": sa.func.clock_timestamp()}
    statement = insert(attempt_results).values(attempt_id=call.attempt_id, agent_id=agent_id, **values)
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["attempt_id", "agent_id"], set_=values)
    )
    if call.outcome is None or call.ended_at is None or call.contact_id is None:
        return
    definition = call.campaign.definition
    limits = (await limits_store.read_limits(connection)).attempts
    await contact_store.follow(
        connection,
        call.contact_id,
        call.attempt_id,
        call.outcome,
        call.ended_at.timestamp(),
        reserved_at=call.reserved_at,
        retries=retries_of(definition),
        limits=limits_of(definition, limits),
    )
