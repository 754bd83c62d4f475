"""How a campaign is paced, as its admin sets it."""

from enum import StrEnum

import msgspec


class PacingKind(StrEnum):
    """How a campaign is paced."""

    PREVIEW = "preview"
    PROGRESSIVE = "progressive"
    FIXED_RATIO = "fixed_ratio"
    PREDICTIVE = "predictive"


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What a campaign's admin sets."""

    kind: PacingKind = PacingKind.PREDICTIVE
    #: The share of the calls answered by a person that may find no agent.
    abandon_cap: float = 0.03
    #: Whether that holds at any moment, and not only at the end of the day.
    always_within_cap: bool = False
    #: Dials in flight for each idle agent, for a fixed ratio.
    ratio: float = 1.0
    ring_timeout_seconds: float = 25.0
    #: Whoever answered and finds nobody is taken by an agent who comes free within so long.
    patience_seconds: float = 2.0
    #: Nothing is dialled when Asterisk has not been heard of for longer.
    news_limit_seconds: float = 3.0
    #: What is believed of talk and wrap-up before any ended.
    talk_seconds: float = 180.0
    wrap_up_seconds: float = 30.0
