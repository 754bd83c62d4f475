"""What holds for everything that dials, and how much of it is used; functions that take a connection."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.campaigns.model import Campaign
from cti.dialling.records.tables import attempts, dial_counters, dial_limits
from cti.dialling.rules.attempt import AttemptState
from cti.dialling.rules.guards import Cap, CapUse
from cti.dialling.rules.retry import AttemptLimits

#: Of attempts that are not over, as the partial indexes have it.
IS_OPEN: Final = attempts.c.state.in_(
    [sa.literal_column(f"'{state.value}'") for state in AttemptState if state.is_open]
)
#: Any number that nobody else locks.
_CLAIMS: Final = 0x0C7107
ALL: Final = "all"


class DialLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The row of `dial_limits`."""

    most_in_day: int
    gap_seconds: int
    abandoned_seconds: int
    calls_per_day: int
    calls_at_once: int
    campaign_calls_per_day: int
    campaign_calls_at_once: int
    agent_calls_per_day: int
    kill_switch: bool

    @property
    def attempts(self) -> AttemptLimits:
        """What a telephone bears."""
        return AttemptLimits(
            most_in_day=self.most_in_day,
            gap_seconds=float(self.gap_seconds),
            abandoned_seconds=float(self.abandoned_seconds),
        )


def campaign_scope(campaign_id: int) -> str:
    """The counter of a campaign."""
    return f"campaign:{campaign_id}"


def agent_scope(agent_id: int) -> str:
    """The counter of an agent."""
    return f"agent:{agent_id}"


async def read_limits(connection: AsyncConnection) -> DialLimits:
    """What is set now."""
    row = (await connection.execute(sa.select(dial_limits))).one()
    return _limits(row)


async def change_limits(
    connection: AsyncConnection, changes: Mapping[str, int | bool], *, user_id: int | None
) -> DialLimits:
    """Set some of them (`kill_switch` too)."""
    statement = (
        sa.update(dial_limits)
        .values({**changes, "changed_at": sa.func.now(), "changed_by": user_id})
        .returning(dial_limits)
    )
    return _limits((await connection.execute(statement)).one())


async def lock_claims(connection: AsyncConnection) -> None:
    """Nobody else claims until the transaction ends, so what is counted of caps stays as it was counted.

    Everything that reserves an attempt takes it first, agents who dial by hand too.
    """
    # A plan is kept, and one that was made while a table was small would read all of it later.
    by_index = sa.func.set_config("enable_seqscan", "off", sa.true())
    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_CLAIMS), by_index))


async def cap_uses(
    connection: AsyncConnection,
    limits: DialLimits,
    day: date,
    *,
    campaign: Campaign | None = None,
    agent_id: int | None = None,
) -> tuple[CapUse, ...]:
    """How much of each cap is used, of all, of a campaign and of an agent, in the order of `Cap`."""
    scopes = [ALL]
    if campaign is not None:
        scopes.append(campaign_scope(campaign.id))
    if agent_id is not None:
        scopes.append(agent_scope(agent_id))
    counted = sa.select(dial_counters.c.scope, dial_counters.c.used).where(
        dial_counters.c.day == day, dial_counters.c.scope.in_(scopes)
    )
    used = {row.scope: row.used for row in await connection.execute(counted)}
    of_campaign = sa.func.count().filter(attempts.c.campaign_id == (campaign.id if campaign else None))
    at_once = (
        await connection.execute(sa.select(sa.func.count(), of_campaign).select_from(attempts).where(IS_OPEN))
    ).one()
    uses = {
        Cap.ALL_IN_DAY: (used.get(ALL, 0), limits.calls_per_day),
        Cap.ALL_AT_ONCE: (at_once[0], limits.calls_at_once),
    }
    if agent_id is not None:
        uses[Cap.AGENT_IN_DAY] = (used.get(agent_scope(agent_id), 0), limits.agent_calls_per_day)
    if campaign is not None:
        caps = campaign.definition.caps
        per_day = _lowest(limits.campaign_calls_per_day, caps.calls_per_day)
        uses[Cap.CAMPAIGN_IN_DAY] = (used.get(campaign_scope(campaign.id), 0), per_day)
        together = _lowest(limits.campaign_calls_at_once, caps.calls_at_once)
        uses[Cap.CAMPAIGN_AT_ONCE] = (at_once[1], together)
    return tuple(CapUse(cap=cap, used=uses[cap][0], most=uses[cap][1]) for cap in Cap if cap in uses)


async def count_calls(connection: AsyncConnection, day: date, scopes: Iterable[str], *, by: int = 1) -> None:
    """Count a call for each time that a scope is named; ``by`` -1 takes it back."""
    counts = Counter(scopes)
    if not counts:
        return
    # Always in the same order, or two could wait for one another.
    rows = [
        {"scope": scope, "day": day, "used": max(0, by * count)} for scope, count in sorted(counts.items())
    ]
    given = insert(dial_counters).values(rows)
    change = {scope: by * count for scope, count in counts.items()}
    added = sa.case(change, value=dial_counters.c.scope, else_=0)
    statement = given.on_conflict_do_update(
        index_elements=["scope", "day"], set_={"used": sa.func.greatest(0, dial_counters.c.used + added)}
    )
    await connection.execute(statement)


def _lowest(most: int, own: int | None) -> int:
    return most if own is None else min(most, own)


def _limits(row: sa.Row[tuple[object, ...]]) -> DialLimits:
    columns = row._mapping  # noqa: SLF001  (SQLAlchemy's public name for it)
    return DialLimits(**{name: columns[name] for name in DialLimits.__struct_fields__})
