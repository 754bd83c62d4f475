"""SIP messages as text (RFC 3261) and what a phone puts in them: digest answers and SDP. No I/O here."""

import hashlib
import re
from dataclasses import dataclass, field

_COMPACT = {
    "i": "call-id",
    "m": "contact",
    "f": "from",
    "t": "to",
    "v": "via",
    "l": "content-length",
    "o": "event",
}
_PARAMETER = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')


@dataclass(kw_only=True)
class Message:
    """A request (``method`` and ``uri``) or a response (``status``); headers keep their order."""

    method: str = ""
    uri: str = ""
    status: int = 0
    reason: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: str = ""

    def get(self, name: str) -> str:
        """The first value of a header, or an empty text."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), "")

    def all(self, name: str) -> list[str]:
        """Every value of a header, in order."""
        wanted = name.lower()
        return [value for key, value in self.headers if key.lower() == wanted]

    @property
    def call_id(self) -> str:
        """The dialog's Call-ID."""
        return self.get("Call-ID")

    @property
    def cseq(self) -> tuple[int, str]:
        """The sequence number and the method it counts."""
        number, _, method = self.get("CSeq").partition(" ")
        return int(number), method.strip()

    @property
    def branch(self) -> str:
        """The transaction: the branch of the topmost Via."""
        found = re.search(r"branch=([^;,\s]+)", self.get("Via"))
        return found.group(1) if found else ""

    def encode(self) -> bytes:
        """The message as it goes into a datagram."""
        start = f"{self.method} {self.uri} SIP/2.0" if self.method else f"SIP/2.0 {self.status} {self.reason}"
        body = self.body.encode()
        lines = [start, *(f"{name}: {value}" for name, value in self.headers), f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + body


def parse(datagram: bytes) -> Message | None:
    """The message in a datagram, or None for what is no SIP (a keep-alive, noise)."""
    head, _, body = datagram.decode(errors="replace").partition("\r\n\r\n")
    start, *lines = head.split("\r\n")
    words = start.split(" ", 2)
    if len(words) < 3 or (words[0] != "SIP/2.0" and words[2] != "SIP/2.0"):
        return None
    headers = []
    for line in lines:
        name, colon, value = line.partition(":")
        if colon and name.strip().lower() not in ("content-length", "l"):
            headers.append((_COMPACT.get(name.strip().lower(), name.strip()), value.strip()))
    if words[0] == "SIP/2.0":
        return Message(status=int(words[1]), reason=words[2], headers=headers, body=body)
    return Message(method=words[0], uri=words[1], headers=headers, body=body)


def tag_of(header: str) -> str:
    """The tag of a From or To header, or an empty text."""
    found = re.search(r";\s*tag=([^;\s]+)", header)
    return found.group(1) if found else ""


def uri_of(header: str) -> str:
    """The URI inside ``<...>`` of a From, To or Contact header."""
    found = re.search(r"<([^>]+)>", header)
    return found.group(1) if found else header.partition(";")[0].strip()


def user_of(uri: str) -> str:
    """The user part of a SIP URI."""
    found = re.match(r"sips?:([^@;]+)@", uri)
    return found.group(1) if found else ""


def digest_answer(
    challenge: str, *, user: str, password: str, method: str, uri: str, nonce_count: int
) -> str:
    """The (Proxy-)Authorization value for a digest challenge (RFC 2617, MD5)."""
    given = {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(challenge)}
    first = _md5(f"{user}:{given.get('realm', '')}:{password}")
    second = _md5(f"{method}:{uri}")
    nonce = given.get("nonce", "")
    parts = [f'username="{user}"', f'realm="{given.get("realm", "")}"', f'nonce="{nonce}"', f'uri="{uri}"']
    if "auth" in given.get("qop", ""):
        count, client = f"{nonce_count:08x}", "c0ffee00"
        answer = _md5(f"{first}:{nonce}:{count}:{client}:auth:{second}")
        parts += [f'response="{answer}"', "qop=auth", f"nc={count}", f'cnonce="{client}"']
    else:
        parts.append(f'response="{_md5(f"{first}:{nonce}:{second}")}"')
    if "opaque" in given:
        parts.append(f'opaque="{given["opaque"]}"')
    return "Digest " + ", ".join([*parts, "algorithm=MD5"])


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def session_description(*, host: str, port: int, version: int, direction: str) -> str:
    """An SDP offer or answer: PCMU and telephone events, ``direction`` sendrecv, sendonly or recvonly."""
    return (
        f"v=0\r\no=phone 1 {version} IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
        f"a=fmtp:101 0-15\r\na=ptime:20\r\na={direction}\r\n"
    )


def media_address(sdp: str) -> tuple[str, int] | None:
    """Where the other side wants its audio, or None when the text says nothing usable."""
    host = re.search(r"^c=IN IP4 (\S+)", sdp, re.MULTILINE)
    port = re.search(r"^m=audio (\d+)", sdp, re.MULTILINE)
    return (host.group(1), int(port.group(1))) if host and port else None


def media_direction(sdp: str) -> str:
    """Which way the other side wants audio to go: `sendrecv` unless the text says another."""
    return next((d for d in ("sendonly", "recvonly", "inactive") if f"a={d}" in sdp), "sendrecv")
