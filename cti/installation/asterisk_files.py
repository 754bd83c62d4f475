"""Asterisk's configuration, rendered from the templates in ``asterisk_conf/``.

A template holds ``@NAME@`` where a value goes and is otherwise what Asterisk reads. Every value is checked
for the characters that would end a line, a word or a dialplan expression, so no value can say more than it
should.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from cti.errors import CtiError
from cti.installation.asterisk_plan import GENERAL_MAILBOX, AsteriskPlan, RingGroupPlan

TEMPLATES = Path(__file__).resolve().parents[2] / "asterisk_conf"

#: Events that no part of the service reads and that Asterisk therefore need not send.
UNUSED_EVENTS = (
    "BridgeCreate",
    "ChallengeSent",
    "ConfbridgeEnd",
    "ConfbridgeJoin",
    "ConfbridgeLeave",
    "ConfbridgeStart",
    "ContactStatus",
    "DeviceStateChange",
    "DialState",
    "ExtensionStatus",
    "MusicOnHoldStart",
    "MusicOnHoldStop",
    "NewConnectedLine",
    "NewAccountCode",
    "PeerStatus",
    "PresenceStateChange",
    "QueueMemberStatus",
    "RequestBadFormat",
    "SuccessfulAuth",
)

#: What Asterisk needs below its home.
FOLDERS = (
    "etc", "lib/agi-bin", "lib/keys", "data", "run", "moh", "log/cel-custom", "spool/voicemail",
    "spool/monitor", "spool/outgoing", "spool/tmp",
)  # fmt: skip

_PLACEHOLDER = re.compile(r"@([A-Z][A-Z_]*)@")
_SAFE = re.compile(r"[A-Za-z0-9_./:+\- ]*")


class TemplateError(CtiError):
    """A template of Asterisk's configuration and the values for it do not fit."""

    code = "installation.template"


def render(text: str, values: Mapping[str, str], *, source: str) -> str:
    """Fill a template.

    Raises:
        TemplateError: for a placeholder without a value, or a value with characters Asterisk would act upon.
            Values that are themselves rendered blocks have several lines and are given by :func:`render_all`.
    """

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in values:
            raise TemplateError(f"{source}: there is no value for @{name}@")
        return values[name]

    return _PLACEHOLDER.sub(value, text)


def checked(values: Mapping[str, object], *, source: str) -> dict[str, str]:
    """The values as text, each without any character that means something to Asterisk.

    Raises:
        TemplateError: naming the value that has one.
    """
    texts = {name: str(value) for name, value in values.items()}
    for name, text in texts.items():
        if not _SAFE.fullmatch(text):
            raise TemplateError(
                f"{source}: the value of {name} has a character that is not allowed: {text!r}"
            )
    return texts


def render_all(plan: AsteriskPlan) -> dict[str, str]:
    """The name and the text of every configuration file of ``plan``."""
    values = checked(_scalars(plan), source="asterisk plan")
    values |= _blocks(plan, values)
    return {
        path.name: render(path.read_text(encoding="utf-8"), values, source=path.name)
        for path in sorted(TEMPLATES.glob("*.conf"))
    }


def write_all(plan: AsteriskPlan) -> None:
    """Write the configuration (mode 0600: it holds secrets) and make the folders Asterisk needs.

    Files that are already right are left alone, so a running Asterisk sees no change.
    """
    for folder in FOLDERS:
        (plan.home / folder).mkdir(parents=True, exist_ok=True)
    plan.home.chmod(0o700)
    for name, text in render_all(plan).items():
        target = plan.etc / name
        if target.exists() and target.read_text(encoding="utf-8") == text:
            continue
        target.touch(mode=0o600)
        target.write_text(text, encoding="utf-8")


def _scalars(plan: AsteriskPlan) -> dict[str, object]:
    home = plan.home
    return {
        "ETC_DIR": plan.etc,
        "MODULES_DIR": plan.modules_dir,
        "LIB_DIR": home / "lib",
        "DATA_DIR": home / "data",
        "SPOOL_DIR": home / "spool",
        "RUN_DIR": home / "run",
        "LOG_DIR": home / "log",
        "MOH_DIR": home / "moh",
        "NODE": plan.node,
        "AMI_HOST": plan.ami_host,
        "AMI_PORT": plan.ami_port,
        "AMI_PERMIT": plan.ami_permit,
        "AMI_USER": plan.ami_user,
        "AMI_SECRET": plan.secrets.ami,
        "AMI_PHONE_USER": plan.ami_phone_user,
        "AMI_PHONE_SECRET": plan.secrets.ami_phone,
        "OBSERVER_USER": plan.observer_user,
        "OBSERVER_SECRET": plan.secrets.observer or "",
        "AGI_HOST": plan.agi_host,
        "AGI_PORT": plan.agi_port,
        "AGI_SECRET": plan.secrets.agi,
        "SIP_HOST": plan.sip_host,
        "SIP_PORT": plan.sip_port,
        "RTP_START": plan.rtp_start,
        "RTP_END": plan.rtp_end,
        "CARRIER_HOST": plan.carrier_host,
        "CARRIER_PORT": plan.carrier_port,
        "TRUNK_RTP_TIMEOUT": plan.trunk_rtp_timeout,
        "PHONE_RTP_TIMEOUT": plan.phone_rtp_timeout,
        "DEFAULT_QUEUE": plan.default_queue,
        "OVERFLOW_QUEUE": plan.overflow_queue,
        "OVERFLOW_MAILBOX": GENERAL_MAILBOX,
        "RING_SECONDS": plan.ring_seconds,
        "QUEUE_WAIT_SECONDS": plan.queue_wait_seconds,
        "OVERFLOW_WAIT_SECONDS": plan.overflow_wait_seconds,
        "EXTENSION_RING_SECONDS": plan.extension_ring_seconds,
        "PARKING_SECONDS": plan.parking_seconds,
        "GREETING": "yes" if plan.greeting else "no",
    }


def _blocks(plan: AsteriskPlan, values: Mapping[str, str]) -> dict[str, str]:
    phones = []
    for phone in plan.phones:
        name = "phone_registering.conf" if phone.contact is None else "phone_static.conf"
        password = plan.secrets.phones[phone.extension]
        phones.append(_block(name, EXTENSION=phone.extension, PASSWORD=password, CONTACT=phone.contact or ""))
    mailboxes = [GENERAL_MAILBOX, *(phone.extension for phone in plan.phones)]
    filters = [f"eventfilter(action(exclude),name({name})) =" for name in UNUSED_EVENTS]
    trunk = checked(
        {f"trunk source {n}": s for n, s in enumerate(plan.trunk_sources)}, source="asterisk plan"
    )
    observers = (TEMPLATES / "blocks" / "observer.conf").read_text(encoding="utf-8")
    return {
        "PHONES": "".join(phones),
        "QUEUES": "".join(
            _block(
                "queue.conf",
                QUEUE=queue.name,
                SERVICE_LEVEL_SECONDS=queue.service_level_seconds,
                STRATEGY=queue.strategy,
            )
            for queue in plan.queues
        ),
        "DNIS": "".join(
            _block("dnis.conf", NUMBER=dnis.number, QUEUE=dnis.queue, LANGUAGE=dnis.language)
            for dnis in plan.dnis
        ),
        "QUEUE_EXTENSIONS": "".join(
            _block("queue_extension.conf", EXTENSION=queue.extension, QUEUE=queue.name)
            for queue in plan.queues
        ),
        "RING_GROUPS": "".join(_ring_group(group, plan.extension_ring_seconds) for group in plan.ring_groups),
        "MAILBOXES": "".join(
            _block("mailbox.conf", MAILBOX=mailbox, PIN=plan.secrets.mailbox_pin) for mailbox in mailboxes
        ),
        "MEDIA_BINDING": _media_binding(values["SIP_HOST"]),
        "TRUNK_MATCHES": "\n".join(f"match = {source}" for source in trunk.values()),
        "EVENT_FILTERS": "\n".join(filters) if plan.event_filters else "",
        "OBSERVERS": render(observers, values, source="observer.conf") if plan.secrets.observer else "",
    }


def _ring_group(group: RingGroupPlan, ring_seconds: int) -> str:
    source = "ring_group.conf"
    numbers = checked({f"phone {n}": phone for n, phone in enumerate(group.phones)}, source=source)
    values = checked({"EXTENSION": group.extension, "EXTENSION_RING_SECONDS": ring_seconds}, source=source)
    values["PHONES"] = "&".join(f"PJSIP/{number}" for number in numbers.values())
    return render((TEMPLATES / "blocks" / source).read_text(encoding="utf-8"), values, source=source)


def _media_binding(sip_host: str) -> str:
    """Audio listens where signalling does, unless that is everywhere."""
    if sip_host in ("0.0.0.0", "::"):  # noqa: S104  (only compared)
        return "; Audio listens at every address, as signalling does."
    return f"media_address = {sip_host}\nbind_rtp_to_media_address = yes"


def _block(name: str, **values: object) -> str:
    text = (TEMPLATES / "blocks" / name).read_text(encoding="utf-8")
    return render(text, checked(values, source=name), source=name)
