"""docs/webhooks.md says what is so: its receiver takes what the service sends, once, and nothing else."""

import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cti.config import load
from cti.outbox.delivery import PAUSES, body_of, headers_of, is_refused
from cti.outbox.model import Message

DOCS = (Path(__file__).parents[3] / "docs" / "webhooks.md").read_text()
EXAMPLE = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)[0]
SECRET = "what CTI_ENDPOINTS_SECRET holds"
MESSAGE = Message(
    id="b-1.f1.m5", queued_at=5.0, node="n", endpoint="tips", payload='{"topic": "新闻"}', call_id="b-1"
)


class Receiver:
    def __init__(self) -> None:
        self.handled: list[dict[str, Any]] = []
        self._names: dict[str, Any] = {"handle": self.handled.append}
        exec(EXAMPLE, self._names)

    def take(self, headers: Mapping[str, str], body: bytes) -> int:
        return int(self._names["receive"](headers, body))


def sent(secret: str | None = SECRET, *, ago: int = 0) -> tuple[dict[str, str], bytes]:
    body = body_of(MESSAGE, "1970-01-01T00:00:05.000Z")
    return headers_of(MESSAGE, body, int(time.time()) - ago, secret), body


def test_the_receiver_takes_a_message_once_however_often_it_comes() -> None:
    receiver = Receiver()
    assert receiver.take(*sent(ago=60)) == 204
    assert receiver.take(*sent()) == 204
    assert [(one["id"], one["values"]) for one in receiver.handled] == [("b-1.f1.m5", {"topic": "新闻"})]


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        sent("another"),
        sent(None),
        sent(ago=3600),
        (sent()[0], sent()[1].replace(b"b-1", b"b-2")),
        (sent()[0] | {"Cti-Timestamp": str(int(time.time()) + 7)}, sent()[1]),
        ({}, b""),
    ],
    ids=["other secret", "unsigned", "old", "other body", "other moment", "nothing"],
)
def test_the_receiver_takes_nothing_else(headers: dict[str, str], body: bytes) -> None:
    receiver = Receiver()
    status = receiver.take(headers, body)
    assert receiver.handled == []
    # With a secret that was wrong for a while, messages are not lost.
    assert status == 401
    assert not is_refused(status)


def test_the_settings_of_the_page_are_settings() -> None:
    line = re.search(r'^CTI_ENDPOINTS="(.*)"$', DOCS, re.MULTILINE)
    assert line is not None
    settings = load(
        endpoints=line[1],
        database_url="postgresql://x/x",
        ami_secret="x",
        ami_phone_secret="x",
        agi_secret="x",
    )
    assert settings.endpoint_addresses == {
        "renewals": "https://crm.example.com/renewals",
        "prices": "https://shop.example.com/price?token=5c1f",
    }


def test_what_is_sent_again_and_when_is_as_it_is_said() -> None:
    again = re.search(r"^\| ([\d, ]+), any other status.* sent again after ([\d, ]+) s", DOCS, re.MULTILINE)
    assert again is not None
    assert [int(status) for status in again[1].split(",")] == [
        status for status in range(400, 500) if not is_refused(status)
    ]
    assert [float(pause) for pause in again[2].split(",")] == list(PAUSES)
