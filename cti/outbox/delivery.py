"""How a message goes out: its body, its signature, and when it is tried again (docs/webhooks.md). Pure.

The receiver checks `Cti-Signature` (`v1=` and the HMAC-SHA-256, in hexadecimal, of the timestamp, a full
stop and the body, with the shared secret) and that `Cti-Timestamp` is not old; it takes a `Cti-Message` that
it has had already for the same one.
"""

import hashlib
import hmac
import json
from typing import Final

from cti.outbox.model import Message

#: Seconds until the next attempt, by attempts made; the last one stays.
PAUSES: Final = (1.0, 5.0, 30.0, 120.0, 600.0, 1800.0)
#: A message is given up after so long.
LONGEST_SECONDS: Final = 24 * 3600.0


def pause_after(attempts: int) -> float:
    """How long to wait after so many attempts (at least one)."""
    return PAUSES[min(attempts, len(PAUSES)) - 1]


def body_of(message: Message, queued_at: str) -> bytes:
    """The JSON that is sent; ``queued_at`` is the instant as text."""
    return json.dumps(
        {
            "id": message.id,
            "queued_at": queued_at,
            "call_id": message.call_id,
            "values": json.loads(message.payload),
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()


def headers_of(message: Message, body: bytes, at: int, secret: str | None) -> dict[str, str]:
    """The headers; signed when there is a secret. ``at`` is the moment of sending, in epoch seconds."""
    headers = {"Content-Type": "application/json", "Cti-Message": message.id, "Cti-Timestamp": str(at)}
    if secret:
        headers["Cti-Signature"] = f"v1={signature(body, at, secret)}"
    return headers


def signature(body: bytes, at: int, secret: str) -> str:
    """Of a body sent at a moment."""
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def is_taken(status: int) -> bool:
    """Whether an answer says that the message was taken."""
    return 200 <= status < 300


def is_refused(status: int) -> bool:
    """Whether an answer says that it will never be: asked again it would say the same."""
    return 400 <= status < 500 and status not in (401, 403, 404, 408, 425, 429)
