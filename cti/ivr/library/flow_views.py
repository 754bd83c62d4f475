"""Flows and their versions as the API shows them."""

import msgspec

from cti.http.shapes import Instant, instant, instant_or_none
from cti.ivr.library.flow_store import Activation, StoredFlow, StoredVersion


class FlowView(msgspec.Struct, frozen=True, kw_only=True):
    """A flow and which of its versions callers get.

    ``title`` is by language. ``how`` the active version came to be it: `shipped` (it came with the service),
    `activated` or `back`; ``activated_by`` is null for the service. ``offered_version`` came with the service
    and waits to be activated, because somebody had chosen another. ``broken`` says why the active version
    cannot be used, so that callers get the one before; null when all is well. ``numbers`` lead to it.
    ``recent_calls`` came into it within the last seven days.
    """

    name: str
    kind: str
    title: dict[str, str]
    versions: int
    active_version: str | None
    previous_version: str | None
    shipped_version: str | None
    offered_version: str | None
    how: str | None
    activated_at: Instant | None
    activated_by: str | None
    numbers: list[str]
    broken: str | None
    recent_calls: int


class FlowVersionView(msgspec.Struct, frozen=True, kw_only=True):
    """One version, without its text. ``created_by`` is null for one that came with the service."""

    version: str
    title: dict[str, str]
    note: str
    shipped: bool
    active: bool
    created_at: Instant
    created_by: str | None


class FlowWarningView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a reader of the text should look at, in his language; lines and columns from 1."""

    code: str
    detail: str
    file: str
    line: int
    column: int


class FlowTextView(msgspec.Struct, frozen=True, kw_only=True):
    """One version with its text (YAML, as it was given)."""

    version: FlowVersionView
    text: str


class FlowDiffView(msgspec.Struct, frozen=True, kw_only=True):
    """What was changed from one version to another, as a unified diff; empty when both are the same."""

    from_version: str
    to_version: str
    diff: str


class CheckedFlowView(msgspec.Struct, frozen=True, kw_only=True):
    """A text without mistakes: the version that it is, and what should be looked at all the same."""

    version: str
    kind: str
    title: dict[str, str]
    warnings: list[FlowWarningView]


class AddedVersionView(msgspec.Struct, frozen=True, kw_only=True):
    """A version that is kept now; ``added`` is false when it was there already."""

    version: str
    added: bool
    warnings: list[FlowWarningView]


class ActivationView(msgspec.Struct, frozen=True, kw_only=True):
    """One change of the active version."""

    version: str
    previous_version: str | None
    how: str
    activated_at: Instant
    activated_by: str | None


def flow_view(flow: StoredFlow, *, numbers: list[str], broken: str | None, recent_calls: int) -> FlowView:
    """A flow as the API shows it."""
    waits = flow.shipped_version is not None and flow.shipped_version != flow.active_version
    return FlowView(
        name=flow.name,
        kind=flow.kind,
        title=flow.title,
        versions=flow.versions,
        active_version=flow.active_version,
        previous_version=flow.previous_version,
        shipped_version=flow.shipped_version,
        offered_version=flow.shipped_version if waits else None,
        how=flow.how,
        activated_at=instant_or_none(flow.activated_at.timestamp() if flow.activated_at else None),
        activated_by=flow.activated_by,
        numbers=numbers,
        broken=broken,
        recent_calls=recent_calls,
    )


def version_view(version: StoredVersion, *, active: str | None) -> FlowVersionView:
    """A version as the API shows it."""
    return FlowVersionView(
        version=version.version,
        title=version.title,
        note=version.note,
        shipped=version.shipped,
        active=version.version == active,
        created_at=instant(version.created_at.timestamp()),
        created_by=version.created_by,
    )


def activation_view(activation: Activation) -> ActivationView:
    """A change of the active version as the API shows it."""
    return ActivationView(
        version=activation.version,
        previous_version=activation.previous_version,
        how=activation.how,
        activated_at=instant(activation.activated_at.timestamp()),
        activated_by=activation.activated_by,
    )
