"""Versions of a campaign as the API takes and gives them."""

from typing import Any

import msgspec
from pydantic import Field

from cti.campaigns.versions.definition_change import word_changes
from cti.campaigns.versions_store import CampaignVersion
from cti.http.shapes import Body, Instant, instant


class Restoring(Body):
    """Bring an earlier version back; ``version`` is the one that is there now."""

    version: int = Field(ge=1, le=2**53 - 1)


class WordChangeView(msgspec.Struct, frozen=True, kw_only=True):
    """One word that became another; ``pointer`` is its place in the definition (JSON Pointer)."""

    pointer: str
    before: Any
    after: Any


class CampaignVersionView(msgspec.Struct, frozen=True, kw_only=True):
    """A version: who made it and when, and what it changed of the one before. ``changed_by`` is null when a
    file said so (`cti campaign apply`); ``restores`` is the version that was brought back. The first that is
    known changes nothing.
    """

    version: int
    changed_at: Instant
    changed_by: str | None
    restores: int | None
    changes: list[WordChangeView]


def version_view(kept: CampaignVersion) -> CampaignVersionView:
    """The version as it is given."""
    changes = [] if kept.before is None else word_changes(kept.before, kept.definition)
    return CampaignVersionView(
        version=kept.version,
        changed_at=instant(kept.changed_at.timestamp()),
        changed_by=kept.changed_by,
        restores=kept.restores,
        changes=[WordChangeView(pointer=one.pointer, before=one.before, after=one.after) for one in changes],
    )
