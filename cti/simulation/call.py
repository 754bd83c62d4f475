"""One call of a simulated phone: what its script does, what the other side asks, and when each happened."""

import asyncio
import contextlib
import time
from collections.abc import Sequence

from cti.simulation.dialog import Dialog
from cti.simulation.line import Line
from cti.simulation.rtp import AudioStream
from cti.simulation.sip import (
    Message,
    media_address,
    media_direction,
    session_description,
    tag_of,
    uri_of,
    user_of,
)

RETRANSMIT_SECONDS = (0.5, 1.0, 2.0, 4.0, 4.0, 4.0)


class SimulatedCall:
    """One call of a simulated phone. ``None`` means that it has not happened.

    Attributes:
        other: the number of the other side, as it came or was dialled.
        dialled: which number an incoming call was for; empty otherwise.
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
        self.dialog = Dialog(phone.address, call_id)
        self.outgoing = outgoing
        self.other = other
        self.dialled = ""
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
        self._version = 1
        self._acked = asyncio.Event()

    # --- What a script does ---

    def ring(self) -> None:
        """Say 180 Ringing to an incoming call."""
        self.ringing_at = time.time()
        self._reply(180, "Ringing", contact=True)

    def announce(self) -> None:
        """Say 183 to an incoming call and let the other side hear this one, which is not answered by that."""
        self.ringing_at = time.time()
        body = self._sdp("sendrecv")
        self._reply(183, "Session Progress", contact=True, body=body)
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
            self._reply(200, "OK", contact=True, body=body)
        if self.audio is not None and self.phone.audio:
            self.audio.talk()

    async def refuse(self, status: int = 486, reason: str = "Busy Here") -> None:
        """Refuse an incoming call."""
        self.status = status
        self._reply(status, reason)
        await self.end("local")

    async def forward(self, number: str) -> None:
        """Send an incoming call elsewhere (302), as a phone does on which a call forward is set."""
        self.status = 302
        target = ("Contact", f"<sip:{number}@{self.phone.server[0]}:{self.phone.server[1]}>")
        self._reply(302, "Moved Temporarily", extra=[target])
        await self.end("local")

    async def hang_up(self) -> None:
        """End the call from this side; a call that is not answered is cancelled."""
        if self.over:
            return
        if self.answered_at is None and self.outgoing:
            await self.end("local")
            await self.phone.request(self.dialog.cancel())
            return
        if self.answered_at is None:
            await self.refuse()
            return
        await self.end("local")
        await self.phone.request(self.dialog.request("BYE"))

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
            other = replaces.dialog
            tags = f"{replaces.call_id};to-tag={tag_of(other.remote)};from-tag={tag_of(other.local)}"
            quoted = tags.replace(";", "%3B").replace("=", "%3D").replace("@", "%40")
            target = f"{uri_of(other.remote)}?Replaces={quoted}"
        message = self.dialog.request("REFER")
        message.headers += [("Refer-To", f"<{target}>"), ("Referred-By", f"<{uri_of(self.dialog.local)}>")]
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

    def header(self, name: str) -> str:
        """A header of its INVITE; empty when that has none."""
        return self.dialog.invite.get(name)

    @property
    def asks_for_answer(self) -> bool:
        """Whether an incoming call asks the phone to answer by itself, in the words of either family."""
        return "answer-after=0" in self.header("Call-Info") or "autoanswer" in self.header("Alert-Info")

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
            phone.reply(message, 200, "OK", to=self.dialog.local)
            if self.answered_at is None:
                self.status = 487
                self.cause = message.get("Reason")
                self._reply(487, "Request Terminated")
                await self.end("remote")
        elif message.method == "INVITE":
            if self.answered_at is None:
                return  # the same again, because we were slow: it is being dealt with
            self._media(message)
            direction = {"sendonly": "recvonly", "inactive": "inactive"}.get(
                media_direction(message.body), "sendrecv"
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
        self.dialog.accept(invite)
        self.dialled = user_of(invite.uri)
        self._media(invite)

    async def dial_out(
        self, number: str, *, caller: str, name: str = "", extra: list[tuple[str, str]]
    ) -> None:
        """Send the INVITE of an outgoing call and follow it to its final answer."""
        phone, dialog = self.phone, self.dialog
        host, port = phone.address
        display = f'"{name}" ' if name else ""
        dialog.begin(
            f"{display}<sip:{caller}@{host}:{port}>", f"<sip:{number}@{phone.server[0]}:{phone.server[1]}>"
        )
        authorization: list[tuple[str, str]] = []
        for attempt in (1, 2):
            message = dialog.request("INVITE", body=self._sdp("sendrecv"))
            message.headers += [*extra, *authorization]
            dialog.invite = message
            answer = await phone.request(message, provisional=self._progress)
            if answer is None:
                self.status = 408
                break
            self.status = answer.status
            if answer.status in (401, 407) and attempt == 1 and not self.over:
                self.acknowledge(answer)
                authorization = [phone.authorization(answer, "INVITE", message.uri)]
                continue
            dialog.settle(answer)
            self.acknowledge(answer)
            if answer.status < 300:
                self._media(answer)
                if self.over:
                    await phone.request(dialog.request("BYE"))
                    return
                self.answered_at = time.time()
                self._answered.set()
                if phone.audio and self.audio is not None:
                    self.audio.talk()
                return
            break
        await self.end("remote")

    def _reply(
        self,
        status: int,
        reason: str,
        *,
        contact: bool = False,
        extra: Sequence[tuple[str, str]] = (),
        body: str = "",
    ) -> None:
        to = self.dialog.local
        self.phone.reply(self.dialog.invite, status, reason, to=to, contact=contact, extra=extra, body=body)

    def _progress(self, answer: Message) -> None:
        if answer.status in (180, 183) and self.ringing_at is None:
            self.ringing_at = time.time()

    async def _reinvite(self, direction: str) -> None:
        answer = await self.phone.request(self.dialog.request("INVITE", body=self._sdp(direction)))
        if answer is not None:
            self.acknowledge(answer)

    def acknowledge(self, answer: Message) -> None:
        self.phone.send(self.dialog.acknowledgement(answer))

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


async def _either(first: asyncio.Event, second: asyncio.Event) -> None:
    tasks = [asyncio.ensure_future(first.wait()), asyncio.ensure_future(second.wait())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
