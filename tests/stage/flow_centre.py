"""The whole service with every shipped flow behind a number, and callers who key when they are asked.

There are data for the flows to find, and an endpoint that takes their messages.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec
from aiohttp import ClientSession, CookieJar, web
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.agents.tables import agents
from cti.customers.tables import customer_numbers, customers, subscriptions
from cti.db.engine import open_engine, plain_dsn
from cti.flows.document import flow_of
from cti.flows.library import FOLDER
from cti.hours import store as hours
from cti.hours.model import Span, SpecialDay
from cti.http.principal import Language, Role
from cti.ivr.library.flow_book import new_version
from cti.ivr.library.flow_store import register_shipped
from cti.ivr.model import InboundRoute
from cti.ivr.store import write_inbound_numbers
from cti.people.passwords import generate_password
from cti.people.phone_access import set_access
from cti.people.store import create_user
from cti.reference import store as reference
from cti.reference.model import Column, ColumnType, Row
from cti.simulation.call import SimulatedCall
from cti.simulation.lab import Lab
from cti.simulation.phone import SimulatedPhone
from tests.stage.whole_service import ServiceProcess

PASSWORD: Final = generate_password()
STAFF_NUMBER: Final = "4711"
PIN: Final = "271828"
#: An agent with a page (`rae`), in no queue, at a phone of his own.
REMOTE_AGENT: Final = 103
REMOTE_PHONE: Final = "13700137000"
#: The only customer, and numbers of his.
CUSTOMER: Final = "王芳"
CUSTOMER_NUMBERS: Final = tuple(f"+861380013801{digit}" for digit in range(10))

MENU, ON_HOLIDAY, RENEWAL, MACHINE, SILENT_MACHINE, POLL, TIP, INFORMATION, SWITCH, ADVERTISER = (
    str(number) for number in range(4101, 4111)
)
_LINES: Final = {
    MENU: "main-menu",
    ON_HOLIDAY: "main-menu",
    RENEWAL: "renewal-person",
    MACHINE: "renewal-machine",
    SILENT_MACHINE: "renewal-silent",
    POLL: "topic-poll",
    TIP: "news-tip-line",
    INFORMATION: "information-line",
    SWITCH: "announcement-switch",
    ADVERTISER: "connect-advertiser",
}
_REMINDERS: Final = {
    "renewal-person": {"answered_by": "person", "language": "zh-CN", "queue": "sales"},
    "renewal-machine": {"answered_by": "machine", "machine": "message", "language": "zh-CN"},
    "renewal-silent": {"answered_by": "machine", "machine": "silent", "language": "zh-CN"},
}
_SECONDS: Final = 90.0
#: Between the question's beginning and the key.
_THINKING_SECONDS: Final = 0.6
_STEPS: Final = """
SELECT s.step FROM flow_steps s JOIN flow_runs r ON r.id = s.run_id JOIN calls c ON c.id = r.call_id
 WHERE c.caller_number = $1 AND s.step = $2 AND NOT s.mistake"""
_TEXT, _DIGITS, _MONEY, _PROMPT = ColumnType.TEXT, ColumnType.DIGITS, ColumnType.MONEY, ColumnType.PROMPT
_TABLES: Final[dict[str, tuple[dict[str, ColumnType], tuple[Row, ...]]]] = {
    "lines": (
        {"dialled": _DIGITS, "greeting": _PROMPT, "calendar": _TEXT},
        (
            {"dialled": MENU, "greeting": "welcome", "calendar": "always"},
            {"dialled": ON_HOLIDAY, "greeting": "welcome", "calendar": "holiday"},
        ),
    ),
    "products": (
        {"number": _DIGITS, "name": _TEXT, "price": _MONEY},
        ({"number": "2", "name": "晚报全年", "price": 288},),
    ),
    "branches": (
        {"area": _DIGITS, "address": _TEXT, "phone": _DIGITS},
        ({"area": "021", "address": "上海市黄浦区南京东路一号", "phone": "02160001234"},),
    ),
    "responsible": (
        {"topic": _TEXT, "agent": _DIGITS, "name": _TEXT, "phone": _DIGITS},
        (
            {"topic": "property", "agent": "102"},
            {"topic": "jobs", "agent": str(REMOTE_AGENT), "name": "Rae", "phone": REMOTE_PHONE},
        ),
    ),
}


class FlowCentre:
    """What runs; ``messages`` are what the endpoint was sent, by its name."""

    def __init__(self, lab: Lab, service: ServiceProcess, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self.lab = lab
        self.service = service
        self.messages: dict[str, list[dict[str, Any]]] = {}
        self._pool = pool

    async def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What a query finds now."""
        return [tuple(row) for row in await self._pool.fetch(query, *values)]

    async def until(self, query: str, *values: object, count: int = 1) -> list[tuple[Any, ...]]:
        """The rows, once there are so many."""
        found: list[tuple[Any, ...]] = []
        try:
            async with asyncio.timeout(_SECONDS):
                while len(found := await self.rows(query, *values)) < count:  # noqa: ASYNC110  (it tells no one)
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(
                f"{values or query}: {len(found)} of {count} after {_SECONDS:.0f} s"
            ) from None
        return found

    async def task_of(self, number: str) -> dict[str, Any]:
        """The one task that a caller's call opened."""
        columns = ("kind", "queue", "supervisor", "reference", "recording", "details")
        (found,) = await self.until(f"SELECT {', '.join(columns)} FROM tasks WHERE number = $1", number)
        task = dict(zip(columns, found, strict=True))
        return {**task, "details": msgspec.json.decode(task["details"])}

    async def ask(self, path: str) -> Any:
        """What an admin gets."""
        async with self._signed_in("ada") as session:
            return await self._get(session, path)

    async def page(self, username: str, state: str) -> dict[str, Any]:
        """The call on an agent's page, once he is in a state."""
        async with self._signed_in(username) as session, asyncio.timeout(_SECONDS):
            while (page := await self._get(session, "agent"))["state"] != state:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        return dict(page["call"])

    @contextlib.asynccontextmanager
    async def _signed_in(self, username: str) -> AsyncIterator[ClientSession]:
        async with ClientSession(cookie_jar=CookieJar(unsafe=True), raise_for_status=True) as session:
            form = {"username": username, "password": PASSWORD}
            async with session.post(f"{self.service.url}/api/v1/session", json=form):
                yield session

    async def _get(self, session: ClientSession, path: str) -> Any:
        async with session.get(f"{self.service.url}/api/v1/{path}") as answer:
            return await answer.json()

    async def take_message(self, request: web.Request) -> web.Response:
        """The endpoints' server."""
        self.messages.setdefault(request.match_info["name"], []).append(await request.json())
        return web.Response(status=204)


class FlowCaller:
    """Somebody who calls from a number (national, as the network gives it) and keys what he is asked."""

    def __init__(self, centre: FlowCentre, call: SimulatedCall, number: str) -> None:
        self.centre = centre
        self.call = call
        self.number = f"+86{number}"
        #: RTP packets of what he hears, since he began to listen.
        self.packets: list[bytes] = []

    @classmethod
    async def dial(
        cls, centre: FlowCentre, trunk: SimulatedPhone, line: str, number: str, *, shown: str = ""
    ) -> "FlowCaller":
        """He has dialled, and was answered; ``shown`` comes as his number, if it is none."""
        call = await trunk.dial(line, caller=shown or number)
        async with asyncio.timeout(_SECONDS):
            assert await call.answered(), call.status
        caller = cls(centre, call, number)
        if shown:
            caller.number = shown
        return caller

    async def at(self, step: str, times: int = 1) -> None:
        """Waits until his call has come to a step (so often)."""
        await self.centre.until(_STEPS, self.number, step, count=times)

    async def key(self, *keyed: tuple[str, str]) -> None:
        """At each step keys; a step that comes again is waited for again."""
        seen: dict[str, int] = {}
        for step, keys in keyed:
            seen[step] = seen.get(step, 0) + 1
            await self.at(step, seen[step])
            await self.press(keys)

    async def press(self, keys: str, *, after: float = _THINKING_SECONDS) -> None:
        """Thinks and keys."""
        await self.call.stay(after)
        assert not self.call.over, f"{self.number} was hung up on before he keyed {keys}"
        await self.call.press(keys)

    async def speak(self, step: str) -> None:
        """Does not listen to what he is told before the beep, says something, and ends it by a key."""
        await self.at(step)
        await self.press("*")
        await self.press("#", after=4.0)

    def listen(self) -> None:
        """From now on what he hears is kept."""
        assert self.call.audio is not None
        self.packets.clear()
        self.call.audio.datagram_received = lambda data, addr: self.packets.append(data)  # type: ignore[method-assign]

    async def outcome(self) -> str:
        """How his flow ended, once he was hung up on."""
        try:
            async with asyncio.timeout(_SECONDS):
                await self.call.ended()
        except TimeoutError:
            raise AssertionError(f"{self.number} is still there, at {await self.steps()}") from None
        return await self.recorded_outcome()

    async def recorded_outcome(self) -> str:
        """How his flow ended."""
        query = (
            "SELECT r.outcome FROM flow_runs r JOIN calls c ON c.id = r.call_id"
            " WHERE c.caller_number = $1 AND r.outcome IS NOT NULL"
        )
        ((outcome,),) = await self.centre.until(query, self.number)
        return str(outcome)

    async def steps(self) -> list[str]:
        """All steps of his call."""
        query = (
            "SELECT s.step FROM flow_steps s JOIN calls c ON c.id = s.call_id"
            " WHERE c.caller_number = $1 ORDER BY s.ordinal"
        )
        return [str(step) for (step,) in await self.centre.rows(query, self.number)]

    async def way_to(self, step: str) -> str:
        """By which way his call came to a step last."""
        query = (
            "SELECT s.way FROM flow_steps s JOIN calls c ON c.id = s.call_id"
            " WHERE c.caller_number = $1 AND s.step = $2 ORDER BY s.ordinal DESC"
        )
        return str((await self.centre.rows(query, self.number, step))[0][0])

    async def answers(self) -> list[tuple[str, str]]:
        """(question, value) of all his answers."""
        query = (
            "SELECT a.question, a.value FROM flow_answers a JOIN calls c ON c.id = a.call_id"
            " WHERE c.caller_number = $1 ORDER BY a.ordinal"
        )
        return [(str(question), str(value)) for question, value in await self.centre.rows(query, self.number)]


@contextlib.asynccontextmanager
async def flow_centre(
    lab: Lab, url: str, home: Path, *, endpoints: Sequence[str] = ("renewals", "transcription")
) -> AsyncIterator[FlowCentre]:
    """The service, ready, on a migrated database; its settings name these endpoints."""
    async with open_engine(url) as engine, engine.begin() as connection:
        await _people(connection)
        await _customer(connection)
        await _hours(connection)
        await _tables(connection)
        await _flows(connection)
    async with contextlib.AsyncExitStack() as stack:
        pool = await stack.enter_async_context(asyncpg.create_pool(plain_dsn(url), min_size=1, max_size=4))
        service = ServiceProcess(lab, home, url)
        centre = FlowCentre(lab, service, pool)
        address = await _endpoint(stack, centre)
        service.changes["endpoints"] = " ".join(f"{name}={address}/{name}" for name in endpoints)
        await service.start()
        stack.push_async_callback(service.stop)
        await service.ready()
        yield centre


async def _endpoint(stack: contextlib.AsyncExitStack, centre: FlowCentre) -> str:
    app = web.Application()
    app.router.add_post("/{name}", centre.take_message)
    runner = web.AppRunner(app)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    return f"http://{host}:{port}"


async def _people(connection: AsyncConnection) -> None:
    for username, role in (("ada", Role.ADMIN), ("rae", Role.AGENT), ("sue", Role.SUPERVISOR)):
        user = await create_user(
            connection, username=username, name=username.title(), role=role, language=Language.ENGLISH,
            password=PASSWORD,
        )  # fmt: skip
    await connection.execute(agents.update().values(id=REMOTE_AGENT))
    await set_access(connection, user.id, pin=PIN, staff_number=STAFF_NUMBER)


async def _customer(connection: AsyncConnection) -> None:
    added = customers.insert().values(name=CUSTOMER, language="zh-CN").returning(customers.c.id)
    customer_id = await connection.scalar(added)
    for position, e164 in enumerate(CUSTOMER_NUMBERS):
        row = {"customer_id": customer_id, "e164": e164, "position": position}
        await connection.execute(customer_numbers.insert().values(row))
    today = datetime.now(UTC).date()
    await connection.execute(
        subscriptions.insert().values(
            customer_id=customer_id,
            product="日报全年",
            status="active",
            starts_on=today - timedelta(days=335),
            expires_on=today + timedelta(days=30),
            amount=360,
            currency="CNY",
        )
    )


async def _hours(connection: AsyncConnection) -> None:
    week = ((Span(0, 24 * 60),),) * 7
    values = {"title_zh": "营业", "title_en": "Hours", "time_zone": "Asia/Shanghai", "week": week}
    await hours.create_calendar(connection, "always", values, user_id=None)
    calendar = await hours.create_calendar(connection, "holiday", values, user_id=None)
    days = (datetime.now(UTC).date() + timedelta(days=more) for more in range(-1, 3))
    holiday = SpecialDay(title_zh="假日", title_en="Holiday")
    await hours.write_days(connection, calendar.id, {day.isoformat(): holiday for day in days})


async def _tables(connection: AsyncConnection) -> None:
    for name, (columns, rows) in _TABLES.items():
        shown = tuple(
            Column(name=column, type=kind, title_zh=column, title_en=column)
            for column, kind in columns.items()
        )
        key = shown[0].name
        given = {"name": name, "title_zh": name, "title_en": name, "columns": shown, "key": key}
        table = await reference.create_table(connection, given, user_id=None)
        await reference.write_rows(connection, table.id, {str(row[key]): row for row in rows})


async def _flows(connection: AsyncConnection) -> None:
    """The shipped ones come with the service. Who dials in gives a flow no inputs, so that the reminder gets
    a first step which knows what a campaign would.
    """
    text = (FOLDER / "renewal-reminder.yaml").read_text(encoding="utf-8")
    reminders = []
    for name, inputs in _REMINDERS.items():
        values = ", ".join(f"{variable}: \"'{value}'\"" for variable, value in inputs.items())
        given = f"steps:\n  given:\n    assign: {{values: {{{values}}}, goto: who-answered}}\n"
        own = text.replace("flow: renewal-reminder", f"flow: {name}", 1)
        own = own.replace("start: who-answered", "start: given", 1).replace("steps:\n", given, 1)
        reminders.append(new_version(own, flow_of(own)))
    await register_shipped(connection, reminders)
    routes = [
        InboundRoute(dnis=number, queue="support", flow=flow, language="en")
        for number, flow in _LINES.items()
    ]
    await write_inbound_numbers(connection, routes)
