"""Contacts as those who dial see them: who is next, who is being called, when again; functions that work in
the transaction of the connection they are given. Instants are epoch seconds.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.campaigns.forms.dispositions import Next
from cti.campaigns.tables import contacts
from cti.dialling.records.result_sql import NEXT_SAID, SAID_WRONG_NUMBER, SECONDS_SAID
from cti.dialling.records.tables import attempts
from cti.dialling.rules.outcome import Outcome
from cti.dialling.rules.retry import (
    AttemptLimits,
    Closed,
    RetryRules,
    Verdict,
    after_attempt,
    after_flow,
    after_verdict,
)

_COLUMNS: Final = (
    "id, phone, other_phones, name, language, time_zone, customer_id, consent, details, attempts,"
    " nullif(next_at, '-infinity') AS not_before, last_flow_outcome AS flow_outcome,"
    " starts_with(identity, 'subscription:') AS is_renewal"
)
_TURN: Final = f"""
        SELECT {_COLUMNS} FROM contacts
        WHERE campaign_id = :campaign_id AND state = 'open' AND priority = levels.priority
"""  # noqa: S608  (constants of ours)
_DUE: Final = _TURN + "AND next_at > '-infinity' AND next_at <= to_timestamp(CAST(:now AS double precision))"
_HALF: Final = "(CAST(:most AS integer) + 1) / 2"
#: By priority. Of one priority those whose time has come go before those who were never looked at, but with
#: half of the room first: those who come due day after day to be refused must not keep the others waiting.
#: Each step reads as many rows of the index as it gives, however many contacts there are; were it said that
#: `next_at` equals something, the order would be that of the primary key, and that be read instead.
_NEXT: Final = sa.text(
    f"""
WITH RECURSIVE levels (priority) AS (
    SELECT max(priority) FROM contacts WHERE campaign_id = :campaign_id AND state = 'open'
    UNION ALL
    SELECT (
        SELECT max(priority) FROM contacts
        WHERE campaign_id = :campaign_id AND state = 'open' AND priority < levels.priority
    ) FROM levels WHERE levels.priority IS NOT NULL
)
SELECT picked.* FROM levels CROSS JOIN LATERAL (
    SELECT * FROM ({_DUE} ORDER BY next_at, id LIMIT {_HALF} FOR UPDATE SKIP LOCKED) AS due
    UNION ALL
    SELECT * FROM (
        {_TURN} AND next_at <= '-infinity' ORDER BY next_at, id LIMIT CAST(:most AS integer)
        FOR UPDATE SKIP LOCKED
    ) AS fresh
    UNION ALL
    SELECT * FROM (
        {_DUE} ORDER BY next_at, id LIMIT CAST(:most AS integer) OFFSET {_HALF} FOR UPDATE SKIP LOCKED
    ) AS rest
) AS picked
WHERE levels.priority IS NOT NULL LIMIT CAST(:most AS integer)
"""  # noqa: S608  (constants of ours)
).columns(details=JSONB)
_LOOK_ANEW: Final = sa.text(
    """
UPDATE contacts SET next_at = '-infinity', put_off = false
WHERE id IN (
    SELECT id FROM contacts
    WHERE campaign_id = :campaign_id AND state = 'open' AND put_off
        AND next_at > to_timestamp(CAST(:now AS double precision))
    LIMIT CAST(:most AS integer) FOR UPDATE SKIP LOCKED
)
"""
)
_ONE: Final = sa.text(
    f"""
SELECT {_COLUMNS} FROM contacts
WHERE id = :contact_id AND campaign_id = :campaign_id AND state <> 'dialling' FOR UPDATE
"""  # noqa: S608  (constants of ours)
).columns(details=JSONB)
_DEFER: Final = sa.text(
    """
UPDATE contacts SET next_at = to_timestamp(given.at), put_off = :put_off
FROM unnest(:ids, :ats) AS given (id, at) WHERE contacts.id = given.id
"""
).bindparams(
    sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger)),
    sa.bindparam("ats", type_=sa.ARRAY(sa.Float)),
    sa.bindparam("put_off", type_=sa.Boolean),
)


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A contact who may be the next. ``phone`` is the one of his telephones whose turn it is."""

    id: int
    phone: str
    name: str | None
    language: str | None
    time_zone: str | None
    customer_id: int | None
    consent: str | None
    details: dict[str, str]
    not_before: float | None
    #: After what his flow has ended with he is called again; None: that is not why.
    flow_outcome: str | None
    #: Whether he is called about a subscription that ends.
    is_renewal: bool


async def candidates(connection: AsyncConnection, campaign_id: int, now: float, most: int) -> list[Candidate]:
    """Who is next in a campaign, locked until the transaction ends; whom another has locked is left out."""
    given = {"campaign_id": campaign_id, "now": now, "most": most}
    # Somebody who is unlocked meanwhile moves the others by one place.
    rows = {row.id: row for row in await connection.execute(_NEXT, given)}
    return await _with_their_phones(connection, list(rows.values()))


async def candidate(connection: AsyncConnection, campaign_id: int, contact_id: int) -> Candidate | None:
    """One contact of a campaign whatever his turn is, locked; None when there is none or he is called now."""
    given = {"campaign_id": campaign_id, "contact_id": contact_id}
    found = await _with_their_phones(connection, list(await connection.execute(_ONE, given)))
    return found[0] if found else None


async def defer(connection: AsyncConnection, until: Mapping[int, float], *, by_rules: bool = True) -> None:
    """Contacts are not looked at again before an instant, by id. Put off ``by_rules`` they are looked at anew
    when the campaign has others.
    """
    if until:
        given = {"ids": list(until), "ats": list(until.values()), "put_off": by_rules}
        await connection.execute(_DEFER, given)


async def look_anew(connection: AsyncConnection, campaign_id: int, now: float, most: int) -> int:
    """Up to so many whom the last look has put off are looked at at any time; how many there were. Who was
    called keeps the time at which he is called again.
    """
    given = {"campaign_id": campaign_id, "now": now, "most": most}
    return (await connection.execute(_LOOK_ANEW, given)).rowcount


async def take(connection: AsyncConnection, contact_ids: Sequence[int]) -> None:
    """They are being called."""
    if contact_ids:
        which = contacts.c.id.in_(contact_ids)
        await connection.execute(sa.update(contacts).where(which).values(state="dialling", closed=None))


async def put_back(connection: AsyncConnection, contact_ids: Sequence[int]) -> None:
    """They were not called after all."""
    if contact_ids:
        which = contacts.c.id.in_(contact_ids) & (contacts.c.state == "dialling")
        await connection.execute(sa.update(contacts).where(which).values(state="open"))


async def follow(
    connection: AsyncConnection,
    contact_id: int,
    attempt_id: str,
    outcome: Outcome,
    ended_at: float,
    *,
    reserved_at: datetime,
    retries: RetryRules,
    limits: AttemptLimits,
) -> None:
    """What an attempt that ended means for its contact, unless he was called again since: when next, or why
    not. What an agent said of it goes before what its flow ended with, and that before the outcome.
    """
    columns = attempts.c
    known = sa.select(
        columns.id, columns.outcome, columns.flow_outcome, columns.reserved_at, NEXT_SAID, SECONDS_SAID
    ).where(columns.contact_id == contact_id)
    made = {row.id: row for row in await connection.execute(known)}
    this = made.pop(attempt_id, None)
    if any(row.reserved_at > reserved_at and row.outcome != Outcome.NOT_SENT for row in made.values()):
        return
    earlier = [
        Outcome.WRONG_NUMBER if row.next_said == Next.WRONG_NUMBER else Outcome(row.outcome)
        for row in made.values()
        if row.outcome is not None
    ]
    numbers = await connection.scalar(
        sa.select(1 + sa.func.cardinality(contacts.c.other_phones)).where(contacts.c.id == contact_id)
    )
    by_flow: float | Closed | None = None
    if this is not None and this.next_said is not None and outcome.is_attempt:
        verdict = Verdict(next=Next(this.next_said), after_seconds=this.seconds_said)
        after = after_verdict(verdict, ended_at, earlier, limits=limits, numbers=numbers or 1)
    else:
        if this is not None and this.flow_outcome is not None and outcome is Outcome.ANSWERED:
            by_flow = after_flow(
                this.flow_outcome, ended_at, earlier, [row.flow_outcome for row in made.values()],
                retries=retries.flow_outcomes, limits=limits,
            )  # fmt: skip
        by_outcome = after_attempt(
            outcome, ended_at, earlier, retries=retries.outcomes, limits=limits, numbers=numbers or 1
        )
        after = by_outcome if by_flow is None else by_flow
    values: dict[str, Any] = {
        "attempts": sum(one.is_attempt for one in (*earlier, outcome)),
        "last_outcome": outcome.value,
        "last_attempt_at": datetime.fromtimestamp(ended_at, UTC),
    }
    if outcome.is_attempt:
        values["last_flow_outcome"] = None if this is None or by_flow is None else this.flow_outcome
    if isinstance(after, Closed):
        values |= {"state": "closed", "closed": after.value}
    else:
        next_at = datetime.fromtimestamp(after, UTC)
        values |= {"state": "open", "closed": None, "next_at": next_at, "put_off": False}
    await connection.execute(sa.update(contacts).where(contacts.c.id == contact_id).values(values))


async def _with_their_phones(connection: AsyncConnection, rows: Sequence[sa.Row[Any]]) -> list[Candidate]:
    """Each with the telephone whose turn it is: one after the other, but none that turned out to be wrong.
    Who is called again after what his flow ended with is called where he was reached.
    """
    several = [row.id for row in rows if row.other_phones and row.attempts]
    wrong: defaultdict[int, set[str]] = defaultdict(set)
    if several:
        # The network says so, or an agent does.
        is_wrong = (attempts.c.outcome == Outcome.WRONG_NUMBER.value) | SAID_WRONG_NUMBER
        which = attempts.c.contact_id.in_(several) & is_wrong
        for found in await connection.execute(
            sa.select(attempts.c.contact_id, attempts.c.phone).where(which)
        ):
            wrong[found.contact_id].add(found.phone)
    asked = [row.id for row in rows if row.id in several and row.flow_outcome is not None]
    reached: dict[int, str] = {}
    if asked:
        which = attempts.c.contact_id.in_(asked) & (attempts.c.outcome == Outcome.ANSWERED.value)
        for found in await connection.execute(
            sa.select(attempts.c.contact_id, attempts.c.phone).where(which).order_by(attempts.c.reserved_at)
        ):
            reached[found.contact_id] = found.phone
    return [_candidate(row, wrong[row.id], reached.get(row.id)) for row in rows]


def _candidate(row: sa.Row[Any], wrong: set[str], reached: str | None) -> Candidate:
    phones = [row.phone, *row.other_phones]
    left = [phone for phone in phones if phone not in wrong] or phones
    return Candidate(
        id=row.id,
        phone=reached if reached is not None and reached in left else left[row.attempts % len(left)],
        name=row.name,
        language=row.language,
        time_zone=row.time_zone,
        customer_id=row.customer_id,
        consent=row.consent,
        details=row.details,
        not_before=None if row.not_before is None else row.not_before.timestamp(),
        flow_outcome=row.flow_outcome,
        is_renewal=row.is_renewal,
    )
