"""How many answers are still to come, as far as that can be relied on: what may be abandoned later follows
from it. Each thing that ends a day of calling bounds it by itself. Pure.
"""

from typing import Final

import msgspec

#: How busy agents are believed to be before it was seen, and over how many seconds what was seen is a mean.
_BUSY: Final = 0.9
_MEMORY_SECONDS: Final = 1_800.0
#: Nobody saw what was between two looks that lie further apart.
_LONGEST_SECONDS: Final = 5.0
#: A campaign may be stopped at any time: so many more than it has had are as many as are counted on.
_AHEAD: Final = 2_000


class Busyness(msgspec.Struct):
    """The share of their time in which agents talk and wrap up."""

    share: float = _BUSY
    looked_at: float | None = None

    def look(self, now: float, agents: int, busy: int) -> None:
        """Takes how many of the agents are busy now."""
        since, self.looked_at = self.looked_at, now
        if since is not None and agents:
            weight = min(max(0.0, now - since), _LONGEST_SECONDS) / _MEMORY_SECONDS
            self.share += (busy / agents - self.share) * weight


def answers_to_come(*, in_time: float, of_contacts: float | None, answered: int) -> float:
    """The least of what agents have time for until dialling ends, what the list still has (None: nobody
    counted), and what may be expected of a campaign that has had so many answers."""
    return min(in_time, answered + _AHEAD, in_time if of_contacts is None else of_contacts)
