"""Where campaigns stand and whether anybody is dialled at all, in PostgreSQL; works in the transaction of the
connection that is given.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.campaigns.model import CampaignState
from cti.campaigns.runs.running import Surroundings
from cti.campaigns.tables import campaigns, contacts
from cti.dialling.records.limits_store import IS_OPEN, change_limits, read_limits
from cti.dialling.records.tables import attempts, dial_limits
from cti.flows.model import FlowKind
from cti.hours.tables import calendars
from cti.http.problems import Problem
from cti.ivr.library.flow_tables import flows
from cti.ivr.tables import inbound_numbers
from cti.people.tables import users
from cti.queues.tables import queues


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a campaign stands, since when, and who brought it there; None before the first order, or when the
    service did it.
    """

    state: CampaignState
    changed_at: datetime | None
    changed_by: str | None
    started_at: datetime | None


class CampaignMark(msgspec.Struct, frozen=True, kw_only=True):
    """Which campaign, where it stands, and by which version of its definition."""

    id: int
    state: CampaignState
    version: int


class KillSwitch(msgspec.Struct, frozen=True, kw_only=True):
    """Whether all dialling is switched off; who changed what holds for all dialling last, and when."""

    on: bool
    changed_at: datetime
    changed_by: str | None


async def list_marks(connection: AsyncConnection) -> list[CampaignMark]:
    """Of all campaigns, the first made first."""
    statement = sa.select(campaigns.c.id, campaigns.c.state, campaigns.c.version).order_by(campaigns.c.id)
    return [
        CampaignMark(id=row.id, state=CampaignState(row.state), version=row.version)
        for row in await connection.execute(statement)
    ]


async def read_standing(connection: AsyncConnection, campaign_id: int) -> Standing:
    """Where a campaign stands.

    Raises:
        Problem: `campaign.not_found`.
    """
    statement = (
        sa.select(
            campaigns.c.state, campaigns.c.changed_state_at, campaigns.c.started_at, users.c.name.label("by")
        )
        .outerjoin(users, users.c.id == campaigns.c.changed_state_by)
        .where(campaigns.c.id == campaign_id)
    )
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise Problem("campaign.not_found", campaign=campaign_id)
    return Standing(
        state=CampaignState(row.state),
        changed_at=row.changed_state_at,
        changed_by=row.by,
        started_at=row.started_at,
    )


async def set_state(
    connection: AsyncConnection, campaign_id: int, state: CampaignState, *, user_id: int | None
) -> None:
    """Bring a campaign into a state; the caller holds it."""
    values: dict[str, Any] = {
        "state": state.value,
        "changed_state_at": sa.func.now(),
        "changed_state_by": user_id,
    }
    if state is CampaignState.RUNNING:
        values["started_at"] = sa.func.coalesce(campaigns.c.started_at, sa.func.now())
    await connection.execute(sa.update(campaigns).where(campaigns.c.id == campaign_id).values(values))


async def read_surroundings(
    connection: AsyncConnection,
    campaign_id: int,
    e164: Callable[[str], str | None],
    caller_ids: Collection[str],
) -> Surroundings:
    """What a campaign would find now; ``e164`` reads a telephone number. Ours are ``caller_ids``; when there
    are none, all that lead to us.
    """
    open_contact = sa.select(contacts.c.id).where(
        # Written out, so that the index of those is used.
        contacts.c.campaign_id == campaign_id,
        contacts.c.state == sa.literal_column("'open'"),
    )
    active = sa.select(flows.c.name).where(
        flows.c.kind == FlowKind.OUTBOUND.value, flows.c.active_version.is_not(None)
    )
    return Surroundings(
        kill_switch=(await read_kill_switch(connection)).on,
        has_open_contact=bool(await connection.scalar(sa.select(sa.exists(open_contact)))),
        own_numbers=await read_own_numbers(connection, e164, caller_ids),
        active_flows=set(await connection.scalars(active)),
        queues=set(await connection.scalars(sa.select(queues.c.name))),
        calendars=set(await connection.scalars(sa.select(calendars.c.name))),
    )


async def read_own_numbers(
    connection: AsyncConnection, e164: Callable[[str], str | None], caller_ids: Collection[str]
) -> frozenset[str]:
    """The numbers (E.164) that people who are called may see: ``caller_ids``; when there are none, all that
    lead to us. ``e164`` reads a telephone number.
    """
    if caller_ids:
        return frozenset(caller_ids)
    dialled = await connection.scalars(sa.select(inbound_numbers.c.dnis))
    return frozenset(number for number in map(e164, dialled) if number is not None)


async def count_in_flight(connection: AsyncConnection, campaign_id: int) -> int:
    """Attempts of a campaign that are not over."""
    mine = (attempts.c.campaign_id == campaign_id) & IS_OPEN
    return int(await connection.scalar(sa.select(sa.func.count()).where(mine)) or 0)


async def read_kill_switch(connection: AsyncConnection) -> KillSwitch:
    """Whether all dialling is switched off."""
    statement = sa.select(
        dial_limits.c.kill_switch, dial_limits.c.changed_at, users.c.name.label("by")
    ).outerjoin(users, users.c.id == dial_limits.c.changed_by)
    row = (await connection.execute(statement)).one()
    return KillSwitch(on=row.kill_switch, changed_at=row.changed_at, changed_by=row.by)


async def set_kill_switch(connection: AsyncConnection, *, on: bool, user_id: int | None) -> bool:
    """Switch all dialling off, or on again; False when it was so already, and nothing is changed."""
    if (await read_limits(connection)).kill_switch is on:
        return False
    await change_limits(connection, {"kill_switch": on}, user_id=user_id)
    return True
