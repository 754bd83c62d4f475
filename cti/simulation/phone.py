"""A simulated SIP phone or caller: it answers, holds, transfers, keys digits and hangs up as its script says.

It speaks SIP over UDP and RTP with the real Asterisk, and keeps the instants (epoch seconds of this machine)
of what it did and saw, so that rows can be compared with what the parties on the line experienced.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Self

from cti.simulation.call import RETRANSMIT_SECONDS, SimulatedCall
from cti.simulation.dialog import ALLOW, Address
from cti.simulation.rtp import TONE, AudioStream
from cti.simulation.sip import Message, digest_answer, parse, uri_of, user_of

log = logging.getLogger(__name__)

Behaviour = Callable[[SimulatedCall], Awaitable[None]]


class SimulatedPhone(asyncio.DatagramProtocol):
    """A SIP user agent on one UDP port. ``behaviour`` is the script run for each incoming call."""

    def __init__(
        self,
        *,
        address: Address,
        server: Address,
        user: str = "phone",
        password: str = "",
        behaviour: Behaviour | None = None,
        audio: bool = False,
        sound: Sequence[bytes] = TONE,
    ) -> None:
        self.address = address
        self.server = server
        self.user = user
        self.password = password
        self.behaviour = behaviour
        self.audio = audio
        self.sound = sound
        #: Every call, in the order in which it began; those that are over too.
        self.calls: list[SimulatedCall] = []
        self._by_id: dict[str, SimulatedCall] = {}
        self._waiting: dict[tuple[str, str], asyncio.Queue[Message]] = {}
        self._replies: dict[tuple[str, str], bytes] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._transport: asyncio.DatagramTransport | None = None
        self._arrived = asyncio.Condition()

    async def __aenter__(self) -> Self:
        """Open the port."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=self.address)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up what is left and close the port."""
        for call in self.calls:
            if not call.over:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(2):
                        await call.hang_up()
        await self.die()

    async def die(self) -> None:
        """Vanish without a word, as a phone that lost its power."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for call in self.calls:
            await call.end("local")
        if self._transport is not None:
            self._transport.close()
            self._transport = None
            await asyncio.sleep(0)

    async def dial(
        self, number: str, *, caller: str | None = None, name: str = "", withheld: bool = False
    ) -> SimulatedCall:
        """Start a call; it goes on in the background (``await call.answered()``)."""
        call = await self._call(secrets.token_hex(10), outgoing=True, other=number)
        extra = [("Privacy", "id")] if withheld else []
        source = "anonymous" if withheld else caller or self.user
        self.spawn(call.dial_out(number, caller=source, name=name, extra=extra), "simulated dial")
        return call

    async def next_call(self, count: int = 1) -> SimulatedCall:
        """Wait until this phone has had ``count`` calls; the last of them."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: len(self.calls) >= count)
        return self.calls[count - 1]

    # --- asyncio.DatagramProtocol ---

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:  # noqa: ARG002
        """Answer retransmissions from memory, give responses to who waits, requests to their call."""
        message = parse(data)
        if message is None:
            return
        if not message.method:
            queue = self._waiting.get((message.branch, message.cseq[1]))
            if queue is not None:
                queue.put_nowait(message)
            elif message.status >= 200 and message.cseq[1] == "INVITE" and message.call_id in self._by_id:
                self._by_id[message.call_id].acknowledge(message)
            return
        known = self._replies.get((message.branch, message.method))
        if known is not None and message.method != "ACK":
            self._write(known)
            return
        self.spawn(self._requested(message), f"simulated {message.method}")

    def error_received(self, exc: Exception) -> None:
        """The other port is closed; retransmissions deal with it."""
        log.debug("simulated phone %s: %s", self.user, exc)

    async def _requested(self, message: Message) -> None:
        call = self._by_id.get(message.call_id)
        if call is not None:
            await call.requested(message)
        elif message.method == "INVITE":
            call = await self._call(
                message.call_id, outgoing=False, other=user_of(uri_of(message.get("From")))
            )
            call.accept(message)
            self.reply(message, 100, "Trying")
            async with self._arrived:
                self._arrived.notify_all()
            if self.behaviour is not None:
                await self.behaviour(call)
        elif message.method == "OPTIONS":
            self.reply(message, 200, "OK")
        elif message.method != "ACK":
            self.reply(message, 481, "Call/Transaction Does Not Exist")

    async def _call(self, call_id: str, *, outgoing: bool, other: str) -> SimulatedCall:
        call = SimulatedCall(self, call_id=call_id, outgoing=outgoing, other=other)
        self._by_id[call_id] = call
        call.audio = await AudioStream.open(self.address[0], self.sound)
        self.calls.append(call)
        return call

    def spawn(self, work: Awaitable[None], name: str) -> None:
        async def run() -> None:
            await work

        task = asyncio.get_running_loop().create_task(run(), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        if asyncio.iscoroutine(work):  # cancelled before it began, it would be a coroutine nobody awaited
            task.add_done_callback(lambda _: work.close())

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("simulated phone %s: %r", self.user, task.exception())

    def authorization(self, challenge: Message, method: str, uri: str) -> tuple[str, str]:
        header, answer = ("WWW-Authenticate", "Authorization")
        if challenge.status == 407:
            header, answer = ("Proxy-Authenticate", "Proxy-Authorization")
        value = digest_answer(
            challenge.get(header),
            user=self.user,
            password=self.password,
            method=method,
            uri=uri,
            nonce_count=1,
        )
        return answer, value

    async def request(
        self, message: Message, provisional: Callable[[Message], None] | None = None
    ) -> Message | None:
        """Send a request until something answers; the final response, or None after some 16 s of silence."""
        key = (message.branch, message.method)
        queue: asyncio.Queue[Message] = asyncio.Queue()
        self._waiting[key] = queue
        try:
            heard = False
            for wait in RETRANSMIT_SECONDS:
                self.send(message)
                try:
                    async with asyncio.timeout(None if heard else wait) as deadline:
                        while True:
                            answer = await queue.get()
                            if answer.status >= 200:
                                return answer
                            heard = True
                            deadline.reschedule(None)
                            if provisional is not None:
                                provisional(answer)
                except TimeoutError:
                    continue
            return None
        finally:
            del self._waiting[key]

    def reply(
        self,
        request: Message,
        status: int,
        reason: str,
        *,
        to: str = "",
        contact: bool = False,
        extra: Sequence[tuple[str, str]] = (),
        body: str = "",
    ) -> None:
        answer = Message(status=status, reason=reason, body=body)
        answer.headers = [("Via", via) for via in request.all("Via")]
        answer.headers += [("Record-Route", route) for route in request.all("Record-Route")]
        answer.headers += [
            ("From", request.get("From")),
            ("To", to or request.get("To")),
            ("Call-ID", request.call_id),
            ("CSeq", request.get("CSeq")),
            ("Allow", ALLOW),
        ]
        if contact:
            answer.headers.append(("Contact", f"<sip:{self.user}@{self.address[0]}:{self.address[1]}>"))
        answer.headers += extra
        if body:
            answer.headers.append(("Content-Type", "application/sdp"))
        encoded = answer.encode()
        self._replies[request.branch, request.method] = encoded
        self._write(encoded)

    def send(self, message: Message) -> None:
        self._write(message.encode())

    def _write(self, datagram: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(datagram, self.server)
