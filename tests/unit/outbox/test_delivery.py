"""What a receiver gets, by which it knows the sender and the message, and what its answers mean."""

import hashlib
import hmac
import json

import pytest

from cti.outbox.delivery import PAUSES, body_of, headers_of, is_refused, is_taken, pause_after
from cti.outbox.model import Message

MESSAGE = Message(
    id="b-1.f1.m5", queued_at=5.0, node="n", endpoint="tips", payload='{"topic": "新闻"}', call_id="b-1"
)


def test_the_body_says_which_message_of_which_call_it_is() -> None:
    body = json.loads(body_of(MESSAGE, "1970-01-01T00:00:05Z"))
    assert body == {
        "id": "b-1.f1.m5",
        "queued_at": "1970-01-01T00:00:05Z",
        "call_id": "b-1",
        "values": {"topic": "新闻"},
    }


def test_the_signature_is_over_the_moment_and_the_body() -> None:
    body = body_of(MESSAGE, "x")
    headers = headers_of(MESSAGE, body, 1_800_000_000, "secret")
    expected = hmac.new(b"secret", b"1800000000." + body, hashlib.sha256).hexdigest()
    assert headers["Cti-Signature"] == f"v1={expected}"
    assert (headers["Cti-Message"], headers["Cti-Timestamp"]) == ("b-1.f1.m5", "1800000000")
    assert "Cti-Signature" not in headers_of(MESSAGE, body, 1, None)


@pytest.mark.parametrize(
    ("status", "taken", "refused"),
    [
        (200, True, False),
        (204, True, False),
        (301, False, False),
        (400, False, True),
        (401, False, False),
        (404, False, False),
        (409, False, True),
        (429, False, False),
        (503, False, False),
    ],
)
def test_what_an_answer_means(status: int, taken: bool, refused: bool) -> None:
    assert (is_taken(status), is_refused(status)) == (taken, refused)


def test_it_is_tried_less_and_less_often() -> None:
    assert [pause_after(n) for n in range(1, 9)] == [*PAUSES, PAUSES[-1], PAUSES[-1]]
