"""The web server under test, and people who use it."""

from pathlib import Path
from typing import Any

import msgspec
from aiohttp import ClientSession, CookieJar
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.agents.store import create_device
from cti.asterisk.connection import AmiConnection
from cti.campaigns.imports.import_runner import ImportRunner
from cti.hours.model import DAY, Span
from cti.hours.store import create_calendar
from cti.http.principal import Language, Role, Scope
from cti.people import store
from cti.people.passwords import generate_password
from cti.prompts.routes import SoundRoom
from cti.queues.tables import queues
from cti.web.desk import Desk

PASSWORD = generate_password()
#: Opening hours that never end, so that agents may dial at any time of a test.
ALWAYS = "always"


class Visitor:
    """Somebody with a browser of his own, or an integration with its token."""

    def __init__(self, base: str, *, token: str | None = None, language: str = "en") -> None:
        self.session = ClientSession(base, cookie_jar=CookieJar(unsafe=True))
        self.headers = {"Accept-Language": language}
        if token is not None:
            self.headers["Authorization"] = f"Bearer {token}"

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Send a request; returns the status and the decoded body (None when there is none)."""
        data = None if body is None else msgspec.json.encode(body)
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        async with self.session.request(method, path, data=data, headers=sent) as response:
            raw = await response.read()
            self.last_headers = response.headers
            if not raw or "json" not in response.content_type:
                return response.status, raw.decode() if raw else None
            return response.status, msgspec.json.decode(raw)

    async def close(self) -> None:
        """Close his browser."""
        await self.session.close()

    async def sign_in(self, username: str, password: str = PASSWORD) -> tuple[int, Any]:
        """Open a session and keep its CSRF token."""
        status, answer = await self.ask(
            "POST", "/api/v1/session", {"username": username, "password": password}
        )
        if status == 200:
            self.headers["X-CSRF-Token"] = answer["csrf_token"]
        return status, answer


class Site:
    """The server under test; ``recordings`` is where recordings lie."""

    recordings: Path
    sounds: SoundRoom
    contact_imports: ImportRunner

    def __init__(self, base: str, engine: AsyncEngine, tokens: dict[str, str], desk: Desk) -> None:
        self.base = base
        self.engine = engine
        self.tokens = tokens
        self.desk = desk
        self.visitors: list[Visitor] = []

    def visitor(self, **options: Any) -> Visitor:
        """A new visitor, closed with the site."""
        self.visitors.append(Visitor(self.base, **options))
        return self.visitors[-1]

    async def signed_in(self, username: str) -> Visitor:
        """A visitor with a session."""
        visitor = self.visitor()
        status, answer = await visitor.sign_in(username)
        assert status == 200, answer
        return visitor


class Floor(Site):
    """The server under test with a real Asterisk."""

    def __init__(
        self,
        base: str,
        engine: AsyncEngine,
        tokens: dict[str, str],
        desk: Desk,
        ami: AmiConnection,
        phone_ami: AmiConnection,
    ) -> None:
        super().__init__(base, engine, tokens, desk)
        self.ami = ami
        self.phone_ami = phone_ami


async def devices(engine: AsyncEngine) -> None:
    """Adds the desk phones 1001 to 1004."""
    async with engine.begin() as connection:
        for extension in ("1001", "1002", "1003", "1004"):
            await create_device(
                connection, name=f"Desk {extension}", interface=f"PJSIP/{extension}", extension=extension
            )


async def people(engine: AsyncEngine) -> dict[str, str]:
    """Adds two queues, ann and bob (agents), sue (supervisor), ada (admin), hours in which agents may dial,
    and tokens; returns these.
    """
    async with engine.begin() as connection:
        hours = {"title_zh": "全天", "title_en": "Always", "time_zone": "UTC", "week": ((Span(0, DAY),),) * 7}
        await create_calendar(connection, ALWAYS, hours, user_id=None)
        for name, extension in (("sales", "6001"), ("support", "6002")):
            await connection.execute(
                queues.insert().values(name=name, title=name.title(), extension=extension, wrap_up_seconds=5)
            )
        for username, role in (
            ("ann", Role.AGENT),
            ("bob", Role.AGENT),
            ("sue", Role.SUPERVISOR),
            ("ada", Role.ADMIN),
        ):
            await store.create_user(
                connection,
                username=username,
                name=username.title(),
                role=role,
                language=Language.ENGLISH,
                password=PASSWORD,
                queues=("sales", "support") if role is Role.AGENT else (),
            )
        _, full = await store.create_token(connection, name="full", scopes=list(Scope), created_by=None)
        _, narrow = await store.create_token(
            connection, name="narrow", scopes=[Scope.METRICS_READ], created_by=None
        )
    return {"full": full, "narrow": narrow}
