"""An announcement, and which one a caller hears."""

from collections.abc import Iterable
from enum import StrEnum

import msgspec


class SwitchedBy(StrEnum):
    """By what an announcement was switched."""

    PAGE = "page"
    PHONE = "phone"


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    """Something that callers hear while it is on. Instants are epoch seconds.

    Without ``queues`` it is for the callers of all of them. ``from_at`` and ``until_at`` bound when it is
    heard; None does not. ``switched_by_name`` says who switched it last.
    """

    id: int
    name: str
    title_zh: str
    title_en: str
    prompt: str
    queues: tuple[str, ...] = ()
    hang_up: bool = False
    is_on: bool = False
    from_at: float | None = None
    until_at: float | None = None
    switched_at: float | None = None
    switched_by: SwitchedBy | None = None
    switched_by_name: str | None = None

    def is_heard(self, at: float) -> bool:
        """Whether callers hear it at an instant."""
        begun = self.from_at is None or self.from_at <= at
        return self.is_on and begun and (self.until_at is None or at < self.until_at)


def heard_by(announcements: Iterable[Announcement], queue: str | None, at: float) -> Announcement | None:
    """The one that callers of a queue (or of none that is known yet) hear: first what ends their call, then
    what is for their queue alone, then by name.
    """
    heard = [
        one
        for one in announcements
        if one.is_heard(at) and (not one.queues or (queue is not None and queue in one.queues))
    ]
    return min(heard, key=lambda one: (not one.hang_up, not one.queues, one.name), default=None)
