"""One AMI connection beneath panoramisk's Manager: framing, filtering, and answers to their actions.

The bytes are cut into blocks before anything is decoded, so a letter that two reads share stays whole. An
event goes on by its name, unparsed. An answer finds its action by ActionID alone; the ids are unguessable,
as a caller's name may reach an event. Nothing here ever sends an action a second time.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

import msgspec
import structlog

from cti.asterisk.clock import AsteriskClock
from cti.asterisk.events import END_OF_BLOCK, WANTED_BYTES, AmiEvent, encode, parse
from cti.asterisk.message import Fields, Response, encode_action, header_of, parse_response, stamp_of
from cti.errors import ActionRefused, ActionUnanswered, AmiNotConnected, AmiProtocolError, InvalidField

log = structlog.get_logger(__name__)

BANNER: Final = b"Asterisk Call Manager/"
_LONGEST_BANNER: Final = 128
_LONGEST_BLOCK: Final = 1024 * 1024
_MOST_UNANSWERED: Final = 4096

Sink = Callable[[bytes], object]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """All that came back for one action."""

    response: Response
    events: tuple[AmiEvent, ...] = ()


class _Awaited(msgspec.Struct, kw_only=True):
    """An action that was sent and is not done."""

    action: str
    future: asyncio.Future[Answer]
    #: The event that completes it; None when the response does. `EventList` means a list's end.
    completed_by: str | None
    #: Gets the blocks of the list's events as they come, in the order of the stream.
    passes_to: Sink | None
    #: When it was sent, by the monotonic clock of the estimate of Asterisk's.
    sent_at: float
    response: Response | None = None
    events: list[AmiEvent] = []


class AmiProtocol(asyncio.Protocol):
    """The byte side of one connection. ``on_event`` gets each wanted event's block, in order, at once.

    When an event shows that Asterisk's clock has jumped, a `CtiClockStepped` with the seconds (`By`) comes
    before it.
    """

    def __init__(self, on_event: Sink, clock: AsteriskClock) -> None:
        clock.connected()
        self.on_event = on_event
        self.on_failure: Callable[[Exception], None] = lambda _: None
        #: Done when the connection is over; with an exception when it did not end by itself.
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        #: Asterisk's AMI version, once it has greeted.
        self.greeted: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        #: Why the connection is over; None when Asterisk closed it in order.
        self.reason: Exception | None = None
        self.received = 0
        self.filtered = 0
        self._clock = clock
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._awaited: dict[bytes, _Awaited] = {}
        self._expects_events = 0
        self._prefix = secrets.token_hex(8)
        self._sent = 0

    # --- what asyncio calls ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
            self._rest = b""
        if not self.greeted.done():
            data = self._greeting(data)
        blocks = data.split(END_OF_BLOCK)
        self._rest = blocks.pop()
        if len(self._rest) > _LONGEST_BLOCK:
            self.abort(AmiProtocolError(f"the peer sent {len(self._rest)} bytes without an end"))
            return
        self.received += len(blocks)
        stamp = next((stamp_of(block) for block in reversed(blocks) if block[:7] == b"Event: "), 0.0)
        if self._clock.proves_step(stamp):
            for block in blocks:  # one of them is the first after the step
                self._observe(stamp_of(block) if block.lstrip(b"\r\n")[:7] == b"Event: " else 0.0)
                self._take([block])
        else:
            self._take(blocks)
            self._observe(stamp)

    def _take(self, blocks: list[bytes]) -> None:
        failure: Exception | None = None
        for block in blocks:
            if block[:1] in (b"\r", b"\n"):
                block = block.lstrip(b"\r\n")
            if block[:7] == b"Event: ":
                wanted = block[7 : block.find(b"\r", 7)] in WANTED_BYTES
                if not wanted and not self._expects_events:
                    self.filtered += 1
                    continue
                try:
                    if self._expects_events:
                        self._event(block, wanted=wanted)
                    else:
                        self.on_event(block + END_OF_BLOCK)
                except Exception as error:  # noqa: BLE001  (the rest of the chunk is not lost for one)
                    failure = failure or error
            elif block[:10] == b"Response: ":
                self._response(block)
        if failure is not None:
            self.on_failure(failure)

    def eof_received(self) -> None:
        """Asterisk closed the connection; asyncio then closes our side."""

    def connection_lost(self, exc: Exception | None) -> None:
        self._finish(exc)

    # --- what panoramisk's Manager and the connection call ---

    def send(self, data: Mapping[str, Any], as_list: bool | None = None) -> asyncio.Future[Answer]:
        """Sends an action as panoramisk gives it: a mapping with `Action`, lists for repeated fields."""
        fields: list[tuple[str, str]] = []
        for key, value in data.items():
            if key != "Action":
                fields += [
                    (key, str(item)) for item in (value if isinstance(value, list | tuple) else [value])
                ]
        return self.request(str(data["Action"]), fields, completed_by="EventList" if as_list else None)

    def request(
        self,
        action: str,
        fields: Fields = (),
        *,
        completed_by: str | None = None,
        passes_to: Sink | None = None,
        action_id: str | None = None,
    ) -> asyncio.Future[Answer]:
        """Sends one action. An ``action_id`` of one's own must be as unguessable as ours are.

        The future ends with the answer, with `ActionRefused` or with `ActionUnanswered`. Cancel it to give
        the action up.

        Raises:
            InvalidField: a field cannot be sent, or that action waits for its answer; nothing was.
            AmiNotConnected: the connection is over, or far too much is unanswered; nothing was sent.
        """
        if action_id is None:
            self._sent += 1
            action_id = f"cti-{self._prefix}-{self._sent}"
        elif action_id.encode() in self._awaited:
            raise InvalidField("ActionID", "that action waits for its answer")
        data = encode_action(action, action_id, fields)
        if self._transport is None or self.closed.done() or self._transport.is_closing():
            raise AmiNotConnected
        if len(self._awaited) >= _MOST_UNANSWERED:
            raise AmiNotConnected(f"{_MOST_UNANSWERED} actions wait for an answer; nothing more is sent")
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        key = action_id.encode()
        self._awaited[key] = _Awaited(
            action=action,
            future=future,
            completed_by=completed_by,
            passes_to=passes_to,
            sent_at=self._clock.monotonic(),
        )
        if completed_by is not None:
            self._expects_events += 1
        future.add_done_callback(lambda _: self._forget(key))
        self._transport.write(data)
        return future

    def abort(self, reason: Exception) -> None:
        """Ends the connection now; everything unanswered stays unanswered."""
        self._finish(reason)
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """Ends the connection; panoramisk's Manager calls this."""
        self.abort(AmiNotConnected("the connection was closed"))

    # --- inside ---

    def _greeting(self, data: bytes) -> bytes:
        line, end, rest = data.partition(b"\r\n")
        if not BANNER.startswith(line[: len(BANNER)]) or len(line) > _LONGEST_BANNER:
            self.abort(AmiProtocolError(f"the peer greeted with {line[:40]!r}, which is not AMI"))
            return b""
        if not end:
            self._rest = data
            return b""
        self.greeted.set_result(line[len(BANNER) :].decode("ascii", "replace"))
        return rest

    def _event(self, block: bytes, *, wanted: bool) -> None:
        awaited = self._awaited.get(header_of(block, b"ActionID"))
        if awaited is None or awaited.completed_by is None:
            if wanted:
                self.on_event(block + END_OF_BLOCK)
            return
        if awaited.completed_by == "EventList":
            end = header_of(block, b"EventList")
            if awaited.passes_to is not None:
                awaited.passes_to(block)
            else:
                awaited.events.append(parse(block))
            if end.lower() == b"cancelled":
                self._refuse(awaited, "the list was cancelled")
            elif end.lower() == b"complete":
                self._complete(awaited)
            return
        event = parse(block)
        if event.name == awaited.completed_by:
            awaited.events.append(event)
            self._complete(awaited)
        if wanted:
            self.on_event(block + END_OF_BLOCK)

    def _response(self, block: bytes) -> None:
        awaited = self._awaited.get(header_of(block, b"ActionID"))
        if awaited is None or awaited.future.done():
            return  # given up long ago
        stamp = stamp_of(block)
        if stamp:
            self._note_step(self._clock.observe_round_trip(stamp, awaited.sent_at))
        awaited.response = response = parse_response(block)
        if not response.ok:
            self._refuse(awaited, response.message)
        elif awaited.completed_by is None or (
            awaited.completed_by == "EventList" and response.get("EventList") != "start"
        ):
            self._complete(awaited)

    def _complete(self, awaited: _Awaited) -> None:
        if not awaited.future.done():
            response = awaited.response or Response(ok=True, message="", headers={})
            awaited.future.set_result(Answer(response=response, events=tuple(awaited.events)))

    def _refuse(self, awaited: _Awaited, why: str) -> None:
        if not awaited.future.done():
            awaited.future.set_exception(ActionRefused(f"{awaited.action}: {why}"))

    def _forget(self, key: bytes) -> None:
        awaited = self._awaited.pop(key, None)
        if awaited is not None and awaited.completed_by is not None:
            self._expects_events -= 1

    def _observe(self, stamp: float) -> None:
        self._note_step(self._clock.observe(stamp))

    def _note_step(self, step: float) -> None:
        if step:
            log.warning("ami.clock_stepped", by=round(step, 3))
            try:
                self.on_event(encode("CtiClockStepped", self._clock.now(), By=f"{step:.6f}"))
            except Exception as error:  # noqa: BLE001  (as with any other event that cannot be taken)
                self.on_failure(error)

    def _finish(self, reason: Exception | None) -> None:
        if self.closed.done():
            return
        self.closed.set_result(None)
        self.reason = reason
        for awaited in list(self._awaited.values()):
            if not awaited.future.done():
                awaited.future.set_exception(
                    ActionUnanswered(f"{awaited.action} was sent and the connection ended before an answer")
                )
