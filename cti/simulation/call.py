"""One call of a simulated phone: what its script does, what the other side asks, and when each happened."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from cti.simulation.rtp import AudioStream
from cti.simulation.sip import Message, media_address, session_description, tag_of, uri_of, user_of

Address = tuple[str, int]

RETRANSMIT_SECONDS = (0.5, 1.0, 2.0, 4.0, 4.0, 4.0)
ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, NOTIFY, REFER, INFO, UPDATE"


class Line(Protocol):
    """What a call needs of its phone."""

    address: Address
    server: Address
    audio: bool

    def send(self, message: Message) -> None:
        """Send a message once."""

    async def request(
        self, message: Message, provisional: Callable[[Message], None] | None = None
    ) -> Message | None:
        """Send a request until it is answered; None when it never is."""

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
        """Answer a request, with the phone's own contact when it is asked for, and with ``extra`` headers."""

    def spawn(self, work: Awaitable[None], name: str) -> None:
        """Do something beside."""

    def authorization(self, challenge: Message, method: str, uri: str) -> tuple[str, str]:
        """The header that answers a challenge."""


class SimulatedCall:
    """One call of a simulated phone. ``None`` means that it has not happened.

    Attributes:
        invited_at: when the INVITE was sent or came.
        ringing_at: when 180 was sent or came.
        answered_at: when 200 was sent or came.
        ended_at: when the BYE, CANCEL or refusal was sent or came.
        ended_by: ``local`` or ``remote``.
        status: the final SIP status of the INVITE.
        holds: the spans during which this phone held the other side.
    """

    def __init__(self, phone: Line, *, call_id: str, outgoing: bool, other: str) -> None:
        self.phone = phone
        self.call_id = call_id
        self.outgoing = outgoing
        self.other = other
        self.invited_at = time.time()
        self.ringing_at: float | None = None
        self.answered_at: float | None = None
        self.ended_at: float | None = None
        self.ended_by: str | None = None
        self.status: int | None = None
        self.cause: str = ""
        self.holds: list[list[float | None]] = []
        self.digits = ""
        self.transfer_status: str | None = None
        self.audio: AudioStream | None = None
        self._answered = asyncio.Event()
        self._ended = asyncio.Event()
        self._invite = Message()
        self.local = ""
        self.remote = ""
        self._target = ""
        self._route: list[str] = []
        self._cseq = 1
        self._version = 1
        self._acked = asyncio.Event()

    # --- What a script does ---

    def ring(self) -> None:
        """Say 180 Ringing to an incoming call."""
        self.ringing_at = time.time()
        self.phone.reply(self._invite, 180, "Ringing", to=self.local, contact=True)

    def announce(self) -> None:
        """Say 183 to an incoming call and let the other side hear this one, which is not answered by that."""
        self.ringing_at = time.time()
        body = self._sdp("sendrecv")
        self.phone.reply(self._invite, 183, "Session Progress", to=self.local, contact=True, body=body)
        if self.audio is not None and self.phone.audio:
            self.audio.talk()

    async def answer(self) -> None:
        """Answer an incoming call; returns when the other side has confirmed."""
        if self.over:
            return
        self.answered_at = time.time()
        self.status = 200
        self._answered.set()
        body = self._sdp("sendrecv")
        for wait in (0.0, *RETRANSMIT_SECONDS):
            if wait:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._acked.wait()
            if self._acked.is_set() or self.over:
                break
            self.phone.reply(self._invite, 200, "OK", to=self.local, contact=True, body=body)
        if self.audio is not None and self.phone.audio:
            self.audio.talk()

    async def refuse(self, status: int = 486, reason: str = "Busy Here") -> None:
        """Refuse an incoming call."""
        self.status = status
        self.phone.reply(self._invite, status, reason, to=self.local)
        await self.end("local")

    async def forward(self, number: str) -> None:
        """Send an incoming call elsewhere (302), as a phone does on which a call forward is set."""
        self.status = 302
        target = ("Contact", f"<sip:{number}@{self.phone.server[0]}:{self.phone.server[1]}>")
        self.phone.reply(self._invite, 302, "Moved Temporarily", to=self.local, extra=[target])
        await self.end("local")

    async def hang_up(self) -> None:
        """End the call from this side; a call that is not answered is cancelled."""
        if self.over:
            return
        if self.answered_at is None and self.outgoing:
            cancel = Message(method="CANCEL", uri=self._invite.uri)
            cancel.headers = [
                (name, value) for name, value in self._invite.headers if name in ("Via", "From", "To")
            ]
            cancel.headers += [("Call-ID", self.call_id), ("CSeq", f"{self._invite.cseq[0]} CANCEL")]
            await self.end("local")
            await self.phone.request(cancel)
            return
        if self.answered_at is None:
            await self.refuse()
            return
        await self.end("local")
        await self.phone.request(self._in_dialog("BYE"))

    async def hold(self) -> None:
        """Hold the other side by a re-INVITE with a=sendonly."""
        if not self.over and (not self.holds or self.holds[-1][1] is not None):
            self.holds.append([time.time(), None])
            await self._reinvite("sendonly")

    async def resume(self) -> None:
        """End the hold."""
        if not self.over and self.holds and self.holds[-1][1] is None:
            self.holds[-1][1] = time.time()
            await self._reinvite("sendrecv")

    async def press(self, digits: str) -> None:
        """Key digits."""
        if self.audio is not None:
            self.digits += digits
            await self.audio.press(digits)

    async def refer(self, number: str, *, replaces: "SimulatedCall | None" = None) -> None:
        """Transfer the other side: blind to ``number``, or attended to the party of another call of this
        phone.
        """
        target = f"sip:{number}@{self.phone.server[0]}:{self.phone.server[1]}"
        if replaces is not None:
            dialog = f"{replaces.call_id};to-tag={tag_of(replaces.remote)};from-tag={tag_of(replaces.local)}"
            quoted = dialog.replace(";", "%3B").replace("=", "%3D").replace("@", "%40")
            target = f"{uri_of(replaces.remote)}?Replaces={quoted}"
        message = self._in_dialog("REFER")
        message.headers += [("Refer-To", f"<{target}>"), ("Referred-By", f"<{uri_of(self.local)}>")]
        answer = await self.phone.request(message)
        self.transfer_status = str(answer.status) if answer is not None else "no answer"

    async def answered(self) -> bool:
        """Wait until the call is answered (True) or over (False)."""
        await _either(self._answered, self._ended)
        return self._answered.is_set()

    async def ended(self) -> None:
        """Wait until the call is over."""
        await self._ended.wait()

    async def stay(self, seconds: float) -> None:
        """Stay in the call for some seconds; returns earlier when the other side ends it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ended.wait()

    @property
    def over(self) -> bool:
        """Whether the call has ended."""
        return self._ended.is_set()

    # --- What the phone's socket brings ---

    async def requested(self, message: Message) -> None:
        phone = self.phone
        if message.method == "ACK":
            self._acked.set()
        elif message.method == "BYE":
            self.cause = message.get("Reason")
            phone.reply(message, 200, "OK")
            await self.end("remote")
        elif message.method == "CANCEL":
            phone.reply(message, 200, "OK", to=self.local)
            if self.answered_at is None:
                self.status = 487
                self.cause = message.get("Reason")
                phone.reply(self._invite, 487, "Request Terminated", to=self.local)
                await self.end("remote")
        elif message.method == "INVITE":
            self._media(message)
            direction = {"sendonly": "recvonly", "inactive": "inactive"}.get(
                _direction(message.body), "sendrecv"
            )
            phone.reply(message, 200, "OK", contact=True, body=self._sdp(direction))
        elif message.method == "NOTIFY":
            phone.reply(message, 200, "OK")
            event = message.get("Event").partition(";")[0].strip()
            if event == "hold":
                phone.spawn(self.hold(), "hold on request")
            elif event == "talk":
                phone.spawn(self.resume() if self.answered_at else self.answer(), "resume on request")
            elif event == "refer":
                self.transfer_status = message.body.strip().removeprefix("SIP/2.0 ")
                if self.transfer_status.startswith("200"):
                    await self.hang_up()
        else:
            phone.reply(message, 200, "OK")

    def accept(self, invite: Message) -> None:
        """Become the call of an incoming INVITE."""
        self._invite = invite
        self.local = f"{invite.get('To')};tag={secrets.token_hex(6)}"
        self.remote = invite.get("From")
        self._target = uri_of(invite.get("Contact"))
        self._route = invite.all("Record-Route")
        self._media(invite)

    async def dial_out(
        self, number: str, *, caller: str, name: str = "", extra: list[tuple[str, str]]
    ) -> None:
        """Send the INVITE of an outgoing call and follow it to its final answer."""
        phone = self.phone
        host, port = phone.address
        display = f'"{name}" ' if name else ""
        self.local = f"{display}<sip:{caller}@{host}:{port}>;tag={secrets.token_hex(6)}"
        self.remote = f"<sip:{number}@{phone.server[0]}:{phone.server[1]}>"
        self._target = uri_of(self.remote)
        authorization: list[tuple[str, str]] = []
        for attempt in (1, 2):
            message = self._in_dialog("INVITE", body=self._sdp("sendrecv"))
            message.headers += [*extra, *authorization]
            self._invite = message
            answer = await phone.request(message, provisional=self._progress)
            if answer is None:
                self.status = 408
                break
            self.status = answer.status
            if answer.status in (401, 407) and attempt == 1 and not self.over:
                self.acknowledge(answer)
                authorization = [phone.authorization(answer, "INVITE", self._target)]
                continue
            self.remote = answer.get("To") or self.remote
            if answer.status < 300:
                self._target = uri_of(answer.get("Contact")) or self._target
                self._route = list(reversed(answer.all("Record-Route")))
                self._media(answer)
                self.acknowledge(answer)
                if self.over:
                    await phone.request(self._in_dialog("BYE"))
                    return
                self.answered_at = time.time()
                self._answered.set()
                if phone.audio and self.audio is not None:
                    self.audio.talk()
                return
            self.acknowledge(answer)
            break
        await self.end("remote")

    def _progress(self, answer: Message) -> None:
        if answer.status in (180, 183) and self.ringing_at is None:
            self.ringing_at = time.time()

    async def _reinvite(self, direction: str) -> None:
        answer = await self.phone.request(self._in_dialog("INVITE", body=self._sdp(direction)))
        if answer is not None:
            self.acknowledge(answer)

    def acknowledge(self, answer: Message) -> None:
        ack = self._in_dialog("ACK", number=answer.cseq[0])
        ack.headers = [
            ("To", answer.get("To")) if name == "To" else (name, value) for name, value in ack.headers
        ]
        if answer.status >= 300:
            ack.uri = self._invite.uri
            ack.headers[0] = ("Via", self._invite.get("Via"))
        self.phone.send(ack)

    def _in_dialog(self, method: str, *, body: str = "", number: int | None = None) -> Message:
        if number is None:
            self._cseq += 1
            number = self._cseq
        host, port = self.phone.address
        message = Message(method=method, uri=self._target, body=body)
        message.headers = [
            ("Via", f"SIP/2.0/UDP {host}:{port};rport;branch=z9hG4bK{secrets.token_hex(8)}"),
            ("Max-Forwards", "70"),
            ("From", self.local),
            ("To", self.remote),
            ("Call-ID", self.call_id),
            ("CSeq", f"{number} {method}"),
            ("Contact", f"<sip:{user_of(uri_of(self.local))}@{host}:{port}>"),
            ("Allow", ALLOW),
            *[("Route", route) for route in self._route],
        ]
        if body:
            message.headers.append(("Content-Type", "application/sdp"))
        return message

    def _sdp(self, direction: str) -> str:
        self._version += 1
        port = self.audio.port if self.audio is not None else 9
        return session_description(
            host=self.phone.address[0], port=port, version=self._version, direction=direction
        )

    def _media(self, message: Message) -> None:
        peer = media_address(message.body)
        if peer is not None and self.audio is not None:
            self.audio.peer = peer

    async def end(self, side: str) -> None:
        if self._ended.is_set():
            return
        self.ended_at, self.ended_by = time.time(), side
        if self.holds and self.holds[-1][1] is None:
            self.holds[-1][1] = self.ended_at
        self._ended.set()
        if self.audio is not None:
            await self.audio.close()


def _direction(sdp: str) -> str:
    return next((d for d in ("sendonly", "recvonly", "inactive") if f"a={d}" in sdp), "sendrecv")


async def _either(first: asyncio.Event, second: asyncio.Event) -> None:
    tasks = [asyncio.ensure_future(first.wait()), asyncio.ensure_future(second.wait())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
