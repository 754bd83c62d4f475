"""A callback that an agent agreed with a person for a time, and what may be done with it. Pure.

Several promises to one number are one call: the last one said counts, and calling keeps all of them.
"""

from enum import StrEnum
from typing import Final

import msgspec

from cti.dialling.rules.may_dial import Purpose

#: So long before the time that was agreed a person may be called on his word alone, and so long after it.
_EARLY_SECONDS: Final = 10 * 60.0
_LATE_SECONDS: Final = 60 * 60.0


class AgreedEnd(StrEnum):
    """How it ended."""

    DONE = "done"
    CANCELLED = "cancelled"


class AgreedCallback(msgspec.Struct, frozen=True, kw_only=True):
    """One person to be called back. Instants are epoch seconds.

    ``agent_id`` is who is to call; None: any agent of ``queue``. ``number`` (E.164) is the customer's first
    one where only he is known. ``earlier`` are notes of promises that are kept with this one, the last first,
    and ``promises`` is how many all of them are.
    """

    id: int
    number: str | None
    customer_id: int | None
    customer_name: str | None
    due_at: float
    agent_id: int | None
    queue: str | None
    promised_by: int | None
    promised_at: float
    note: str | None
    earlier: tuple[str, ...]
    promises: int
    ended_at: float | None
    ended_as: AgreedEnd | None


def purpose_at(due_at: float, now: float) -> Purpose:
    """As what a person is called whom a callback was promised for ``due_at``.

    Around that time he has chosen his hour; at any other he is called as anybody is.
    """
    chosen = -_EARLY_SECONDS <= now - due_at <= _LATE_SECONDS
    return Purpose.CALLBACK if chosen else Purpose.MANUAL
