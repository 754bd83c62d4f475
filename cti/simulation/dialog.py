"""A SIP dialog (RFC 3261, 12) as one of its ends keeps it: what its messages say of who, where and how."""

import secrets
from typing import Final

from cti.simulation.sip import Message, uri_of, user_of

Address = tuple[str, int]

ALLOW: Final = "INVITE, ACK, CANCEL, BYE, OPTIONS, NOTIFY, REFER, INFO, UPDATE"


class Dialog:
    """The dialog of a call; ``address`` is where this end listens.

    Attributes:
        invite: the INVITE that began it, whoever sent it; empty before.
        local: who this end is, as From or To of its messages have it.
        remote: who the other end is.
    """

    def __init__(self, address: Address, call_id: str) -> None:
        self.invite = Message()
        self.local = ""
        self.remote = ""
        self._address = address
        self._call_id = call_id
        self._target = ""
        self._route: list[str] = []
        self._cseq = 1

    def accept(self, invite: Message) -> None:
        """Become the dialog of an INVITE that came."""
        self.invite = invite
        self.local = f"{invite.get('To')};tag={secrets.token_hex(6)}"
        self.remote = invite.get("From")
        self._target = uri_of(invite.get("Contact"))
        self._route = invite.all("Record-Route")

    def begin(self, caller: str, callee: str) -> None:
        """Become the dialog of an INVITE to come; both as a header names them, without a tag."""
        self.local = f"{caller};tag={secrets.token_hex(6)}"
        self.remote = callee
        self._target = uri_of(callee)

    def settle(self, answer: Message) -> None:
        """Take from the final answer to the INVITE who the other end is, and where it is when it accepts."""
        self.remote = answer.get("To") or self.remote
        if answer.status < 300:
            self._target = uri_of(answer.get("Contact")) or self._target
            self._route = list(reversed(answer.all("Record-Route")))

    def request(self, method: str, *, body: str = "") -> Message:
        """The next request; ``body`` is a session description."""
        self._cseq += 1
        return self._request(method, self._cseq, body)

    def cancel(self) -> Message:
        """What takes back the INVITE that is not answered."""
        message = Message(method="CANCEL", uri=self.invite.uri)
        message.headers = [
            (name, value) for name, value in self.invite.headers if name in ("Via", "From", "To")
        ]
        message.headers += [("Call-ID", self._call_id), ("CSeq", f"{self.invite.cseq[0]} CANCEL")]
        return message

    def acknowledgement(self, answer: Message) -> Message:
        """The ACK to the final answer of an INVITE."""
        ack = self._request("ACK", answer.cseq[0], "")
        ack.headers = [
            ("To", answer.get("To")) if name == "To" else (name, value) for name, value in ack.headers
        ]
        if answer.status >= 300:
            ack.uri = self.invite.uri
            ack.headers[0] = ("Via", self.invite.get("Via"))
        return ack

    def _request(self, method: str, number: int, body: str) -> Message:
        host, port = self._address
        message = Message(method=method, uri=self._target, body=body)
        message.headers = [
            ("Via", f"SIP/2.0/UDP {host}:{port};rport;branch=z9hG4bK{secrets.token_hex(8)}"),
            ("Max-Forwards", "70"),
            ("From", self.local),
            ("To", self.remote),
            ("Call-ID", self._call_id),
            ("CSeq", f"{number} {method}"),
            ("Contact", f"<sip:{user_of(uri_of(self.local))}@{host}:{port}>"),
            ("Allow", ALLOW),
            *[("Route", route) for route in self._route],
        ]
        if body:
            message.headers.append(("Content-Type", "application/sdp"))
        return message
