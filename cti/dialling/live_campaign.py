"""What the dialler knows of a campaign at this moment, as whoever shows it is given it."""

from collections.abc import Mapping
from typing import Protocol

import msgspec

from cti.http.principal import Language


class LiveCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign as the dialler of this service sees it now; what is not known is None.

    ``answered`` and ``abandoned`` are those that the abandon cap is held against, ``abandoned_share`` and
    ``cap`` shares from 0 to 1; ``utilisation`` is the share of their time in which agents talk or wrap up.
    """

    #: Whether this service dials; otherwise another one does, or none may: ``standing_by_reason``, a code
    #: under `dial.` of the catalogue of problems without that prefix.
    dialling: bool
    standing_by_reason: str | None = None
    in_flight: int
    ringing: int
    #: Answered, and not with anybody yet.
    waiting: int
    connected: int
    agents_idle: int
    agents_talking: int
    agents_wrapping: int
    agents_paused: int
    answered: int
    abandoned: int
    abandoned_share: float | None
    cap: float
    dialled_today: int
    utilisation: float | None
    #: Why so many are dialled now, in one line.
    launch_line: Mapping[Language, str]


class LiveSource(Protocol):
    """Who dials, as far as a page needs him."""

    def live(self, campaign_id: int) -> LiveCampaign | None:
        """What is known of a campaign; None when nothing is."""

    def wake(self) -> None:
        """Look at the campaigns' states now rather than in a second."""
