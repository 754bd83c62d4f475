"""The loop that sends messages: at least once each, whatever is down.

A message is in the journal before anybody counts on it. It is sent from memory as soon as it is durable
there, so neither the recorder nor the database has to be up; what a service that died did not send is found
in the database by the next one.
"""

import asyncio
import heapq
import time
from collections.abc import Awaitable, Callable, Mapping
from itertools import count
from typing import Final, Protocol

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.board.facts import Fact, MessageQueued
from cti.errors import CtiError
from cti.http.shapes import instant
from cti.outbox.delivery import LONGEST_SECONDS, body_of, headers_of, is_refused, is_taken, pause_after
from cti.outbox.model import Message
from cti.outbox.tables import messages

log = structlog.get_logger(__name__)

_AT_A_TIME: Final = 8
#: More wait in the database alone.
_MOST_IN_MEMORY: Final = 10_000
_LOOK_SECONDS: Final = 30.0
#: What is younger is in memory, if the service has not just been started.
_YOUNG_SECONDS: Final = 10.0
_PAGE: Final = 500
_SOON_SECONDS: Final = 1.0
_NO_DATABASE: Final = (OSError, TimeoutError, SQLAlchemyError)


class Client(Protocol):
    """Who reaches the endpoints."""

    async def request(
        self,
        method: str,
        name: str,
        *,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Status and body; a `CtiError` when there is no answer."""


class _Pending(msgspec.Struct):
    message: Message
    attempts: int = 0


class Outbox:
    """`observe` takes the board's facts, `run` sends until cancelled.

    ``durable`` waits until the journal's position (given by ``position``) is on disk. ``secret`` signs.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        client: Client,
        *,
        node: str,
        secret: str | None,
        position: Callable[[], int],
        durable: Callable[[int], Awaitable[None]],
    ) -> None:
        self._engine = engine
        self._client = client
        self._node = node
        self._secret = secret
        self._position = position
        self._durable = durable
        self._order = count()
        #: When each is tried next, by the monotonic clock.
        self._due: list[tuple[float, int, _Pending]] = []
        #: In memory now, or over lately: not taken from the database.
        self._known: dict[str, None] = {}
        #: What became of messages, until the database has taken it.
        self._ends: dict[str, tuple[str, int, str | None]] = {}
        self._changed = asyncio.Event()
        self._slots = asyncio.Semaphore(_AT_A_TIME)

    def observe(self, facts: list[Fact]) -> None:
        """Takes new messages; never waits."""
        for fact in facts:
            if isinstance(fact, MessageQueued) and len(self._due) < _MOST_IN_MEMORY:
                self._take(fact.message)

    def _take(self, message: Message) -> None:
        if message.id in self._known:
            return
        self._known[message.id] = None
        while len(self._known) > 2 * _MOST_IN_MEMORY:
            del self._known[next(iter(self._known))]
        self._push(_Pending(message), time.monotonic())

    def _push(self, pending: _Pending, at: float) -> None:
        heapq.heappush(self._due, (at, next(self._order), pending))
        self._changed.set()

    async def run(self) -> None:
        """Sends, and writes down what came of it."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look(), name="outbox: look")
            while True:
                self._changed.clear()
                now = time.monotonic()
                while self._due and self._due[0][0] <= now:
                    pending = heapq.heappop(self._due)[2]
                    await self._slots.acquire()
                    group.create_task(self._send(pending), name="outbox: send")
                wait = self._due[0][0] - now if self._due else None
                try:
                    async with asyncio.timeout(wait):
                        await self._changed.wait()
                except TimeoutError:
                    continue

    # --- one message ---

    async def _send(self, pending: _Pending) -> None:
        try:
            await self._durable(self._position())
            status, problem = await self._attempt(pending)
        finally:
            self._slots.release()
        message = pending.message
        if status is not None and is_taken(status):
            self._end(pending, "delivered", None)
        elif status is not None and is_refused(status):
            log.error("outbox.refused", message_id=message.id, endpoint=message.endpoint, status=status)
            self._end(pending, "refused", problem)
        elif time.time() - message.queued_at > LONGEST_SECONDS:
            log.error("outbox.given_up", message_id=message.id, endpoint=message.endpoint, reason=problem)
            self._end(pending, "given_up", problem)
        else:
            if pending.attempts == 1:
                log.warning("outbox.later", message_id=message.id, endpoint=message.endpoint, reason=problem)
            self._push(pending, time.monotonic() + pause_after(pending.attempts))

    async def _attempt(self, pending: _Pending) -> tuple[int | None, str | None]:
        pending.attempts += 1
        message = pending.message
        body = body_of(message, instant(message.queued_at))
        headers = headers_of(message, body, int(time.time()), self._secret)
        try:
            status, _ = await self._client.request("POST", message.endpoint, data=body, headers=headers)
        except CtiError as error:
            return None, error.message[:500]
        return status, None if is_taken(status) else f"answered {status}"

    def _end(self, pending: _Pending, outcome: str, problem: str | None) -> None:
        self._ends[pending.message.id] = (outcome, pending.attempts, problem)

    # --- the database ---

    async def _look(self) -> None:
        """Writes ends down, and takes what another life of the service left unsent."""
        looked_at = float("-inf")
        while True:
            try:
                await self._write_ends()
                if time.monotonic() - looked_at > _LOOK_SECONDS:
                    await self._take_left(young=looked_at == float("-inf"))
                    looked_at = time.monotonic()
            except _NO_DATABASE as error:
                log.debug("outbox.no_database", reason=type(error).__name__)
            await asyncio.sleep(_SOON_SECONDS)

    async def _write_ends(self) -> None:
        for message_id, (outcome, attempts, problem) in list(self._ends.items()):
            statement = (
                sa.update(messages)
                .where(messages.c.id == message_id)
                .values(outcome=outcome, attempts=attempts, last_error=problem, ended_at=sa.func.now())
            )
            async with self._engine.begin() as connection:
                written = await connection.execute(statement)
            if written.rowcount:  # the recorder may not have written it yet
                del self._ends[message_id]

    async def _take_left(self, *, young: bool) -> None:
        room = _MOST_IN_MEMORY - len(self._due)
        since = sa.func.now() - sa.text(f"interval '{int(LONGEST_SECONDS)} seconds'")
        until = sa.func.now() - sa.text(f"interval '{0 if young else int(_YOUNG_SECONDS)} seconds'")
        query = (
            sa.select(messages)
            .where(messages.c.outcome.is_(None), messages.c.node == self._node)
            .where(messages.c.queued_at > since, messages.c.queued_at <= until)
            .order_by(messages.c.queued_at)
            .limit(min(max(room, 0), _PAGE))
        )
        async with self._engine.connect() as connection:
            found = (await connection.execute(query)).all()
        for row in found:
            if row.id not in self._ends:
                self._take(
                    Message(
                        id=row.id, queued_at=row.queued_at.timestamp(), node=row.node, endpoint=row.endpoint,
                        payload=row.payload, call_id=row.call_id,
                    )
                )  # fmt: skip
