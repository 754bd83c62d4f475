"""What people say of calls that Asterisk took for a machine's, in PostgreSQL; works in the transaction of the
connection that is given.

A person who was taken for a machine was abandoned: nobody was there for him. So the verdict changes what
became of the attempt, and with it the abandoned calls of its campaign, the 72 hours of its telephone and when
its contact is called next; a verdict that is taken back changes it back. Each verdict is kept, with who gave
it and who took it back.
"""

from datetime import UTC, datetime
from typing import Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.campaigns.model import Campaign
from cti.campaigns.tables import contacts
from cti.dialling.records import attempt_store, contact_store, limits_store
from cti.dialling.records.attempt_store import AttemptRow
from cti.dialling.records.tables import attempts, machine_reviews
from cti.dialling.rules.attempt import AttemptState
from cti.dialling.rules.campaign_rules import limits_of, retries_of
from cti.dialling.rules.machine_suspicion import Verdict
from cti.dialling.rules.outcome import Machine, Outcome, outcome_of
from cti.http.problems import Problem

#: Of a verdict that was neither taken back nor followed by another.
IN_FORCE: Final = machine_reviews.c.undone_at.is_(None)
#: What became of a call of which a verdict can be given.
_JUDGED: Final = (Outcome.MACHINE, Outcome.ABANDONED)


async def judge(
    connection: AsyncConnection,
    campaign: Campaign,
    attempt_id: str,
    verdict: Verdict | None,
    *,
    user_id: int | None,
    now: datetime,
) -> bool:
    """Give a verdict on one of the campaign's attempts, or take it back (None); False when it is so already.

    Raises:
        Problem: `attempt.not_found`, `attempt.no_machine`.
    """
    attempt = await _locked(connection, campaign.id, attempt_id)
    mine = machine_reviews.c.attempt_id == attempt_id
    known = await connection.scalar(sa.select(machine_reviews.c.verdict).where(mine, IN_FORCE))
    if known == verdict:
        return False
    undone = {"undone_at": now, "undone_by": user_id}
    await connection.execute(sa.update(machine_reviews).where(mine, IN_FORCE).values(undone))
    if verdict is not None:
        given = {
            "attempt_id": attempt_id,
            "verdict": verdict.value,
            "reviewed_at": now,
            "reviewed_by": user_id,
        }
        await connection.execute(sa.insert(machine_reviews).values(given))
    is_person = verdict is Verdict.PERSON
    if is_person is not attempt.machine_was_person:
        await _change(connection, campaign, attempt, is_person=is_person)
    return True


async def _locked(connection: AsyncConnection, campaign_id: int, attempt_id: str) -> AttemptRow:
    columns = attempts.c
    which = (columns.id == attempt_id) & (columns.campaign_id == campaign_id)
    await connection.execute(sa.select(columns.id).where(which).with_for_update())
    attempt = await attempt_store.read_attempt(connection, attempt_id)
    if attempt is None or attempt.campaign_id != campaign_id:
        raise Problem("attempt.not_found", attempt=attempt_id)
    is_machines = attempt.evidence.machine is Machine.MACHINE and attempt.outcome in _JUDGED
    if attempt.state is not AttemptState.ENDED or not is_machines:
        raise Problem("attempt.no_machine")
    return attempt


async def _change(
    connection: AsyncConnection, campaign: Campaign, attempt: AttemptRow, *, is_person: bool
) -> None:
    # Asterisk had listened, so somebody had answered; and whoever it was, he was with nobody.
    seen = msgspec.structs.replace(
        attempt.evidence, answered=True, connected=bool(attempt.connected), machine_was_person=is_person
    )
    outcome = outcome_of(seen)
    ended_at = sa.func.coalesce(attempts.c.abandoned_at, attempts.c.ended_at)
    never = sa.func.nullif(attempts.c.abandoned_at, attempts.c.ended_at)
    values = {
        "outcome": outcome.value,
        "machine_was_person": is_person,
        "abandoned_at": ended_at if is_person else never,
    }
    await connection.execute(sa.update(attempts).where(attempts.c.id == attempt.id).values(values))
    if attempt.contact_id is None or attempt.ended_at is None:
        return
    # Whoever claims him now has done so before, or waits: otherwise he would be open while he is called.
    await connection.execute(
        sa.select(contacts.c.id).where(contacts.c.id == attempt.contact_id).with_for_update()
    )
    limits = (await limits_store.read_limits(connection)).attempts
    await contact_store.follow(
        connection,
        attempt.contact_id,
        attempt.id,
        outcome,
        attempt.ended_at,
        reserved_at=datetime.fromtimestamp(attempt.reserved_at, UTC),
        retries=retries_of(campaign.definition),
        limits=limits_of(campaign.definition, limits),
    )
