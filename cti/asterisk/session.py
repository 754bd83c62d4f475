"""One connection to Asterisk, from its greeting to its end: panoramisk's Manager over our own protocol."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Final, Self

import structlog
from panoramisk import Manager

from cti.asterisk.clock import AsteriskClock
from cti.asterisk.events import name_of, parse
from cti.asterisk.link import AmiSettings
from cti.asterisk.message import Fields
from cti.asterisk.protocol import AmiProtocol, Answer, Sink
from cti.asterisk.snapshot import take_snapshot
from cti.errors import (
    ActionRefused,
    ActionUnanswered,
    AmiError,
    AmiNotConnected,
    AmiUnreachable,
    AmiWrongSecret,
)

log = structlog.get_logger(__name__)

#: Asterisk's global variable that names its present boot: it dies with Asterisk.
BOOT_VARIABLE: Final = "CTI_BOOT"
#: Tells when the first event was that was heard again (epoch seconds of Asterisk's clock), None as long as
#: there was none.
HeardFrom = Callable[[], float | None]
#: Gives the events that nobody was there to hear.
Missed = Callable[[HeardFrom], Awaitable[list[bytes]]]
#: The Manager's own pings have no deadline, so they never come.
_NEVER_SECONDS: Final = 1_000_000


class AmiSession:
    """What is done on one connection. Every step has its deadline and raises an `AmiError` when it fails."""

    def __init__(self, settings: AmiSettings, clock: AsteriskClock) -> None:
        self.sink_failure: Exception | None = None
        #: How Asterisk's clock has jumped since the last connection, as events; taken by whoever follows.
        self.steps: list[bytes] = []
        #: When Asterisk began to run, by its own clock, up to a second too late; known once it is booted.
        self.started_at = 0.0
        self._settings = settings
        self._clock = clock
        self._booted: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._keeper: asyncio.Task[Exception] | None = None
        self._protocol = AmiProtocol(self._note_early, clock)
        self._protocol.on_failure = self._sink_failed
        # A Manager of its own for each connection: it cannot send what an earlier one left unanswered.
        self._manager = Manager(
            loop=asyncio.get_running_loop(), ping_delay=_NEVER_SECONDS, ping_interval=_NEVER_SECONDS
        )

    @classmethod
    async def open(cls, settings: AmiSettings, clock: AsteriskClock) -> Self:
        """Connects; returns before the peer has said anything."""
        session = cls(settings, clock)
        loop = asyncio.get_running_loop()
        opening = loop.create_task(
            loop.create_connection(lambda: session._protocol, settings.host, settings.port),
            name="ami connect",
        )
        try:
            async with asyncio.timeout(settings.connect_seconds):
                await opening
        except TimeoutError:
            raise AmiUnreachable(f"no connection within {settings.connect_seconds:g} s") from None
        except (OSError, UnicodeError) as error:  # UnicodeError: a host name that cannot be one
            raise AmiUnreachable(f"no connection: {error}") from error
        session._manager.connection_made(opening)
        return session

    def close(self) -> None:
        """Ends the connection; whatever is unanswered fails with `ActionUnanswered`."""
        if self._keeper is not None:
            self._keeper.cancel()
        self._manager.close()
        self._booted.cancel()

    async def greeted(self) -> str:
        """Asterisk's AMI version."""
        greeting = self._protocol.greeted
        await self._until(greeting, self._settings.connect_seconds, "greeting")
        return greeting.result()

    async def log_in(self, *, with_events: bool) -> None:
        """Logs in. Of the events, only the class system (FullyBooted) is unmasked.

        From now on the peer is pinged, so that one that dies before the snapshot is complete is noticed as
        soon as one that dies after.
        """
        answer = self._manager.send_action(
            {
                "Action": "Login",
                "Username": self._settings.username,
                "Secret": self._settings.secret,
                "Events": "system" if with_events else "off",
            }
        )
        try:
            async with asyncio.timeout(self._settings.login_seconds):
                await answer
        except ActionRefused as error:
            why = f"Asterisk refused the user {self._settings.username}: {error}"
            if "authentication" in error.message.lower():
                raise AmiWrongSecret(why) from None
            raise AmiUnreachable(why) from None  # it is shutting down, or cannot say
        except TimeoutError:
            raise AmiUnreachable(f"no answer to the login in {self._settings.login_seconds:g} s") from None
        self._manager.authenticated = True
        self._keeper = asyncio.get_running_loop().create_task(self._keep(), name="ami pings")

    async def booted(self) -> None:
        """Returns once Asterisk has loaded all its modules."""
        what = "FullyBooted (the user needs read=system)"
        await self._until(self._booted, self._settings.booted_seconds, what)

    async def ping(self) -> None:
        """One round trip, which also sets the clock: the answer carries Asterisk's time."""
        await self.ask("Ping", deadline=self._settings.ping_seconds)

    async def learn_boot(self) -> tuple[str, bool]:
        """The id of Asterisk's present boot, and whether nobody had named that boot before."""
        boot = (await self.ask("Getvar", {"Variable": BOOT_VARIABLE})).response.get("Value")
        if boot:
            return boot, False
        boot = secrets.token_hex(8)
        await self.ask("Setvar", {"Variable": BOOT_VARIABLE, "Value": boot})
        return boot, True

    async def follow(self, sink: Sink, marks: dict[str, str], missed: Missed | None = None) -> None:
        """Lets the events flow to ``sink`` from now on, with a snapshot in their midst.

        First comes what ``missed`` knows of the time up to now; the events that arrive meanwhile wait.
        """
        held: list[bytes] = []
        self._protocol.on_event = sink if missed is None else held.append
        await self.ask("Events", {"EventMask": "on"})
        if missed is not None:
            for block in await missed(lambda: _first_instant(held)):
                sink(block)
            for block in held:
                sink(block)
            self._protocol.on_event = sink

        async def request_list(action: str, *, passes_to: Sink) -> None:
            await self.ask(
                action,
                deadline=self._settings.snapshot_seconds,
                completed_by="EventList",
                passes_to=passes_to,
            )

        await take_snapshot(request_list, sink, self._clock, **marks)

    async def ended(self) -> Exception:
        """Waits until the connection ends. Returns why."""
        if self._keeper is None:
            raise AmiNotConnected("nobody has logged in")
        return await self._keeper

    async def _keep(self) -> Exception:
        """Pings until the connection ends, and ends it when the peer is dead. Returns why it ended.

        An Asterisk that is short of processor time may be late with an answer while its events still come:
        that is excused once in a row.
        """
        closed = self._protocol.closed
        excused = False
        while True:
            await asyncio.wait({closed}, timeout=self._settings.ping_interval_seconds)
            if closed.done():
                return self._protocol.reason or AmiUnreachable("Asterisk closed the connection")
            received = self._protocol.received
            try:
                await self.ping()
            except AmiError as error:
                if excused or self._protocol.received == received:
                    self._protocol.abort(error)
                    return error
                excused = True
            else:
                excused = False

    async def ask(
        self,
        name: str,
        fields: Fields = (),
        *,
        deadline: float | None = None,
        completed_by: str | None = None,
        passes_to: Sink | None = None,
        action_id: str | None = None,
    ) -> Answer:
        """Sends one action and waits for all of its answer, at most ``deadline`` seconds."""
        seconds = self._settings.action_seconds if deadline is None else deadline
        future = self._protocol.request(
            name, fields, completed_by=completed_by, passes_to=passes_to, action_id=action_id
        )
        try:
            async with asyncio.timeout(seconds):
                return await future
        except TimeoutError:
            raise ActionUnanswered(f"{name} was sent and not answered within {seconds:g} s") from None

    async def _until(self, future: asyncio.Future[Any], seconds: float, what: str) -> None:
        closed = self._protocol.closed
        await asyncio.wait({future, closed}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if future.done():
            return
        if closed.done():
            raise self._protocol.reason or AmiUnreachable(f"Asterisk closed the connection: no {what}")
        raise AmiUnreachable(f"no {what} within {seconds:g} s")

    def _note_early(self, block: bytes) -> None:
        name = name_of(block)
        if name == b"FullyBooted" and not self._booted.done():
            event = parse(block)
            uptime = event.get("Uptime")  # whole seconds
            self.started_at = (event.at or self._clock.now()) - (
                int(uptime) if uptime.isascii() and uptime.isdecimal() else 0
            )
            self._booted.set_result(None)
        elif name == b"CtiClockStepped":
            self.steps.append(block)

    def _sink_failed(self, error: Exception) -> None:
        self.sink_failure = self.sink_failure or error
        self._protocol.abort(AmiNotConnected("an event could not be taken"))


def _first_instant(blocks: list[bytes]) -> float | None:
    return next((at for block in blocks if (at := parse(block).at) > 0.0), None)
