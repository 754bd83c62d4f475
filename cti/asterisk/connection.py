"""The lasting connection to Asterisk: it comes back by itself, and every time with a complete picture.

After each connect: log in with the events masked, wait for FullyBooted, set the clock, learn or name the
boot, tell the sink, unmask the events, take a snapshot. Only then it is ready. An action that was sent when
the connection broke ends with `ActionUnanswered` and is never sent again: whoever asked must find out what
became of it.
"""

import asyncio
import random
import time
from collections.abc import Callable
from functools import partial
from typing import Protocol

import structlog

from cti.asterisk.clock import AsteriskClock
from cti.asterisk.events import AmiEvent, encode
from cti.asterisk.link import AmiSettings, LinkState, LinkStatus
from cti.asterisk.message import Fields, Response
from cti.asterisk.protocol import Answer, Sink
from cti.asterisk.session import AmiSession, HeardFrom
from cti.errors import AmiError, AmiNotConnected, AmiWrongSecret

log = structlog.get_logger(__name__)


class Missed(Protocol):
    """Tells, as events, what happened in Asterisk while nobody heard it."""

    def is_another_life(self, boot: str) -> bool:
        """Whether what is known is of another boot."""

    async def of_last_life(self, started_at: float) -> list[bytes]:
        """What that boot did until its end; the present one began at ``started_at``, to a second."""

    async def of_this_life(self, heard_from: HeardFrom, *, started_at: float) -> list[bytes]:
        """What the present boot has done, which began at ``started_at``, to a second."""


class AmiConnection:
    """One AMI user's connection.

    ``sink`` gets every wanted event's block, the snapshot's items and the service's own marks,
    synchronously and in order; it must not block. Without a sink the connection only carries actions: it
    asks for no events, and needs no right but that of its actions. ``missed`` tells what happened in
    Asterisk while there was no connection.

    `run` is the loop; its owner is the composition root's task group. ``ready`` is set while actions can be
    sent.
    """

    def __init__(
        self,
        settings: AmiSettings,
        sink: Sink | None = None,
        *,
        clock: AsteriskClock | None = None,
        missed: Missed | None = None,
    ) -> None:
        self.ready = asyncio.Event()
        self.clock = clock or AsteriskClock()
        self._settings = settings
        self._sink = sink
        self._missed = missed
        self._status = LinkStatus(state=LinkState.STOPPED, since=time.time())
        self._watchers: list[Callable[[LinkStatus], None]] = []
        self._session: AmiSession | None = None
        self._boot = ""
        self._told_connected = False
        self._told_down = False

    # --- what it is doing ---

    @property
    def status(self) -> LinkStatus:
        """The present state."""
        return self._status

    @property
    def boot(self) -> str:
        """The id of Asterisk's present boot; empty before the first connect."""
        return self._boot

    def watch(self, callback: Callable[[LinkStatus], None]) -> None:
        """Calls back, at once, with every later state. The callback must neither block nor raise."""
        self._watchers.append(callback)

    # --- actions ---

    async def action(self, name: str, fields: Fields = (), *, deadline: float | None = None) -> Response:
        """Sends one action and waits for its response, at most ``deadline`` seconds.

        Raises:
            InvalidField: a field cannot be sent; nothing was.
            AmiNotConnected: the connection is not ready; nothing was sent.
            ActionRefused: Asterisk answered with an error.
            ActionUnanswered: it was sent, and nobody knows whether it was done.
        """
        return (await self._request(name, fields, None, deadline)).response

    async def action_until(
        self,
        name: str,
        fields: Fields,
        event: str,
        *,
        deadline: float | None = None,
        action_id: str | None = None,
    ) -> AmiEvent:
        """Sends an action whose true answer is a later event with its ActionID, as OriginateResponse is.

        Raises: as `action`.
        """
        return (await self._request(name, fields, event, deadline, action_id)).events[-1]

    async def _request(
        self,
        name: str,
        fields: Fields,
        completed_by: str | None,
        deadline: float | None,
        action_id: str | None = None,
    ) -> Answer:
        if self._session is None or not self.ready.is_set():
            raise AmiNotConnected
        return await self._session.ask(
            name, fields, deadline=deadline, completed_by=completed_by, action_id=action_id
        )

    # --- the loop ---

    async def run(self) -> None:
        """Connects, stays connected, connects again, until cancelled.

        Raises:
            AmiWrongSecret: Asterisk refused user name or secret.
            Exception: the sink raised it.
        """
        shortest, longest = self._settings.shortest_back_off_seconds, self._settings.longest_back_off_seconds
        back_off = shortest
        try:
            while True:
                was_ready, error = await self._attempt()
                if was_ready:
                    back_off = shortest
                if not self._told_down:
                    self._told_down = True
                    log.error("ami.down", user=self._settings.username, error=str(error))
                self._enter(LinkState.WAITING, error=error)
                await asyncio.sleep(back_off * random.uniform(0.5, 1.0))  # noqa: S311
                back_off = min(back_off * 2, longest)
        except AmiWrongSecret as error:
            self._enter(LinkState.REFUSED, error=error)
            log.error("ami.wrong_secret", user=self._settings.username, error=error.message)
            raise
        finally:
            if self._status.state is not LinkState.REFUSED:
                self._enter(LinkState.STOPPED)

    async def _attempt(self) -> tuple[bool, Exception]:
        """One connection from beginning to end. Returns whether it was ever ready, and why it ended."""
        reason: Exception = AmiNotConnected("the service stopped")
        session = None
        was_ready = False
        try:
            self._enter(LinkState.CONNECTING)
            session = await AmiSession.open(self._settings, self.clock)
            await self._begin(session)
            was_ready = True
            reason = await session.ended()
        except AmiWrongSecret:
            raise
        except AmiError as error:
            reason = error
        finally:
            self.ready.clear()
            self._session = None
            if session is not None:
                session.close()
                if session.sink_failure is not None:
                    raise session.sink_failure
            self._tell_disconnected(reason)
        return was_ready, reason

    async def _begin(self, session: AmiSession) -> None:
        version = await session.greeted()
        self._enter(LinkState.LOGGING_IN, version=version)
        await session.log_in(with_events=self._sink is not None)
        if self._sink is None:
            await session.ping()
        else:
            self._enter(LinkState.BOOTING)
            await session.booted()
            await session.ping()
            previous, (self._boot, is_new) = self._boot, await session.learn_boot()
            self._enter(LinkState.SYNCING)
            for step in session.steps:
                self._sink(step)
            # What was written between two readings of a clock that has jumped cannot be put in order.
            missed = None if session.steps else self._missed
            if missed is not None and missed.is_another_life(self._boot):
                for block in await missed.of_last_life(session.started_at):
                    self._sink(block)
            started_at = session.started_at
            self._tell_connected(
                self._sink, version=version, previous=previous, is_new=is_new, started_at=started_at
            )
            of_now = None if missed is None else partial(missed.of_this_life, started_at=started_at)
            await session.follow(self._sink, self._marks(), of_now)
        self._session = session
        self._enter(LinkState.READY)
        self.ready.set()
        if self._told_down:
            self._told_down = False
            log.warning("ami.up_again", user=self._settings.username)

    def _tell_connected(
        self, sink: Sink, *, version: str, previous: str, is_new: bool, started_at: float
    ) -> None:
        now = self.clock.now()
        began = f"{started_at:.3f}"
        sink(encode("CtiBoot", now, **self._marks(), Previous=previous, New=int(is_new), Started=began))
        sink(encode("CtiConnected", now, **self._marks(), Version=version))
        self._told_connected = True

    def _tell_disconnected(self, reason: Exception) -> None:
        if self._told_connected and self._sink is not None:
            self._told_connected = False
            why = "".join(letter if letter.isprintable() else " " for letter in str(reason))
            self._sink(encode("CtiDisconnected", self.clock.now(), **self._marks(), Reason=why))

    def _marks(self) -> dict[str, str]:
        return {"SystemName": self._settings.node, "Boot": self._boot}

    def _enter(self, state: LinkState, *, error: Exception | None = None, version: str | None = None) -> None:
        connected = state in (LinkState.BOOTING, LinkState.SYNCING, LinkState.READY)
        self._status = LinkStatus(
            state=state,
            since=time.time(),
            last_error=str(error) if error is not None else self._status.last_error,
            version=version or (self._status.version if connected else None),
            boot=self._boot or None,
        )
        for watcher in self._watchers:
            watcher(self._status)
