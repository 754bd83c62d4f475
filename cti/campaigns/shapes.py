"""Campaigns and contacts as the API takes and gives them."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from pydantic import Field

from cti.campaigns.forms.dispositions import MOST_DISPOSITIONS, CampaignDisposition
from cti.campaigns.forms.form import MOST_FIELDS, FormField
from cti.campaigns.forms.form_shapes import DispositionPart, FieldPart
from cti.campaigns.imports.contact_reader import LONGEST_CONSENT, LONGEST_DETAIL
from cti.campaigns.model import (
    DETAIL_PATTERN,
    END_PATTERN,
    LONGEST_DETAIL_NAME,
    LONGEST_SCRIPT,
    MOST_DETAILS,
    NAME_PATTERN,
    TIME_PATTERN,
    CallingWindow,
    Campaign,
    CampaignDefinition,
    CampaignKind,
    CampaignState,
    CapHolds,
    Caps,
    ContactCounts,
    FlowRetry,
    MachineDetection,
    RetriedOutcome,
    Retry,
    Weekday,
)
from cti.campaigns.store import ContactRow
from cti.flows.words import NAME_PATTERN as FLOW_PATTERN
from cti.flows.words import WORD_PATTERN
from cti.hours.shapes import TimeZone
from cti.http.principal import Language
from cti.http.shapes import Body, Instant, Line, PageQuery, PlainText, instant

CampaignName = Annotated[str, Field(pattern=NAME_PATTERN, max_length=64)]
WrittenNumber = Annotated[PlainText, Field(min_length=1, max_length=40)]
ScriptText = Annotated[PlainText, Field(min_length=1, max_length=LONGEST_SCRIPT)]
FlowName = Annotated[str, Field(pattern=FLOW_PATTERN, max_length=100)]
QueueName = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")]
FlowOutcome = Annotated[str, Field(pattern=WORD_PATTERN, max_length=64)]


class WindowPart(Body):
    """When people may be called, in their own time zone."""

    from_: str = Field("09:00", alias="from", pattern=TIME_PATTERN)
    to: str = Field("20:00", pattern=END_PATTERN)
    days: list[Annotated[Weekday, Field(strict=False)]] = Field(
        default_factory=lambda: list(Weekday), max_length=7
    )


class RetryPart(Body):
    """How often a contact is called again after an outcome, and how long after it."""

    times: int = Field(ge=0, le=20)
    after_seconds: int = Field(1_800, ge=1_800, le=31 * 86_400)


class FlowRetryPart(Body):
    """How often a contact is called again after his flow has ended so, and how long after it."""

    times: int = Field(ge=0, le=20)
    after_seconds: int = Field(86_400, ge=1_800, le=31 * 86_400)


class CapsPart(Body):
    """What the campaign never goes above; ``attempts`` are those for one contact in all."""

    attempts: int = Field(6, ge=1, le=50)
    calls_per_day: int | None = Field(None, ge=1, le=1_000_000)
    calls_at_once: int | None = Field(None, ge=1, le=1_000_000)


class CampaignChange(Body):
    """All of a campaign but its name."""

    title: dict[Annotated[Language, Field(strict=False)], Line] = Field(min_length=1)
    kind: CampaignKind = Field(strict=False)
    flow: FlowName | None = None
    queue: QueueName | None = None
    caller_ids: list[WrittenNumber] = Field(default_factory=list, max_length=100)
    calendar: CampaignName | None = None
    window: WindowPart = Field(default_factory=lambda: WindowPart.model_validate({}))
    ring_seconds: int = Field(25, ge=15, le=60)
    ratio: float | None = Field(None, ge=1, le=4)
    retries: dict[Annotated[RetriedOutcome, Field(strict=False)], RetryPart] = Field(default_factory=dict)
    flow_retries: dict[FlowOutcome, FlowRetryPart] = Field(default_factory=dict, max_length=20)
    caps: CapsPart = Field(default_factory=lambda: CapsPart.model_validate({}))
    priority: int = Field(50, ge=0, le=100)
    client: CampaignName | None = None
    machine_detection: MachineDetection = Field(MachineDetection.OFF, strict=False)
    abandon_cap: float = Field(0.03, ge=0, le=0.1)
    abandon_cap_holds: CapHolds = Field(CapHolds.AT_END, strict=False)
    needs_consent: bool = False
    script: dict[Annotated[Language, Field(strict=False)], ScriptText] | None = None
    dispositions: list[DispositionPart] = Field(default_factory=list, max_length=MOST_DISPOSITIONS)
    form: list[FieldPart] = Field(default_factory=list, max_length=MOST_FIELDS)

    def definition(self, name: str) -> CampaignDefinition:
        """The definition of a campaign of this name."""
        words: dict[str, Any] = self.model_dump(mode="json", by_alias=True, exclude={"version"})
        return msgspec.convert({"campaign": name, **words}, CampaignDefinition)


class NewCampaign(CampaignChange):
    """A campaign to add, as a draft."""

    campaign: CampaignName


class CampaignEdit(CampaignChange):
    """Another definition for a campaign; ``version`` is the one that it replaces, as it was read."""

    version: int = Field(ge=1, le=2**53 - 1)


class CampaignCopy(Body):
    """A name for a copy; its contacts stay where they are."""

    campaign: CampaignName


class ContactsQuery(PageQuery):
    """Which contacts: those whose number begins so; all without."""

    number: str | None = Field(None, max_length=64)


class NewContact(Body):
    """A contact to add. ``customer`` is the customer's key in an external system, ``consent`` the evidence
    that he agreed, ``details`` what the flow is given.
    """

    phone: WrittenNumber
    other_phones: list[WrittenNumber] = Field(default_factory=list, max_length=5)
    name: Line | None = None
    language: Language | None = Field(None, strict=False)
    time_zone: TimeZone | None = None
    customer: Line | None = None
    consent: Annotated[PlainText, Field(max_length=LONGEST_CONSENT)] | None = None
    priority: int = Field(50, ge=0, le=100)
    details: dict[
        Annotated[str, Field(pattern=DETAIL_PATTERN, max_length=LONGEST_DETAIL_NAME)],
        Annotated[PlainText, Field(max_length=LONGEST_DETAIL)],
    ] = Field(default_factory=dict, max_length=MOST_DETAILS)


class CampaignView(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign, and how many contacts it has: in all, being called now, and done with."""

    id: int
    campaign: str
    state: CampaignState
    version: int
    contacts: int
    contacts_dialling: int
    contacts_closed: int
    title: dict[str, str]
    kind: CampaignKind
    flow: str | None
    queue: str | None
    caller_ids: list[str]
    calendar: str | None
    window: CallingWindow
    ring_seconds: int
    ratio: float | None
    retries: dict[str, Retry]
    flow_retries: dict[str, FlowRetry]
    caps: Caps
    priority: int
    client: str | None
    machine_detection: MachineDetection
    abandon_cap: float
    abandon_cap_holds: CapHolds
    needs_consent: bool
    script: dict[str, str] | None
    dispositions: list[CampaignDisposition]
    form: list[FormField]


class ContactView(msgspec.Struct, frozen=True, kw_only=True):
    """A contact; ``import_id`` is null when it was added alone. Not before ``next_at`` it is called again;
    ``closed`` says why it is not.
    """

    id: int
    import_id: int | None
    state: str
    attempts: int
    last_outcome: str | None
    last_attempt_at: Instant | None
    next_at: Instant | None
    closed: str | None
    phone: str
    other_phones: list[str]
    name: str | None
    language: str | None
    time_zone: str | None
    customer_id: int | None
    customer: str | None
    consent: str | None
    priority: int
    details: dict[str, str]


def campaign_view(campaign: Campaign, contacts: ContactCounts) -> CampaignView:
    """The campaign as it is given."""
    words = msgspec.structs.asdict(campaign.definition)
    words["retries"] = {outcome.value: retry for outcome, retry in campaign.definition.retries.items()}
    return CampaignView(
        id=campaign.id,
        state=campaign.state,
        version=campaign.version,
        contacts=contacts.all,
        contacts_dialling=contacts.dialling,
        contacts_closed=contacts.closed,
        **words,
    )


def contact_view(row: ContactRow) -> ContactView:
    """The contact as it is given."""
    words = msgspec.structs.asdict(row.contact)
    words["other_phones"] = list(row.contact.other_phones)
    return ContactView(
        id=row.id,
        import_id=row.import_id,
        state=row.state,
        attempts=row.attempts,
        last_outcome=row.last_outcome,
        last_attempt_at=_instant(row.last_attempt_at),
        next_at=_instant(row.next_at),
        closed=row.closed,
        customer_id=row.customer_id,
        **words,
    )


def _instant(at: datetime | None) -> str | None:
    return None if at is None else instant(at.timestamp())
