"""A campaign that runs in a laboratory: its contacts, the telephones that it calls, and what came of it."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import asyncpg

from cti.campaigns import store
from cti.campaigns.model import CallingWindow as Window
from cti.campaigns.model import CampaignDefinition, CampaignKind, CampaignState, Caps, Contact
from cti.db.engine import open_engine, plain_dsn
from cti.simulation.phone import Behaviour
from cti.simulation.sip import uri_of, user_of

SECONDS = 60.0
FLOW = "renewal-reminder"
#: Whenever the tests run.
ALWAYS = Window(from_="00:00", to="24:00")


def phones(count: int, first: int = 0) -> list[str]:
    """So many telephones of China."""
    return [f"+86138001380{number:02d}" for number in range(first, first + count)]


def definition(kind: CampaignKind, **changes: Any) -> CampaignDefinition:
    """A campaign of a flow, or of the agents of `sales`."""
    given: dict[str, Any] = {
        "campaign": f"spring-{kind.value.replace('_', '-')}",
        "title": {"en": "Spring", "zh-CN": "春季"},
        "kind": kind,
        "caller_ids": ["+8621555501"],
        "window": ALWAYS,
        "ring_seconds": 15,
        "caps": Caps(),
        **({"flow": FLOW} if kind is CampaignKind.IVR else {"queue": "sales"}),
    }
    return CampaignDefinition(**{**given, **changes})


async def empty(url: str) -> None:
    """The database, which is migrated, without campaigns, attempts and refusals; agents need not wrap up."""
    await execute(
        url, "TRUNCATE campaigns, attempts, dial_counters, dial_leases, do_not_call_entries CASCADE"
    )
    await execute(
        url,
        "INSERT INTO queues (name, title, wrap_up_seconds) VALUES ('sales', 'Sales', 0)"
        " ON CONFLICT (name) DO UPDATE SET wrap_up_seconds = 0",
    )


async def campaign(url: str, words: CampaignDefinition, numbers: Sequence[str]) -> int:
    """A campaign that runs, with a contact for each number; its id."""
    async with open_engine(url) as engine, engine.begin() as connection:
        made = await store.create_campaign(connection, words, user_id=None)
        for number in numbers:
            await store.add_contact(connection, made.id, Contact(phone=number))
    await enter(url, made.id, CampaignState.RUNNING)
    return made.id


async def enter(url: str, campaign_id: int, state: CampaignState) -> None:
    """Puts a campaign into a state, as its page does."""
    await execute(url, f"UPDATE campaigns SET state = '{state.value}' WHERE id = {campaign_id}")


async def execute(url: str, statement: str) -> None:
    """One statement."""
    connection = await asyncpg.connect(plain_dsn(url))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def rows(url: str, query: str) -> list[asyncpg.Record]:
    """What a query finds."""
    connection = await asyncpg.connect(plain_dsn(url))
    try:
        return list(await connection.fetch(query))
    finally:
        await connection.close()


async def there(url: str, query: str, seconds: float = SECONDS) -> None:
    """Waits until a query finds something."""
    async with asyncio.timeout(seconds):
        while not await rows(url, query):  # noqa: ASYNC110  (the database tells no one)
            await asyncio.sleep(0.05)


async def outcomes(url: str, count: int, seconds: float = SECONDS) -> dict[str, str]:
    """The outcomes by number, once so many attempts that were sent are over."""
    async with asyncio.timeout(seconds):
        while True:
            found = await rows(
                url, "SELECT phone, outcome FROM attempts WHERE outcome <> 'not_sent' ORDER BY ended_at"
            )
            if len(found) >= count:
                assert len({row["phone"] for row in found}) == len(found)
                return {row["phone"]: row["outcome"] for row in found}
            await asyncio.sleep(0.2)


async def until(holds: Callable[[], bool], seconds: float = SECONDS) -> None:
    """Waits until something holds that nothing tells of."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110  (many things make it true)
            await asyncio.sleep(0.02)


def called(call: Any) -> str:
    """The number that Asterisk dialled to reach a telephone."""
    return user_of(uri_of(call.dialog.local))


def times_called(carrier: Any) -> Counter[str]:
    """How often each number was called."""
    return Counter(called(call) for call in carrier.calls)


def by_number(behaviours: Mapping[str, Behaviour], otherwise: Behaviour) -> Behaviour:
    """The script of a network in which each number behaves in its own way."""

    async def behaviour(call: Any) -> None:
        await behaviours.get(called(call), otherwise)(call)

    return behaviour
