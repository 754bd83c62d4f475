"""Somebody who works over the API while faults happen, and remembers what the service has acknowledged.

`Writer` adds customers, each with an idempotency key, and tries again with the same key until he has an
answer. `Orderer` is an agent who pauses, each time with a reason that nobody has used yet: so many orders, so
many actions at most may go to Asterisk.
"""

import asyncio
import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import aiohttp
import asyncpg

from cti.db.engine import plain_dsn
from tests.faults.ami_proxy import AmiProxy

_REQUEST_SECONDS = 5.0
_RETRY_SECONDS = 0.2
#: As long as a request may be tried again: longer than a key lives whose request died with its process.
_PATIENCE_SECONDS = 75.0
REASONS = 300


@dataclass
class Writer:
    """Writes ``rate`` customers a second. ``acknowledged`` are the names that the service said it has."""

    url: str
    token: str
    rate: float = 4.0
    #: For how many seconds a write is tried again.
    patience: float = _PATIENCE_SECONDS
    tried: list[str] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    #: What was never answered, or only with the word that nobody knows.
    unknown: list[str] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _stopping: bool = False

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            self.url,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=aiohttp.ClientTimeout(total=_REQUEST_SECONDS),
        )
        self._loop = asyncio.get_running_loop().create_task(self._run(), name="writer")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop(wait=kind is None)

    async def stop(self, *, wait: bool = True) -> None:
        """Writes no more; returns when every request has its answer."""
        self._loop.cancel()
        for task in list(self._tasks):
            if not wait:
                task.cancel()
        await asyncio.gather(self._loop, *self._tasks, return_exceptions=True)
        await self._session.close()

    async def under_way(self) -> None:
        """Returns once the first write is acknowledged."""
        while not self.acknowledged:  # noqa: ASYNC110  (another process)
            await asyncio.sleep(0.05)

    async def findings(self, database_url: str) -> list[str]:
        """I4: acknowledged writes that are not there, and writes that are there twice."""
        connection = await asyncpg.connect(plain_dsn(database_url))
        try:
            rows = await connection.fetch(
                "SELECT name, count(*) FROM customers WHERE name LIKE 'Written %' GROUP BY name"
            )
        finally:
            await connection.close()
        there = {row[0]: row[1] for row in rows}
        missing = [name for name in self.acknowledged if name not in there]
        doubled = [name for name, count in there.items() if count > 1]
        found = []
        if missing:
            found.append(f"I4: {len(missing)} acknowledged writes are not there: {_some(missing)}")
        if doubled:
            found.append(f"I4: {len(doubled)} writes were done twice: {_some(doubled)}")
        return found

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            name = f"Written {len(self.tried)}"
            self.tried.append(name)
            task = loop.create_task(self._write(name), name=name)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            await asyncio.sleep(1 / self.rate)

    async def _write(self, name: str) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + self.patience
        headers = {"Idempotency-Key": f"key-{name.replace(' ', '-')}"}
        while loop.time() < until:
            try:
                request = self._session.post("/api/v1/customers", json={"name": name}, headers=headers)
                async with request as answer:
                    if answer.status == 201:
                        self.acknowledged.append(name)
                        return
                    if (await answer.json())["code"] == "idempotency.outcome_unknown":
                        self.unknown.append(name)
                        return
                    wait = float(answer.headers.get("Retry-After", _RETRY_SECONDS))
            except (aiohttp.ClientError, TimeoutError):
                wait = _RETRY_SECONDS
            await asyncio.sleep(wait)
        self.unknown.append(name)


@dataclass
class Orderer:
    """Ann, signed in at a phone that no caller is sent to; she pauses with one reason after the other."""

    url: str
    proxy: AmiProxy
    username: str
    password: str
    device_id: int
    orders: dict[str, int] = field(default_factory=dict)
    accepted: int = 0

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            self.url,
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            timeout=aiohttp.ClientTimeout(total=_REQUEST_SECONDS),
        )
        who = {"username": self.username, "password": self.password}
        async with self._session.post("/api/v1/session", json=who) as answer:
            self._session.headers["X-CSRF-Token"] = (await answer.json())["csrf_token"]
        assert await self._order("sign-in", device_id=self.device_id) == 202
        self._loop = asyncio.get_running_loop().create_task(self._run(), name="orderer")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Orders no more."""
        self._loop.cancel()
        await asyncio.gather(self._loop, return_exceptions=True)
        await self._session.close()

    def findings(self) -> list[str]:
        """I3: orders that went to Asterisk more often than they were given."""
        doubled = [reason for reason, count in self.orders.items() if self.proxy.pauses[reason] > count]
        return [f"I3: orders were sent more often than given: {_some(doubled)}"] if doubled else []

    async def _run(self) -> None:
        count = 0
        while True:
            reason = reason_of(count % REASONS)
            self.orders[reason] = self.orders.get(reason, 0) + 1
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                self.accepted += await self._order("pause", reason=reason) == 202
            count += 1
            await asyncio.sleep(0.25)

    async def _order(self, what: str, **body: Any) -> int:
        async with self._session.post(f"/api/v1/agent/{what}", json=body) as answer:
            await answer.read()
            return answer.status


def reason_of(number: int) -> str:
    """A reason to pause that is used for this only."""
    return f"order-{number}"


def _some(names: Iterable[str]) -> str:
    return ", ".join(list(names)[:5])
