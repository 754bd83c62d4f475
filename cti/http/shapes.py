"""What requests and answers are made of: strict models, pages, instants, ids."""

import base64
import binascii
import contextlib
import re
import time
from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from cti.http.problems import Problem

Item = TypeVar("Item")

#: An id of a person, agent, queue, device, token or customer.
Id = Annotated[int, Field(ge=1, le=2**53 - 1)]

#: RFC 3339, UTC, milliseconds: `2026-11-22T05:30:00.123Z`.
Instant = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]


def _plain(text: str) -> str:
    if not all(c.isprintable() or c in "\n\t" or c.isspace() for c in text) or "\x00" in text:
        raise PydanticCustomError("control_character", "holds a control character")
    return text


#: Text from outside; printable, line breaks allowed.
PlainText = Annotated[str, AfterValidator(_plain)]
#: One line that a person reads: a name or a title.
Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_plain)]


_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def _read_instant(value: object) -> datetime:
    if isinstance(value, str) and _RFC_3339.fullmatch(value):
        fraction = re.sub(r"(\.\d{6})\d+", r"\1", value.upper())
        with contextlib.suppress(ValueError, OverflowError):
            at = datetime.fromisoformat(fraction).astimezone(UTC)
            # PostgreSQL and JavaScript know these years.
            if 1970 <= at.year <= 9990:
                return at
    raise PydanticCustomError("instant", "is no instant")


#: An instant in a request: RFC 3339, any time zone, but one.
When = Annotated[
    datetime, PlainValidator(_read_instant), WithJsonSchema({"type": "string", "format": "date-time"})
]


class Body(BaseModel):
    """A request's body: unknown members, wrong types and non-finite numbers are refused."""

    # Built by the first request, so that the service starts sooner.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False, defer_build=True)


class Query(BaseModel):
    """The parameters of an address; they arrive as text, so numbers are read from it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)


class PageQuery(Query):
    """The parameters of every list that is given in pages."""

    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=512)


class Items(msgspec.Struct, Generic[Item], frozen=True, kw_only=True):
    """A list that is always given whole."""

    items: list[Item]


class Page(msgspec.Struct, Generic[Item], frozen=True, kw_only=True):
    """A part of a list; ``next_cursor`` asks for the next one and is null at the end."""

    items: list[Item]
    next_cursor: str | None


class Accepted(msgspec.Struct, frozen=True):
    """A command was sent to Asterisk; what comes of it shows in the state."""


def instant(epoch: float) -> str:
    """Epoch seconds as text (RFC 3339, UTC, milliseconds)."""
    milliseconds = round(epoch * 1000)
    seconds, rest = divmod(milliseconds, 1000)
    return f"{_second(seconds)}.{rest:03d}Z"


def instant_or_none(epoch: float | None) -> str | None:
    """As `instant`; None stays None."""
    return None if epoch is None else instant(epoch)


_seconds: dict[int, str] = {}


def _second(epoch: int) -> str:
    text = _seconds.get(epoch)
    if text is None:
        if len(_seconds) > 1024:
            _seconds.clear()
        text = _seconds[epoch] = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(epoch))
    return text


#: An instant in a cursor (epoch seconds); whoever makes one up gets a refusal, not an error.
CursorInstant = Annotated[float, msgspec.Meta(ge=0, lt=253_402_300_800)]


def encode_cursor(*key: str | float) -> str:
    """A cursor that stands for the last item of a page, by its sort key."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def decode_cursor(cursor: str, shape: type[Item]) -> Item:
    """The sort key in a cursor, of the given tuple type.

    Raises:
        Problem: `paging.cursor_invalid`.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(raw, type=shape)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        raise Problem("paging.cursor_invalid") from None
