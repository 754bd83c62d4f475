"""What a campaign is, and a contact of it. Nothing here dials."""

from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta, field

from cti.campaigns.forms.dispositions import AfterSeconds, CampaignDisposition
from cti.campaigns.forms.form import FormField
from cti.flows.words import VARIABLE_PATTERN, FlowName, Key, LanguageName, Priority, QueueName, Texts

NAME_PATTERN: Final = r"^[a-z][a-z0-9]*([-_][a-z0-9]+)*$"
TIME_PATTERN: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
#: The end of a day is 24:00.
END_PATTERN: Final = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"
#: As flows name what they are given: `subscription.product`.
DETAIL_PATTERN: Final = VARIABLE_PATTERN
LONGEST_DETAIL_NAME: Final = 60
MOST_DETAILS: Final = 40
LONGEST_SCRIPT: Final = 4_000

CampaignName = Annotated[str, Meta(pattern=NAME_PATTERN, max_length=64)]
CalendarName = Annotated[str, Meta(pattern=NAME_PATTERN, max_length=64)]
ClientName = Annotated[str, Meta(pattern=NAME_PATTERN, max_length=64)]
TimeOfDay = Annotated[str, Meta(pattern=TIME_PATTERN)]
EndOfDay = Annotated[str, Meta(pattern=END_PATTERN)]
WrittenNumber = Annotated[str, Meta(min_length=1, max_length=40)]
RingSeconds = Annotated[int, Meta(ge=15, le=60)]
Ratio = Annotated[float, Meta(ge=1, le=4)]
AbandonCap = Annotated[float, Meta(ge=0, le=0.1)]
Times = Annotated[int, Meta(ge=0, le=20)]
Attempts = Annotated[int, Meta(ge=1, le=50)]
Calls = Annotated[int, Meta(ge=1, le=1_000_000)]
Script = dict[LanguageName, Annotated[str, Meta(min_length=1, max_length=LONGEST_SCRIPT)]]


class CampaignKind(StrEnum):
    """How it reaches people."""

    #: A flow alone speaks with them.
    IVR = "ivr"
    #: An agent sees the contact first, and dials.
    PREVIEW = "preview"
    #: One call for each agent who is free.
    PROGRESSIVE = "progressive"
    #: As many calls as the pacing foresees agents for.
    PREDICTIVE = "predictive"
    #: A fixed number of calls for each agent who is free.
    FIXED_RATIO = "fixed_ratio"


class CampaignState(StrEnum):
    """Where it stands."""

    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    #: Calls in flight end; no other is made.
    DRAINING = "draining"
    STOPPED = "stopped"


class Weekday(StrEnum):
    """A day of the week."""

    MONDAY = "mon"
    TUESDAY = "tue"
    WEDNESDAY = "wed"
    THURSDAY = "thu"
    FRIDAY = "fri"
    SATURDAY = "sat"
    SUNDAY = "sun"


class RetriedOutcome(StrEnum):
    """After what a contact may be called again."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    MACHINE = "machine"
    NETWORK = "network"
    REFUSED = "refused"
    WRONG_NUMBER = "wrong_number"
    ABANDONED = "abandoned"
    HUNG_UP = "hung_up"


class MachineDetection(StrEnum):
    """What is done about answering machines."""

    #: Nobody listens for them.
    OFF = "off"
    HANG_UP = "hang_up"
    #: A short message is left.
    MESSAGE = "message"


class CapHolds(StrEnum):
    """When no more calls may have been abandoned than the cap allows."""

    #: When the day is over, or the list: what is lost by chance may be made good until then.
    AT_END = "at_end"
    #: At any moment, so that the campaign can be stopped at any.
    ALWAYS = "always"


class CallingWindow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When people may be called, in their own time zone; holidays are those of the campaign's calendar."""

    from_: TimeOfDay = field(name="from", default="09:00")
    to: EndOfDay = "20:00"
    days: list[Weekday] = field(default_factory=lambda: list(Weekday))


class Retry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often a contact is called again after an outcome, and how long after it."""

    times: Times
    after_seconds: AfterSeconds = 1_800


class FlowRetry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often a contact is called again after his flow has ended so, and how long after it."""

    times: Times
    after_seconds: AfterSeconds = 86_400


class Caps(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the campaign never goes above. ``attempts`` are those for one contact in all."""

    attempts: Attempts = 6
    calls_per_day: Calls | None = None
    calls_at_once: Calls | None = None


class CampaignDefinition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that an admin says of a campaign, as in its YAML file."""

    campaign: CampaignName
    title: Texts
    kind: CampaignKind
    #: Who speaks with people: a flow (needed for the kind `ivr`), or the agents of a queue. Of the kind `ivr`
    #: the queue is where the flow sends those who want an agent.
    flow: FlowName | None = None
    queue: QueueName | None = None
    caller_ids: list[WrittenNumber] = []
    calendar: CalendarName | None = None
    window: CallingWindow = CallingWindow()
    ring_seconds: RingSeconds = 25
    #: Calls for each free agent, of the kind `fixed_ratio`.
    ratio: Ratio | None = None
    retries: dict[RetriedOutcome, Retry] = {}
    #: Of the kind `ivr`, by the outcome of the flow of a call that a person answered: the flow's own word
    #: (`later`), or how its run ended otherwise (`hung_up`, `failed`).
    flow_retries: dict[Key, FlowRetry] = {}
    caps: Caps = Caps()
    priority: Priority = 50
    #: On whose behalf; do-not-call lists may be a client's.
    client: ClientName | None = None
    machine_detection: MachineDetection = MachineDetection.OFF
    #: The share of the calls answered by a person that may find nobody there.
    abandon_cap: AbandonCap = 0.03
    abandon_cap_holds: CapHolds = CapHolds.AT_END
    #: Whether only those are called of whom there is evidence that they agreed.
    needs_consent: bool = False
    #: What agents see to say.
    script: Script | None = None
    #: What agents may say that came of a call; without any, what they may say of all calls of the queue.
    dispositions: list[CampaignDisposition] = []
    #: What agents fill in.
    form: list[FormField] = []


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign as it is kept; ``version`` grows with every change of its definition."""

    id: int
    state: CampaignState
    version: int
    definition: CampaignDefinition


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody a campaign is to reach. Numbers are E.164; ``details`` are what its flow is given.

    ``customer`` is the customer's key in an external system, ``consent`` the evidence that he agreed.
    """

    phone: str
    other_phones: tuple[str, ...] = ()
    name: str | None = None
    language: str | None = None
    time_zone: str | None = None
    customer: str | None = None
    consent: str | None = None
    priority: int = 50
    details: dict[str, str] = {}


class DialledContact(msgspec.Struct, frozen=True, kw_only=True):
    """Whom an attempt was to. ``campaign`` is its name; None for what was dialled by hand. ``again`` are the
    outcomes of its flow after which he is called again, as things stand.
    """

    campaign: str | None
    #: The campaign's.
    queue: str | None = None
    #: None when he was erased since; then only the phone is known.
    contact_id: int | None = None
    phone: str
    name: str | None = None
    language: str | None = None
    customer_id: int | None = None
    details: dict[str, str] = {}
    again: tuple[str, ...] = ()


class ContactCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many contacts a campaign has, by state, and how many it called for the last time within an hour."""

    open: int = 0
    dialling: int = 0
    closed: int = 0
    closed_in_hour: int = 0

    @property
    def all(self) -> int:
        """However they stand."""
        return self.open + self.dialling + self.closed


class ImportSource(StrEnum):
    """Where contacts came from."""

    FILE = "file"
    CUSTOMERS = "customers"
    SAMPLE = "sample"


class ImportState(StrEnum):
    """How far an import is."""

    #: The file is here; nothing was done with it.
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    #: Nothing of it was kept.
    FAILED = "failed"
    UNDOING = "undoing"
    UNDONE = "undone"


class FileOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a file is read; what is None is found out.

    ``mapping`` says what each column is, by its name: see `cti.campaigns.imports.column_mapping`. ``region``
    (ISO 3166) is that of numbers without a country code.
    """

    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None
    region: str = "CN"
    mapping: dict[str, str] | None = None
