"""A laboratory: a real Asterisk of its own, with ports and folders nobody else uses, phones and a trunk."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cti.config import speech_cache_dir
from cti.installation.asterisk_plan import AsteriskPlan, AsteriskSecrets, PhonePlan
from cti.installation.asterisk_process import (
    AsteriskProcess,
    AsteriskProgram,
    find_program,
    running,
)
from cti.prompts import table
from cti.prompts.building import build
from cti.simulation.lab_ports import FIRST_EXTENSION, HOST, RTP_PORTS, LabPorts, take_ports
from cti.simulation.observer import AmiObserver
from cti.simulation.phone import Behaviour, SimulatedPhone
from cti.simulation.rtp import TONE

TRUNK_SOURCES = 8


def lab_plan(
    home: Path,
    ports: LabPorts,
    program: AsteriskProgram,
    *,
    phones: int,
    one_socket: bool = False,
    **changes: Any,
) -> AsteriskPlan:
    """The plan of a laboratory's Asterisk; ``changes`` are fields of AsteriskPlan.

    With ``one_socket`` all phones live at the port of the first, so that one process plays them all.
    """
    extensions = [FIRST_EXTENSION + number for number in range(phones)]
    plan = AsteriskPlan(
        home=home,
        secrets=AsteriskSecrets.generate([str(e) for e in extensions], observer=True),
        program_root=program.root,
        node="lab",
        ami_port=ports.ami,
        agi_port=ports.agi,
        sip_port=ports.sip,
        rtp_start=ports.first_rtp,
        rtp_end=ports.first_rtp + RTP_PORTS - 2,
        trunk_sources=[f"{HOST}:{ports.trunk(n)}" for n in range(TRUNK_SOURCES)],
        carrier_port=ports.carrier,
        phones=[
            PhonePlan(extension=str(e), contact=f"{HOST}:{ports.phone(FIRST_EXTENSION if one_socket else e)}")
            for e in extensions
        ],
        ring_seconds=4,
        extension_ring_seconds=3,
        greeting=False,
    )
    return replace(plan, **changes)


@dataclass(frozen=True, kw_only=True)
class Lab:
    """A running laboratory."""

    ports: LabPorts
    plan: AsteriskPlan
    asterisk: AsteriskProcess

    def observer(self, *, filtered: bool = False) -> AmiObserver:
        """An AMI session: of the user who sees every event, or, ``filtered``, of the service's own user."""
        secrets = self.plan.secrets
        if filtered:
            return AmiObserver(port=self.plan.ami_port, user=self.plan.ami_user, secret=secrets.ami)
        return AmiObserver(
            port=self.plan.ami_port, user=self.plan.observer_user, secret=secrets.observer or ""
        )

    def phone(
        self, extension: int, behaviour: Behaviour | None = None, *, audio: bool = False
    ) -> SimulatedPhone:
        """The simulated phone of an extension."""
        return SimulatedPhone(
            address=(HOST, self.ports.phone(extension)),
            server=(HOST, self.plan.sip_port),
            user=str(extension),
            password=self.plan.secrets.phones[str(extension)],
            behaviour=behaviour,
            audio=audio,
        )

    def trunk(self, number: int = 0, *, audio: bool = False, sound: Sequence[bytes] = TONE) -> SimulatedPhone:
        """The far end of the trunk, from which callers dial in."""
        return SimulatedPhone(
            address=(HOST, self.ports.trunk(number)),
            server=(HOST, self.plan.sip_port),
            user="trunk",
            audio=audio,
            sound=sound,
        )

    def carrier(
        self, behaviour: Behaviour | None = None, *, audio: bool = False, sound: Sequence[bytes] = TONE
    ) -> SimulatedPhone:
        """The far end of the trunk, to which Asterisk dials out."""
        return SimulatedPhone(
            address=(HOST, self.ports.carrier), server=(HOST, self.plan.sip_port), user="carrier",
            behaviour=behaviour, audio=audio, sound=sound,
        )  # fmt: skip

    def settings(self, home: Path, database_url: str) -> dict[str, Any]:
        """The service's settings (arguments of ``cti.config.load``) that fit this laboratory."""
        return {
            "home": home,
            "database_url": database_url,
            "node": self.plan.node,
            "ami_port": self.plan.ami_port,
            "ami_user": self.plan.ami_user,
            "ami_secret": self.plan.secrets.ami,
            "ami_phone_user": self.plan.ami_phone_user,
            "ami_phone_secret": self.plan.secrets.ami_phone,
            "agi_port": self.plan.agi_port,
            "agi_secret": self.plan.secrets.agi,
            "http_port": self.ports.http,
            "cel_csv_path": self.plan.cel_csv,
            "queue_log_path": self.plan.queue_log,
            "asterisk_etc_dir": self.plan.etc,
            "sounds_dir": self.plan.home / "sounds",
            "voicemail_dir": self.plan.home / "spool" / "voicemail",
        }

    async def clear(self, ami: AmiObserver) -> None:
        """Hang up every channel and remove every queue member, and wait until they are gone."""
        await ami.send("Hangup", Channel="/^.*$/")
        members: list[tuple[str, str]] = []

        def listener(event: Any) -> None:
            if event.get("Event") == "QueueMember":
                members.append((event["Queue"], event["Location"]))

        complete = ami.expect("QueueStatusComplete")
        ami.listen(listener)
        await ami.send("QueueStatus")
        await complete
        ami.unlisten(listener)
        for queue, interface in members:
            await ami.send("QueueRemove", Queue=queue, Interface=interface)
        await self.quiet()

    async def quiet(self, ami: AmiObserver | None = None) -> None:
        """Wait until no channel is left (some seconds at most).

        The console is asked, which costs a process each time, or ``ami``, which then gets what is listed.
        """
        async with asyncio.timeout(15):
            while await self._is_busy(ami):  # noqa: ASYNC110  (it tells no one)
                await asyncio.sleep(0.1)

    async def channels(self) -> int | None:
        """How many there are, as Asterisk's console says it ("10 active channels"); None when it does not."""
        said = await self.asterisk.command("core show channels count")
        found = re.search(r"^(\d+) active channels?", said, re.MULTILINE)
        return None if found is None else int(found[1])

    async def _is_busy(self, ami: AmiObserver | None) -> bool:
        if ami is None:
            return await self.channels() != 0
        complete = ami.expect("CoreShowChannelsComplete")
        await ami.demand("CoreShowChannels")
        return (await complete)["ListItems"] != "0"

    async def sign_in(self, ami: AmiObserver, agent: int, extension: int, *queues: str) -> None:
        """Make an agent a member of queues, as the service does, and ready."""
        for queue in queues:
            await ami.demand(
                "QueueAdd", Queue=queue, Interface=f"PJSIP/{extension}", MemberName=f"agent-{agent}",
                Paused="true", Reason="signed-in",
            )  # fmt: skip
        await ami.demand("QueuePause", Interface=f"PJSIP/{extension}", Paused="false")


@contextlib.asynccontextmanager
async def laboratory(
    home: Path,
    *,
    root: Path | None = None,
    program: AsteriskProgram | None = None,
    phones: int = 10,
    **changes: Any,
) -> AsyncIterator[Lab]:
    """Start an Asterisk of its own below ``home``; it is gone at the end."""
    program = program or await find_program(root)
    ports = take_ports()
    try:
        plan = lab_plan(home, ports, program, phones=phones, **changes)
        await build(plan.home / "sounds", table.shipped(), speech_cache_dir())
        async with running(plan, program, plan.home / "sounds") as asterisk:
            yield Lab(ports=ports, plan=plan, asterisk=asterisk)
    finally:
        ports.guard.close()


def wrap_up(ami: AmiObserver, seconds: float) -> Callable[[], None]:
    """Do what the service does about wrap-up; the returned call ends it.

    An agent whose queue call is connected is paused with the reason ``wrap-up`` while he still talks;
    ``seconds`` after his phone has let it go he is unpaused.
    """
    tasks: set[asyncio.Task[Any]] = set()
    gone: set[str] = set()
    #: Agents whose channel, when it goes, takes the call along.
    talking: dict[str, str] = {}

    def spawn(work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    async def unpause(interface: str) -> None:
        await asyncio.sleep(seconds)
        await ami.demand("QueuePause", Interface=interface, Paused="false")

    def listener(event: Any) -> None:
        match event.get("Event"):
            case "AgentConnect":
                # A Local channel may go while the agent talks on, and then only the end of the call counts.
                if not event["Interface"].startswith("Local/"):
                    talking[event["DestUniqueid"]] = _phone(event)
                spawn(ami.demand("QueuePause", Interface=_phone(event), Paused="true", Reason="wrap-up"))
            case "AgentComplete" if event["Interface"].startswith("Local/"):
                if event.get("DestUniqueid") in gone:
                    spawn(unpause(_phone(event)))
                else:
                    talking[event["DestUniqueid"]] = _phone(event)
            case "Hangup":
                gone.add(event["Uniqueid"])
                if event["Uniqueid"] in talking:
                    spawn(unpause(talking.pop(event["Uniqueid"])))

    ami.listen(listener)
    return lambda: ami.unlisten(listener)


def _phone(event: Any) -> str:
    """The interface of the agent who has the caller: the member's, or that of who took the call from him."""
    interface = str(event["Interface"])
    return event["DestChannel"].rpartition("-")[0] if interface.startswith("PJSIP/") else interface


def answering(*, after: float, talk: float | None = None) -> Behaviour:
    """The script of a phone that rings, answers after some seconds and, with ``talk``, hangs up after
    talking.
    """

    async def behaviour(call: Any) -> None:
        call.ring()
        await call.stay(after)
        if call.over:
            return
        await call.answer()
        if talk is None:
            await call.ended()
        else:
            await call.stay(talk)
            await call.hang_up()

    return behaviour


def answering_when_asked(*, talk: float | None = None) -> Behaviour:
    """The script of a phone that answers by itself a call that asks for it, and lets any other ring."""

    async def behaviour(call: Any) -> None:
        await (answering(after=0.0, talk=talk) if call.asks_for_answer else ringing)(call)

    return behaviour


def refusing(*, after: float, status: int, reason: str) -> Behaviour:
    """The script of a far end that rings and refuses after some seconds."""

    async def behaviour(call: Any) -> None:
        call.ring()
        await call.stay(after)
        if not call.over:
            await call.refuse(status, reason)

    return behaviour


async def ringing(call: Any) -> None:
    """The script of a phone that nobody answers."""
    call.ring()
    await call.ended()


def extensions(count: int) -> Sequence[int]:
    """The extensions of a laboratory's phones."""
    return range(FIRST_EXTENSION, FIRST_EXTENSION + count)
