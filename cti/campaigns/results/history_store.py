"""Attempts and decision records of a campaign or of one contact, read in pages, the newest first."""

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.agents.tables import agents
from cti.campaigns.forms.form import Answer
from cti.dialling.records.result_sql import ANSWERS_SAID, DISPOSITION_SAID
from cti.dialling.records.tables import attempts, dial_decisions
from cti.dialling.rules.decision_record import DecisionRecord
from cti.people.tables import users

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
#: Where an attempt stands in the list: microseconds since the epoch, and its id.
Place = tuple[int, str]


class AttemptEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt as people look at it; None is what did not happen or is not known."""

    id: str
    campaign_version: int | None
    contact_id: int | None
    phone: str
    purpose: str
    agent: str | None
    caller_id: str | None
    sent_by: str | None
    state: str
    outcome: str | None
    #: With what its flow ended.
    flow_outcome: str | None
    reserved_at: datetime
    sent_at: datetime | None
    ringing_at: datetime | None
    answered_at: datetime | None
    connected_at: datetime | None
    ended_at: datetime | None
    hangup_cause: int | None
    sip_status: int | None
    unknown_why: str | None
    call_id: str | None
    #: What the last agent who said something said of it, and filled in.
    disposition: str | None
    answers: dict[str, Answer] | None

    @property
    def place(self) -> Place:
        """Where it stands in the list."""
        return (self.reserved_at - _EPOCH) // _MICROSECOND, self.id


class DecisionEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A decision record with what it is about."""

    id: int
    contact_id: int | None
    attempt_id: str | None
    record: DecisionRecord


_SAID: Final = (DISPOSITION_SAID, ANSWERS_SAID)
_COLUMNS: Final = tuple(attempts.c[name] for name in AttemptEntry.__struct_fields__ if name in attempts.c)


async def page_attempts(
    connection: AsyncConnection, campaign_id: int, *, contact_id: int | None, before: Place | None, limit: int
) -> list[AttemptEntry]:
    """Attempts of a campaign, or of one contact of it; those that stand behind ``before``."""
    columns = attempts.c
    statement = (
        sa.select(*_COLUMNS, users.c.name.label("agent"), *_SAID)
        .outerjoin(agents, agents.c.id == columns.agent_id)
        .outerjoin(users, users.c.id == agents.c.user_id)
        .where(columns.campaign_id == campaign_id)
        .order_by(columns.reserved_at.desc(), columns.id.desc())
        .limit(limit)
    )
    if contact_id is not None:
        statement = statement.where(columns.contact_id == contact_id)
    if before is not None:
        at, attempt_id = before
        place = sa.tuple_(columns.reserved_at, columns.id)
        last = sa.tuple_(
            sa.literal(_EPOCH + at * _MICROSECOND), sa.literal(attempt_id, sa.Text(collation="C"))
        )
        statement = statement.where(place < last)
    return [AttemptEntry(**row) for row in (await connection.execute(statement)).mappings()]


async def page_decisions(
    connection: AsyncConnection, campaign_id: int, *, contact_id: int | None, before: int | None, limit: int
) -> list[DecisionEntry]:
    """Decision records of a campaign, or of one contact of it; those older than the one of id ``before``."""
    columns = dial_decisions.c
    statement = (
        sa.select(columns.id, columns.contact_id, columns.attempt_id, columns.record)
        .where(columns.campaign_id == campaign_id)
        .order_by(columns.id.desc())
        .limit(limit)
    )
    if contact_id is not None:
        statement = statement.where(columns.contact_id == contact_id)
    if before is not None:
        statement = statement.where(columns.id < before)
    return [_decision(row) for row in (await connection.execute(statement)).mappings()]


def _decision(row: sa.RowMapping) -> DecisionEntry:
    return DecisionEntry(
        id=row["id"],
        contact_id=row["contact_id"],
        attempt_id=row["attempt_id"],
        record=msgspec.convert(row["record"], DecisionRecord),
    )
