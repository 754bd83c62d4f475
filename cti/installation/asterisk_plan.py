"""What differs between one Asterisk and another: addresses, phones, queues, numbers, times, secrets."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class QueuePlan:
    """A queue of the installation and the number by which calls are transferred to it."""

    name: str
    extension: str
    service_level_seconds: int = 20
    #: Who is rung: as `strategy` in Asterisk's queues.conf.
    strategy: str = "rrmemory"


@dataclass(frozen=True, kw_only=True)
class DnisPlan:
    """What a dialled number means when the service does not answer: a queue and a language (zh, en)."""

    number: str
    queue: str
    language: str


@dataclass(frozen=True, kw_only=True)
class PhonePlan:
    """A phone at a fixed address (``host:port``, simulated phones), or one that registers with a password."""

    extension: str
    contact: str | None = None


@dataclass(frozen=True, kw_only=True)
class RingGroupPlan:
    """An extension behind which several phones ring at once; the first to answer has the call."""

    extension: str
    phones: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class AsteriskSecrets:
    """Generated at first start and kept in files of mode 0600; never in the repository."""

    ami: str
    ami_phone: str
    agi: str
    phones: Mapping[str, str]
    mailbox_pin: str
    observer: str | None = None

    @classmethod
    def generate(cls, extensions: Sequence[str], *, observer: bool = False) -> "AsteriskSecrets":
        """New random secrets; ``observer`` adds the lab's AMI user that sees every event."""
        return cls(
            ami=secrets.token_hex(24),
            ami_phone=secrets.token_hex(24),
            agi=secrets.token_hex(24),
            phones={extension: secrets.token_hex(12) for extension in extensions},
            mailbox_pin="".join(secrets.choice("0123456789") for _ in range(8)),
            observer=secrets.token_hex(24) if observer else None,
        )


QUEUES = (
    QueuePlan(name="sales", extension="6001"),
    QueuePlan(name="support", extension="6002"),
    QueuePlan(name="overflow", extension="6003"),
)
DNIS = (
    DnisPlan(number="4001", queue="sales", language="zh"),
    DnisPlan(number="4002", queue="support", language="en"),
    DnisPlan(number="4003", queue="overflow", language="zh"),
)
GENERAL_MAILBOX = "6000"


@dataclass(frozen=True, kw_only=True)
class AsteriskPlan:
    """Everything that differs between one Asterisk and another on the same machine.

    ``home`` holds all that it writes (``etc``, ``log``, ``spool``, ``run``, ``lib``, ``data``);
    ``program_root`` is ``/`` or the root file system of another Debian beside the host. Times are seconds; an
    RTP time of 0 means that silence ends no call.
    """

    home: Path
    secrets: AsteriskSecrets
    program_root: Path = Path("/")
    node: str = "pbx1"
    ami_host: str = "127.0.0.1"
    ami_port: int = 5038
    ami_permit: str = "127.0.0.1/255.255.255.255"
    ami_user: str = "cti"
    ami_phone_user: str = "cti-phone"
    observer_user: str = "observer"
    agi_host: str = "127.0.0.1"
    agi_port: int = 4573
    sip_host: str = "127.0.0.1"
    sip_port: int = 5060
    rtp_start: int = 10000
    rtp_end: int = 14999
    #: Where calls from the trunk come from, ``address:port`` each, and where calls to it go.
    trunk_sources: Sequence[str] = ("127.0.0.1:5080",)
    carrier_host: str = "127.0.0.1"
    carrier_port: int = 5090
    trunk_rtp_timeout: int = 0
    phone_rtp_timeout: int = 0
    phones: Sequence[PhonePlan] = ()
    queues: Sequence[QueuePlan] = QUEUES
    dnis: Sequence[DnisPlan] = DNIS
    ring_groups: Sequence[RingGroupPlan] = ()
    default_queue: str = "support"
    overflow_queue: str = "overflow"
    ring_seconds: int = 15
    queue_wait_seconds: int = 180
    overflow_wait_seconds: int = 60
    extension_ring_seconds: int = 20
    #: How long a parked call waits to be fetched before it rings at who parked it.
    parking_seconds: int = 90
    event_filters: bool = True
    #: Whether callers hear a welcome before they wait.
    greeting: bool = True

    @property
    def etc(self) -> Path:
        """The folder of the rendered configuration (``asterisk -C <etc>/asterisk.conf``)."""
        return self.home / "etc"

    @property
    def cel_csv(self) -> Path:
        """Where CEL rows are written; the columns are those of ``asterisk_conf/cel_custom.conf``."""
        return self.home / "log" / "cel-custom" / "cel.csv"

    @property
    def queue_log(self) -> Path:
        """Where app_queue writes its own record."""
        return self.home / "log" / "queue_log"

    @property
    def modules_dir(self) -> Path:
        """The folder of Asterisk's loadable modules."""
        found = sorted(self.program_root.glob("usr/lib/*/asterisk/modules"))
        return found[0] if found else self.program_root / "usr/lib/asterisk/modules"
