"""How a campaign is paced, by its definition. Pure."""

from typing import Final

from cti.campaigns.model import CampaignDefinition, CampaignKind, CapHolds
from cti.pacing.rules import PacingKind, Rules

_KINDS: Final = {
    CampaignKind.PREVIEW: PacingKind.PREVIEW,
    CampaignKind.PROGRESSIVE: PacingKind.PROGRESSIVE,
    CampaignKind.PREDICTIVE: PacingKind.PREDICTIVE,
    CampaignKind.FIXED_RATIO: PacingKind.FIXED_RATIO,
}
#: The dialplan gives whoever answers two seconds, but a queue looks for a free agent when he comes in and
#: once a second from then on: an agent who comes free in the last second is seen when the time is up.
_PATIENCE_SECONDS: Final = 1.0


def pacing_of(definition: CampaignDefinition) -> Rules | None:
    """Its rules; None when a flow alone speaks with people, and lines are all that limits it."""
    kind = _KINDS.get(definition.kind)
    if kind is None:
        return None
    return Rules(
        kind=kind,
        abandon_cap=definition.abandon_cap,
        always_within_cap=definition.abandon_cap_holds is CapHolds.ALWAYS,
        ratio=definition.ratio or 1.0,
        ring_timeout_seconds=float(definition.ring_seconds),
        patience_seconds=_PATIENCE_SECONDS,
    )
