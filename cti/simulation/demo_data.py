"""What the demonstration finds in its database: people, queues, phones, dialled numbers, customers and a
campaign.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.agents.store import create_device
from cti.agents.tables import devices
from cti.customers.demo import load_demo_customers
from cti.http.principal import Language, Role
from cti.installation.asterisk_plan import DNIS, QUEUES
from cti.ivr.tables import inbound_numbers, survey_settings
from cti.people.store import create_user
from cti.people.tables import users
from cti.queues.store import create_queue
from cti.queues.tables import queues
from cti.simulation import demo_campaign, demo_desk
from cti.simulation.demo_flows import FLOW_NUMBER, flow_number

CUSTOMERS = 5000


@dataclass(frozen=True, kw_only=True)
class DemoUser:
    """Somebody who can sign in; ``simulated`` ones are played by the demonstration itself."""

    username: str
    name: str
    role: Role
    language: Language
    queues: Sequence[str] = ()
    simulated: bool = False


USERS = (
    DemoUser(
        username="agent", name="李静", role=Role.AGENT, language=Language.CHINESE, queues=("sales", "support")
    ),
    DemoUser(username="supervisor", name="Maria Keller", role=Role.SUPERVISOR, language=Language.ENGLISH),
    DemoUser(username="admin", name="陈明", role=Role.ADMIN, language=Language.CHINESE),
    DemoUser(
        username="sim-wang", name="王芳", role=Role.AGENT, language=Language.CHINESE,
        queues=("sales", "overflow"), simulated=True,
    ),
    DemoUser(
        username="sim-harper", name="Noah Harper", role=Role.AGENT, language=Language.ENGLISH,
        queues=("support", "sales"), simulated=True,
    ),
    # Callers keep two busy; these have time for those whom a campaign calls.
    DemoUser(
        username="sim-liu", name="刘洋", role=Role.AGENT, language=Language.CHINESE,
        queues=("sales",), simulated=True,
    ),
    DemoUser(
        username="sim-patel", name="Anita Patel", role=Role.AGENT, language=Language.ENGLISH,
        queues=("sales",), simulated=True,
    ),
)  # fmt: skip

_TITLES = {"sales": "销售 Sales", "support": "客服 Support", "overflow": "备用 Overflow"}
_LANGUAGES = {"zh": "zh-CN", "en": "en"}


async def load(connection: AsyncConnection, passwords: dict[str, str], extensions: Sequence[str]) -> int:
    """Write what is missing, in the connection's transaction; the number of new customers.

    ``passwords`` holds one for each username of ``USERS``; they are set for new users only.
    """
    for number, queue in enumerate(QUEUES):
        if not await _there(connection, queues, queues.c.name == queue.name):
            values: dict[str, object] = {
                "name": queue.name,
                "title": _TITLES[queue.name],
                "extension": queue.extension,
                "language": None,
                "service_level_seconds": queue.service_level_seconds,
                "service_level_target": 0.8,
                "wrap_up_seconds": 20 + 10 * number,
                "missed_offers_limit": 2,
            }
            await create_queue(connection, values, survey=True)
            await connection.execute(
                survey_settings.update()
                .where(survey_settings.c.queue == queue.name)
                .values(second_question=queue.name == "support")
            )
    for dnis in DNIS:
        if not await _there(connection, inbound_numbers, inbound_numbers.c.dnis == dnis.number):
            row = {"dnis": dnis.number, "queue": dnis.queue, "language": _LANGUAGES[dnis.language]}
            await connection.execute(inbound_numbers.insert().values(row))
    if not await _there(connection, inbound_numbers, inbound_numbers.c.dnis == FLOW_NUMBER):
        await connection.execute(inbound_numbers.insert().values(flow_number()))
    for extension in extensions:
        if not await _there(connection, devices, devices.c.extension == extension):
            await create_device(
                connection, name=f"Phone {extension}", interface=f"PJSIP/{extension}", extension=extension
            )
    for user in USERS:
        if not await _there(connection, users, users.c.username == user.username):
            await create_user(
                connection, username=user.username, name=user.name, role=user.role, language=user.language,
                password=passwords[user.username], queues=user.queues,
            )  # fmt: skip
    await demo_desk.load(connection)
    await demo_campaign.load(connection)
    return await load_demo_customers(connection, CUSTOMERS)


async def _there(connection: AsyncConnection, table: sa.Table, which: sa.ColumnElement[bool]) -> bool:
    statement = sa.select(sa.literal(1)).select_from(table).where(which)
    return await connection.scalar(statement) is not None
