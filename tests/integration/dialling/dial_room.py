"""Campaigns, contacts and attempts in a database, for tests of whoever dials."""

from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.campaigns import store
from cti.campaigns.model import Campaign, CampaignDefinition, CampaignKind
from cti.campaigns.results import history_store
from cti.campaigns.results.history_store import DecisionEntry
from cti.dialling.records import lease_store
from cti.dialling.records.claims import Claim, ClaimContext, claim
from cti.dialling.rules.campaign_rules import window_of
from cti.dialling.rules.may_dial import DialRules

#: A Wednesday, at noon in Shanghai.
NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC).timestamp()
#: When calling hours end there.
EVENING = datetime(2026, 11, 25, 12, 0, tzinfo=UTC).timestamp()
NEXT_MORNING = datetime(2026, 11, 26, 1, 0, tzinfo=UTC).timestamp()
PHONE = "+8613800138000"
NODE = "pbx1"
HOLDER = "one"
MINUTE = 60.0
HOUR = 3600.0
DAY = 24 * HOUR

_TABLES = (
    "attempts, dial_counters, dial_leases, dial_decisions, contacts, campaigns, do_not_call_entries,"
    " customers"
)


def phone(number: int) -> str:
    """A mobile number of China."""
    return f"+86138{number:08d}"


class DialRoom:
    """What tests do again and again, each in a transaction of its own."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine

    async def clear(self) -> None:
        """Nothing is left, and the limits are those of the first day."""
        await self.run(f"TRUNCATE {_TABLES} CASCADE")
        await self.run("DELETE FROM dial_limits")
        await self.run("INSERT INTO dial_limits DEFAULT VALUES")

    async def run(self, statement: str, **values: Any) -> None:
        """One statement."""
        async with self.engine.begin() as connection:
            await connection.execute(sa.text(statement), values)

    async def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """What a query finds."""
        async with self.engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(sa.text(query), values)]

    async def value(self, query: str, **values: Any) -> Any:
        """The one value that a query finds."""
        ((found,),) = await self.rows(query, **values)
        return found

    async def campaign(self, name: str = "poll", **words: Any) -> Campaign:
        """A campaign that runs."""
        given: dict[str, Any] = {
            "title": {"en": "Poll"},
            "kind": CampaignKind.PROGRESSIVE,
            "queue": "sales",
            "caller_ids": ["+861065529988"],
        }
        definition = CampaignDefinition(campaign=name, **{**given, **words})
        async with self.engine.begin() as connection:
            made = await store.create_campaign(connection, definition, user_id=None)
            await connection.execute(sa.text("UPDATE campaigns SET state = 'running'"))
            return await store.read_campaign(connection, made.id)

    async def contact(self, campaign: Campaign, number: str = PHONE, **columns: Any) -> int:
        """A contact; ``columns`` are those of `contacts`."""
        values = {"campaign_id": campaign.id, "identity": number, "phone": number, **columns}
        names = ", ".join(values)
        given = ", ".join(f":{name}" for name in values)
        async with self.engine.begin() as connection:
            statement = sa.text(f"INSERT INTO contacts ({names}) VALUES ({given}) RETURNING id")
            return int((await connection.execute(statement, values)).scalar_one())

    async def attempt(self, number: str = PHONE, *, at: float, outcome: str = "busy", **columns: Any) -> None:
        """An attempt that was made by hand and ended, sent at an instant and ended ten seconds later."""
        values = {
            "id": f"at-{number[1:]}-{at:.0f}", "phone": number, "purpose": "manual", "node": NODE, "epoch": 1,
            "counted_on": date(2026, 11, 25), "state": "ended", "outcome": outcome,
            "reserved_at": datetime.fromtimestamp(at, UTC), "sent_at": datetime.fromtimestamp(at, UTC),
            "ended_at": datetime.fromtimestamp(at + 10, UTC), "ring_seconds": 25, **columns,
        }  # fmt: skip
        names = ", ".join(values)
        await self.run(
            f"INSERT INTO attempts ({names}) VALUES ({', '.join(f':{name}' for name in values)})", **values
        )

    async def renewal(self, campaign: Campaign, ends_on: date, number: str = PHONE) -> int:
        """A contact about a subscription that ends then."""
        customer = "INSERT INTO customers (name) VALUES ('Wang Fang') RETURNING id"
        subscription = (
            "INSERT INTO subscriptions (customer_id, product, status, starts_on, expires_on)"
            " VALUES (:customer_id, 'Daily', 'active', '2025-12-01', :ends_on) RETURNING id"
        )
        async with self.engine.begin() as connection:
            customer_id = await connection.scalar(sa.text(customer))
            given = {"customer_id": customer_id, "ends_on": ends_on}
            subscription_id = await connection.scalar(sa.text(subscription), given)
        identity = f"subscription:{subscription_id}:{ends_on}"
        return await self.contact(
            campaign, number, identity=identity, customer_id=customer_id, subscription_id=subscription_id
        )

    async def refuse(self, number: str = PHONE, level: str = "global", name: str | None = None) -> None:
        """Somebody does not want to be called."""
        await self.run(
            "INSERT INTO do_not_call_entries (number, level, name, source, added_at)"
            " VALUES (:number, :level, :name, 'person', '2026-11-20T08:00:00Z')",
            number=number, level=level, name=name,
        )  # fmt: skip

    async def context(
        self, campaign: Campaign, now: float = NOW, *, node: str = NODE, holder: str = HOLDER, **words: Any
    ) -> ClaimContext:
        """Whoever claims, with the lease."""
        async with self.engine.begin() as connection:
            lease = await lease_store.take(connection, node, holder, now)
        assert lease is not None
        return ClaimContext(
            **{
                "node": node, "holder": holder, "epoch": lease.epoch, "now": now, "day": date(2026, 11, 25),
                "rules": DialRules(home_region="CN"), "campaign": campaign,
                "window": window_of(campaign.definition, None), **words,
            }
        )  # fmt: skip

    async def claim(self, campaign: Campaign, most: int = 10, now: float = NOW, **words: Any) -> list[Claim]:
        """One claim, committed."""
        context = await self.context(campaign, now, **words)
        async with self.engine.begin() as connection:
            return await claim(connection, context, most)

    async def decisions(self, contact_id: int) -> list[DecisionEntry]:
        """Those about a contact, the newest first."""
        campaign_id = await self.value("SELECT campaign_id FROM contacts WHERE id = :id", id=contact_id)
        async with self.engine.connect() as connection:
            return await history_store.page_decisions(
                connection, campaign_id, contact_id=contact_id, before=None, limit=50
            )

    async def next_at(self, contact_id: int) -> float | None:
        """When a contact is looked at next; None: at any time."""
        at = await self.value(
            "SELECT nullif(next_at, '-infinity') FROM contacts WHERE id = :contact_id", contact_id=contact_id
        )
        return None if at is None else float(at.timestamp())
