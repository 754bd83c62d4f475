"""Calls that a person answered, and those of them that found nobody, in each of the windows that a campaign's
cap holds for. Pure.
"""

from typing import Self

import msgspec


class AbandonCount(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Of one window: calls that a person answered, and those of them that found nobody."""

    answered: int = 0
    abandoned: int = 0

    def plus(self, answered: int, abandoned: int) -> Self:
        """With so many more of each."""
        return type(self)(answered=self.answered + answered, abandoned=self.abandoned + abandoned)


class AbandonCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Of each window."""

    #: The last 24 hours.
    day: AbandonCount = AbandonCount()
    #: Those of them that will still be of the last 24 hours when dialling ends today: yesterday's are not.
    today: AbandonCount = AbandonCount()
    #: The last 30 days.
    month: AbandonCount = AbandonCount()

    def plus(self, answered: int, abandoned: int) -> Self:
        """With so many more of each."""
        return type(self)(
            day=self.day.plus(answered, abandoned),
            today=self.today.plus(answered, abandoned),
            month=self.month.plus(answered, abandoned),
        )
