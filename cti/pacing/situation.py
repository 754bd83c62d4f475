"""What the dialler knows at one instant: agents, dials in flight, waiting answers, and the books of the day.

Instants are seconds on any one clock that never goes back; ages are taken against ``now``.
"""

from collections.abc import Collection
from typing import Final

import msgspec

from cti.pacing.abandon_count import AbandonCount

#: As a day of calling when nobody says when it ends.
FULL_DAY_SECONDS: Final = 28_800.0


class Situation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One campaign at one instant.

    An agent is in one of the collections, or in none (paused, signed out). Who is announced to leave after
    the call in hand is not among those who come back: he is counted in ``leaving`` and nowhere else.
    """

    now: float
    #: When Asterisk was last heard of; None is as of now.
    informed_at: float | None = None
    #: Agents without a call, by the instant since when.
    idle: Collection[float] = ()
    #: Agents in a call, by the instant at which it began.
    talking: Collection[float] = ()
    #: Agents in wrap-up, by the instant at which it began.
    wrapping: Collection[float] = ()
    #: Agents in a call or wrap-up after which they leave or pause.
    leaving: int = 0
    #: Dials in flight, by the instant at which they were launched.
    ringing: Collection[float] = ()
    #: Answered calls that wait for an agent.
    waiting: int = 0
    #: Calls that a person answered in the window whose cap the day is to keep, and how many of them found no
    #: agent.
    answered: int = 0
    abandoned: int = 0
    #: The same of other windows that the cap holds for.
    other_counts: tuple[AbandonCount, ...] = ()
    #: Until dialling ends for the day.
    remaining_seconds: float = FULL_DAY_SECONDS
    #: Who may still be dialled until then; None when they are more than matter, or nobody counted them.
    contacts_left: int | None = None
    #: Lines that are free; None when there is no limit.
    free_lines: int | None = None

    @property
    def agents(self) -> int:
        """Agents who take calls, now or when they are done with the one in hand."""
        return len(self.idle) + len(self.talking) + len(self.wrapping)

    @property
    def unclaimed(self) -> int:
        """Idle agents for whom neither a waiting answer nor a dial is under way; never below zero."""
        return max(0, len(self.idle) - self.waiting - len(self.ringing))

    @property
    def silence_seconds(self) -> float:
        """For how long Asterisk has not been heard."""
        return 0.0 if self.informed_at is None else max(0.0, self.now - self.informed_at)
