"""The connection, the actions and the FastAGI server with a real Asterisk, its rights and its words."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from cti.asterisk import actions
from cti.asterisk.agi import AgiServer
from cti.asterisk.agi_session import AgiSession
from cti.asterisk.connection import AmiConnection
from cti.asterisk.events import AmiEvent, parse
from cti.asterisk.link import AmiSettings, LinkState
from cti.errors import ActionRefused, AmiWrongSecret, CallerHungUp, InvalidField
from cti.journal.journal import Journal
from cti.simulation.lab import Lab, answering, laboratory
from cti.simulation.observer import AmiObserver


class Stream:
    """What the connection gives its sink, parsed, and a way to wait for an event in it."""

    def __init__(self) -> None:
        self.events: list[AmiEvent] = []
        self._changed = asyncio.Event()

    def __call__(self, block: bytes) -> None:
        self.events.append(parse(block))
        self._changed.set()

    @property
    def names(self) -> list[str]:
        return [event.name for event in self.events]

    async def until(self, name: str, *, after: int = 0, seconds: float = 10, **headers: str) -> AmiEvent:
        """The first such event from the number ``after`` on."""

        def found() -> AmiEvent | None:
            for event in self.events[after:]:
                if event.name == name and all(event.get(key) == value for key, value in headers.items()):
                    return event
            return None

        async with asyncio.timeout(seconds):
            while (event := found()) is None:
                self._changed.clear()
                await self._changed.wait()
        return event


def settings(lab: Lab, **changes: str) -> AmiSettings:
    return AmiSettings(
        host="127.0.0.1",
        port=lab.plan.ami_port,
        node=lab.plan.node,
        username=changes.get("username", lab.plan.ami_user),
        secret=changes.get("secret", lab.plan.secrets.ami),
    )


@contextlib.asynccontextmanager
async def connected(
    settings: AmiSettings, sink: Callable[[bytes], None] | None = None
) -> AsyncIterator[AmiConnection]:
    connection = AmiConnection(settings, sink)
    run = asyncio.create_task(connection.run())
    try:
        async with asyncio.timeout(10):
            await connection.ready.wait()
        yield connection
    finally:
        run.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await run


@pytest.fixture
def stream() -> Stream:
    return Stream()


@pytest.fixture
async def ami(lab: Lab, observer: AmiObserver, stream: Stream) -> AsyncIterator[AmiConnection]:
    """The service's own connection, with the rights that the configuration gives it."""
    async with connected(settings(lab), stream) as connection:
        yield connection


@pytest.fixture
async def phone_ami(lab: Lab) -> AsyncIterator[AmiConnection]:
    """The connection of the user who may only send a NOTIFY."""
    other = settings(lab, username=lab.plan.ami_phone_user, secret=lab.plan.secrets.ami_phone)
    async with connected(other) as connection:
        yield connection


# --- connecting ---


async def test_the_rights_of_the_services_user_are_enough_for_boot_events_and_snapshot(
    ami: AmiConnection, stream: Stream
) -> None:
    assert stream.names[:3] == ["CtiBoot", "CtiConnected", "CtiSnapshotBegin"]
    assert "QueueParams" in stream.names
    assert stream.names[-1] == "CtiSnapshotEnd"
    assert all(event.at > 0 for event in stream.events)
    assert abs(ami.clock.now() - time.time()) < 0.2
    await actions.ping(ami)


async def test_the_boot_keeps_its_name_over_a_reconnect(ami: AmiConnection, stream: Stream, lab: Lab) -> None:
    again = Stream()
    async with connected(settings(lab), again):
        boot = await again.until("CtiBoot")
    assert boot.get("New") == "0"
    assert boot.get("Boot") == ami.boot == stream.events[0].get("Boot")


async def test_a_wrong_secret_is_refused_by_asterisk_for_good(lab: Lab) -> None:
    connection = AmiConnection(settings(lab, secret="wrong"))
    with pytest.raises(AmiWrongSecret):
        await connection.run()
    assert connection.status.state is LinkState.REFUSED


async def test_the_snapshot_after_a_connect_tells_of_calls_that_began_before(
    lab: Lab, observer: AmiObserver, stream: Stream
) -> None:
    async with lab.trunk() as trunk:
        joined = observer.expect("QueueCallerJoin")
        await trunk.dial("4002", caller="5550100")
        uniqueid = (await joined)["Uniqueid"]
        async with connected(settings(lab), stream):
            shown = await stream.until("CoreShowChannel", Uniqueid=uniqueid)
            assert shown.get("SystemName") == lab.plan.node
            entry = await stream.until("QueueEntry", Uniqueid=uniqueid)
            assert entry.get("Queue") == "support"
    assert "QueueCallerJoin" not in stream.names


async def test_every_event_is_in_the_journal_as_asterisk_sent_it(
    lab: Lab, observer: AmiObserver, tmp_path: Path
) -> None:
    journal = Journal(tmp_path)
    writing = asyncio.create_task(journal.run())
    stream = Stream()

    def sink(block: bytes) -> None:
        journal.append(block)
        stream(block)

    async with connected(settings(lab), sink), lab.trunk() as trunk, lab.phone(1001) as phone:
        await trunk.dial("4002", caller="5550101")
        await stream.until("QueueCallerJoin")
        assert phone.calls == []
    await journal.flush()
    assert [parse(block) for _, block in journal.read()] == stream.events
    assert {block for _, block in journal.read() if b"\r\nPrivilege: " in block} <= set(observer.blocks)
    writing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await writing
    await journal.close()


async def test_a_name_with_quotes_and_letters_of_the_world_arrives_as_it_was(
    ami: AmiConnection, stream: Stream, lab: Lab
) -> None:
    async with lab.trunk() as trunk:
        await trunk.dial("4002", caller="5550102", name="O'Neil & Söhne 王")
        channel = await stream.until("Newchannel")
        assert channel.get("CallerIDName") == "O'Neil & Söhne 王"


async def test_a_caller_number_with_a_line_feed_forges_no_header(
    ami: AmiConnection, stream: Stream, lab: Lab
) -> None:
    async with lab.trunk() as trunk:
        await trunk.dial("4002", caller="555%0d%0aUniqueid:%20forged%0d%0a")
        channel = await stream.until("Newchannel")
        assert channel.get("Uniqueid").startswith(f"{lab.plan.node}-")
        assert "forged" not in " ".join(event.get("Uniqueid") for event in stream.events)


# --- actions ---


async def test_an_agent_becomes_a_member_is_paused_and_leaves(ami: AmiConnection, stream: Stream) -> None:
    member = {"queue": "support", "interface": "PJSIP/1003"}
    assert await actions.queue_add(ami, **member, agent_id=7, paused=True)
    added = await stream.until("QueueMemberAdded")
    assert (added.get("MemberName"), added.get("Paused"), added.get("PausedReason")) == (
        "agent-7",
        "1",
        "signed-in",
    )
    assert not await actions.queue_add(ami, **member, agent_id=7, paused=True)
    await actions.queue_pause(ami, interface="PJSIP/1003", paused=True, reason="wrap-up")
    await stream.until("QueueMemberPause", PausedReason="wrap-up")
    await actions.queue_pause(ami, interface="PJSIP/1003", paused=False, reason=None, queue="support")
    await stream.until("QueueMemberPause", Paused="0")
    assert await actions.queue_remove(ami, **member)
    await stream.until("QueueMemberRemoved")
    assert not await actions.queue_remove(ami, **member)


async def test_a_queue_that_does_not_exist_is_a_refusal(ami: AmiConnection) -> None:
    with pytest.raises(ActionRefused, match="QueueAdd"):
        await actions.queue_add(ami, queue="nowhere", interface="PJSIP/1003", agent_id=7, paused=True)


async def test_a_phone_holds_and_resumes_on_request_of_the_page(
    ami: AmiConnection, phone_ami: AmiConnection, stream: Stream, lab: Lab
) -> None:
    async with lab.phone(1002, answering(after=0.1)), lab.phone(1001) as caller:
        await caller.dial("1002")
        started = await stream.until("DialEnd", DialStatus="ANSWER")
        channel = started.get("DestChannel")
        await stream.until("BridgeEnter", Channel=channel)
        await actions.phone_hold(phone_ami, channel=channel)
        await stream.until("Hold", Channel=channel)
        await actions.phone_talk(phone_ami, channel=channel)
        await stream.until("Unhold", Channel=channel)
        await actions.hang_up(ami, channel=channel)
        await stream.until("Hangup", Channel=channel)


async def test_a_call_is_handed_on_blind(ami: AmiConnection, stream: Stream, lab: Lab) -> None:
    async with (
        lab.phone(1002, answering(after=0.1)),
        lab.phone(1003, answering(after=0.1)) as third,
        lab.phone(1001) as caller,
    ):
        await caller.dial("1002")
        channel = (await stream.until("DialEnd", DialStatus="ANSWER")).get("DestChannel")
        await stream.until("BridgeEnter", Channel=channel)
        await actions.blind_transfer(ami, channel=channel, context="phones", exten="1003")
        assert await (await third.next_call()).answered()
        await stream.until("BlindTransfer", Result="Success")


async def test_a_consultation_is_begun_and_given_up(ami: AmiConnection, stream: Stream, lab: Lab) -> None:
    async with (
        lab.phone(1002, answering(after=0.1)),
        lab.phone(1003, answering(after=0.1)) as third,
        lab.phone(1001) as caller,
    ):
        await caller.dial("1002")
        channel = (await stream.until("DialEnd", DialStatus="ANSWER")).get("DestChannel")
        bridge = (await stream.until("BridgeEnter", Channel=channel)).get("BridgeUniqueid")
        await actions.attended_transfer(ami, channel=channel, context="phones", exten="1003")
        assert await (await third.next_call()).answered()
        seen = len(stream.events)
        await actions.cancel_attended_transfer(ami, channel=channel)
        await stream.until("BridgeEnter", after=seen, Channel=channel, BridgeUniqueid=bridge)


async def test_a_preset_id_is_the_channels_and_a_second_originate_with_it_fails(
    ami: AmiConnection, stream: Stream, lab: Lab
) -> None:
    def call() -> Awaitable[actions.OriginateOutcome]:
        return actions.originate(
            ami,
            dial="PJSIP/1004",
            context="phones",
            exten="1005",
            channel_id="attempt-17",
            ring_seconds=5,
            variables={"CTI_ATTEMPT": "17"},
        )

    async with lab.phone(1004, answering(after=0.1)), lab.phone(1005, answering(after=0.1)):
        first = await call()
        assert first.answered
        assert first.uniqueid == "attempt-17"
        assert not (await call()).answered
        await stream.until("OriginateResponse", Response="Failure")


async def test_the_services_user_can_run_no_program_and_the_phones_user_can_call_nobody(
    ami: AmiConnection, phone_ami: AmiConnection
) -> None:
    for name in ("Command", "PJSIPNotify", "UpdateConfig", "ModuleLoad"):
        with pytest.raises(ActionRefused, match="Permission denied"):
            await ami.action(name, {"Command": "core show version"})
    with pytest.raises(ActionRefused):
        await ami.action(
            "Originate",
            {"Channel": "Local/1001@phones", "Application": "System", "Data": "true", "Async": "true"},
        )
    for name in ("Originate", "QueueAdd", "Redirect", "Atxfer", "Getvar"):
        with pytest.raises(ActionRefused, match="Permission denied"):
            await phone_ami.action(name)


@pytest.mark.parametrize(
    ("field", "call"),
    [
        (
            "Interface",
            lambda ami: actions.queue_pause(ami, interface="Local/1,2@x", paused=True, reason=None),
        ),
        ("Interface", lambda ami: actions.queue_remove(ami, queue="q", interface="PJSIP/a\r\nB: c")),
        ("Queue", lambda ami: actions.queue_remove(ami, queue="a b", interface="PJSIP/1")),
        (
            "MemberName",
            lambda ami: actions.queue_add(ami, queue="q", interface="PJSIP/1", agent_id=0, paused=True),
        ),
        (
            "Reason",
            lambda ami: actions.queue_pause(ami, interface="PJSIP/1", paused=True, reason="Mittag, lang"),
        ),
        ("Channel", lambda ami: actions.hang_up(ami, channel="/^.*$/")),
        ("Cause", lambda ami: actions.hang_up(ami, channel="PJSIP/1-1", cause=0)),
        (
            "Exten",
            lambda ami: actions.blind_transfer(ami, channel="PJSIP/1-1", context="c", exten="1,SYSTEM(x)"),
        ),
        (
            "Context",
            lambda ami: actions.attended_transfer(ami, channel="PJSIP/1-1", context="${X}", exten="1"),
        ),
        ("Dial", lambda ami: actions.originate(ami, dial="Local/x", context="c", exten="1", channel_id="a")),
        (
            "Dial",
            lambda ami: actions.originate(
                ami, dial="PJSIP/1&PJSIP/2", context="c", exten="1", channel_id="a"
            ),
        ),
        (
            "ChannelId",
            lambda ami: actions.originate(ami, dial="PJSIP/1", context="c", exten="1", channel_id="a b"),
        ),
        (
            "Value",
            lambda ami: actions.originate(
                ami,
                dial="PJSIP/1",
                context="c",
                exten="1",
                channel_id="a",
                variables={"X": "Smith,FILE(x)=owned"},
            ),
        ),
        (
            "Variable",
            lambda ami: actions.originate(
                ami, dial="PJSIP/1", context="c", exten="1", channel_id="a", variables={"FILE(/tmp/x)": "1"}
            ),
        ),
    ],
)
async def test_what_is_no_plain_identifier_is_refused_by_the_fields_name(
    field: str, call: Callable[[AmiConnection], object]
) -> None:
    never_connected = AmiConnection(AmiSettings(host="127.0.0.1", port=1, username="u", secret="s"))
    with pytest.raises(InvalidField) as raised:
        await call(never_connected)  # type: ignore[misc]
    assert raised.value.field == field


# --- FastAGI ---


async def test_the_dialplan_asks_and_does_what_the_flow_says(
    ami: AmiConnection, stream: Stream, lab: Lab
) -> None:
    async def inbound(session: AgiSession) -> None:
        assert session.request.caller_number == "5550103"
        assert await session.get_variable("CTI_ABOUT") == "4001"
        assert await session.get_variable("NO_SUCH_VARIABLE") is None
        await session.set_variable("CTI_QUEUE", "support")
        await session.set_variable("CTI_LANGUAGE", "en")
        await session.set_language("en")

    async with (
        AgiServer({"flow": inbound}, secret=lab.plan.secrets.agi, port=lab.plan.agi_port),
        lab.trunk() as trunk,
    ):
        await trunk.dial("4001", caller="5550103")
        joined = await stream.until("QueueCallerJoin")
        assert joined.get("Queue") == "support"
        assert joined.get("Language") == "en"


async def test_digits_prompts_and_a_missing_file_on_a_real_channel(ami: AmiConnection, lab: Lab) -> None:
    results: asyncio.Future[list[object]] = asyncio.get_running_loop().create_future()

    async def inbound(session: AgiSession) -> None:
        await session.answer()
        results.set_result(
            [
                await session.wait_for_digit(0.2),
                await session.stream_file("beep", "123"),
                (await session.get_data("beep", timeout_seconds=0.2, most_digits=2)).timed_out,
                (await session.command("WAIT FOR DIGIT")).code,
                (await session.command("NO SUCH COMMAND")).code,
            ]
        )

    async with (
        AgiServer({"flow": inbound}, secret=lab.plan.secrets.agi, port=lab.plan.agi_port),
        lab.trunk(audio=True) as trunk,
    ):
        await trunk.dial("4002", caller="5550104")
        async with asyncio.timeout(10):
            assert await results == ["", "", True, 520, 510]


async def test_a_caller_who_hangs_up_in_the_middle_unwinds_the_flow(ami: AmiConnection, lab: Lab) -> None:
    ended: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
    waiting = asyncio.Event()

    async def inbound(session: AgiSession) -> None:
        try:
            await session.answer()
            await session.command('SET VARIABLE TIMEOUT(absolute) "30"')
            waiting.set()
            await session.wait_for_digit(20)
            await session.wait_for_digit(20)
        except BaseException as error:
            ended.set_result(error)
            raise

    async with (
        AgiServer({"flow": inbound}, secret=lab.plan.secrets.agi, port=lab.plan.agi_port),
        lab.trunk() as trunk,
    ):
        call = await trunk.dial("4002", caller="5550105")
        await waiting.wait()
        await call.hang_up()
        async with asyncio.timeout(5):
            assert isinstance(await ended, CallerHungUp)


async def test_another_secret_than_the_dialplans_serves_nobody_and_the_call_goes_on(
    ami: AmiConnection, stream: Stream, lab: Lab
) -> None:
    async def inbound(session: AgiSession) -> None:
        await session.set_variable("CTI_QUEUE", "overflow")

    async with (
        AgiServer({"flow": inbound}, secret="another", port=lab.plan.agi_port),
        lab.trunk() as trunk,
    ):
        await trunk.dial("4002", caller="5550106")
        assert (await stream.until("QueueCallerJoin")).get("Queue") == "support"


# --- an Asterisk that stalls, crashes and comes back ---


async def test_a_stalled_asterisk_is_noticed_in_time_and_one_that_is_back_is_followed_within_three_seconds(
    tmp_path: Path, stream: Stream
) -> None:
    async with laboratory(tmp_path / "asterisk", phones=1) as own, connected(settings(own), stream) as ami:
        states: asyncio.Queue[tuple[LinkState, float]] = asyncio.Queue()
        ami.watch(lambda status: states.put_nowait((status.state, time.monotonic())))

        async def until(state: LinkState, seconds: float) -> None:
            async with asyncio.timeout(seconds):
                while (await states.get())[0] is not state:
                    pass

        first = ami.boot
        pid = own.asterisk.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        try:
            began = time.monotonic()
            await until(LinkState.WAITING, 15)
            assert time.monotonic() - began < 12
        finally:
            os.kill(pid, signal.SIGCONT)
        await until(LinkState.READY, 6)
        assert ami.boot == first

        await own.asterisk.kill()
        await until(LinkState.WAITING, 2)
        await own.asterisk.start()
        began = time.monotonic()
        async with asyncio.timeout(6):
            await ami.ready.wait()
        assert time.monotonic() - began < 3
        assert ami.boot != first
        boots = [event for event in stream.events if event.name == "CtiBoot"]
        assert [boot.get("New") for boot in boots] == ["1", "0", "1"]
        assert boots[-1].get("Previous") == first
