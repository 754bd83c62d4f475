"""``cti asterisk``: Asterisk with our configuration as a service of its own, for systemd and containers.

The secrets it shares with the service come from the settings; those of the phones are made at first start and
kept in ``<home>/secrets``.
"""

import asyncio
import signal
import sys
from dataclasses import replace

from cti.config import PREFIX, ConfigurationError, Settings, speech_cache_dir
from cti.installation.asterisk_plan import (
    QUEUES,
    AsteriskPlan,
    AsteriskSecrets,
    PhonePlan,
    QueuePlan,
    RingGroupPlan,
)
from cti.installation.asterisk_process import AsteriskProgram, find_program, running
from cti.installation.secret_files import asterisk_secrets
from cti.prompts import table
from cti.prompts.building import build


def plan_of(settings: Settings, program: AsteriskProgram) -> AsteriskPlan:
    """The Asterisk that the settings describe, with registering phones."""
    first, last = settings.phones.split("-")
    extensions = [str(number) for number in range(int(first), int(last) + 1)]
    kept = asterisk_secrets(settings.home / "secrets", extensions)
    rtp_start, rtp_end = settings.rtp_ports.split("-")
    carrier_host, _, carrier_port = settings.carrier.rpartition(":")
    return AsteriskPlan(
        home=settings.home / "asterisk",
        secrets=AsteriskSecrets(
            ami=settings.ami_secret.get_secret_value(),
            ami_phone=settings.ami_phone_secret.get_secret_value(),
            agi=settings.agi_secret.get_secret_value(),
            phones=kept.phones,
            mailbox_pin=kept.mailbox_pin,
        ),
        program_root=program.root,
        node=settings.node,
        ami_host=settings.ami_host,
        ami_port=settings.ami_port,
        ami_user=settings.ami_user,
        ami_phone_user=settings.ami_phone_user,
        agi_host=settings.agi_host,
        agi_port=settings.agi_port,
        sip_host=settings.sip_host,
        sip_port=settings.sip_port,
        rtp_start=int(rtp_start),
        rtp_end=int(rtp_end),
        trunk_sources=[source.strip() for source in settings.trunk_sources.split(",")],
        carrier_host=carrier_host,
        carrier_port=int(carrier_port),
        trunk_rtp_timeout=60,
        phone_rtp_timeout=30,
        phones=[PhonePlan(extension=extension) for extension in extensions],
        queues=queues_of(settings.queue_strategies),
        ring_groups=_ring_groups(settings.ring_groups),
    )


def queues_of(strategies: str) -> list[QueuePlan]:
    """The queues, with those strategies that the setting names.

    Raises:
        ConfigurationError: it names a queue that there is not.
    """
    chosen = dict(pair.split("=") for pair in strategies.split(",") if pair)
    for name in chosen.keys() - {queue.name for queue in QUEUES}:
        raise ConfigurationError(f"{PREFIX}QUEUE_STRATEGIES: there is no queue {name!r}")
    return [replace(queue, strategy=chosen.get(queue.name, queue.strategy)) for queue in QUEUES]


def _ring_groups(text: str) -> list[RingGroupPlan]:
    groups = [group.partition("=") for group in text.split(",") if group]
    return [RingGroupPlan(extension=number, phones=phones.split("+")) for number, _, phones in groups]


async def run_asterisk(settings: Settings) -> int:
    """Run Asterisk until it ends or SIGTERM or SIGINT comes; the exit status.

    Raises:
        CtiError: it is missing, does not start, or a prompt cannot be made.
    """
    program = await find_program()
    await build(settings.sounds_dir, table.shipped(), speech_cache_dir())
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with running(plan_of(settings, program), program, settings.sounds_dir) as asterisk:
        sys.stderr.write(f"Asterisk {program.version} is up (SIP {settings.sip_host}:{settings.sip_port}).\n")
        ended = asyncio.ensure_future(asterisk.wait())
        stopped = asyncio.ensure_future(stop.wait())
        await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        return 0 if stop.is_set() else ended.result() or 1
