"""Every defect that was seen in AMI clients, forced by a scripted peer, and shown to be absent here."""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Callable

import pytest
import uvloop
from scripted_peer import Headers, ScriptedPeer, answered, block

from cti.asterisk.connection import AmiConnection
from cti.asterisk.events import parse
from cti.asterisk.link import AmiSettings, LinkState
from cti.asterisk.message import MOST_HEADERS
from cti.asterisk.protocol import Answer
from cti.errors import (
    ActionRefused,
    ActionUnanswered,
    AmiError,
    AmiNotConnected,
    AmiWrongSecret,
    InvalidField,
)


class Received:
    """A sink that keeps what it gets and wakes whoever waits for something."""

    def __init__(self) -> None:
        self.blocks: list[bytes] = []
        self._changed = asyncio.Event()

    def __call__(self, block: bytes) -> None:
        self.blocks.append(block)
        self._changed.set()

    @property
    def names(self) -> list[str]:
        return [parse(block).name for block in self.blocks]

    def numbers(self) -> list[int]:
        return [int(parse(block).get("N")) for block in self.blocks if b"\r\nN: " in block]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                self._changed.clear()
                await self._changed.wait()


@pytest.fixture
async def peer() -> AsyncIterator[ScriptedPeer]:
    async with ScriptedPeer() as peer:
        yield peer


@pytest.fixture
def received() -> Received:
    return Received()


@contextlib.asynccontextmanager
async def connected(
    settings: AmiSettings, sink: Callable[[bytes], None] | None = None, *, ready: bool = True
) -> AsyncIterator[AmiConnection]:
    connection = AmiConnection(settings, sink)
    run = asyncio.create_task(connection.run())
    try:
        if ready:
            async with asyncio.timeout(5):
                await connection.ready.wait()
        yield connection
    finally:
        run.cancel()
        with contextlib.suppress(asyncio.CancelledError, AmiError, RuntimeError):
            await run


async def until_state(connection: AmiConnection, state: LinkState) -> None:
    reached = asyncio.Event()
    connection.watch(lambda status: reached.set() if status.state is state else None)
    if connection.status.state is not state:
        async with asyncio.timeout(10):
            await reached.wait()


async def listed(connection: AmiConnection, action: str) -> Answer:
    """The answer to an action that answers with a list, asked as the snapshot is."""
    assert connection._session is not None
    return await connection._session.ask(action, completed_by="EventList")


def hold(number: int) -> bytes:
    return block("Event: Hold", "Privilege: call,all", f"Timestamp: 1763789001.{number:06d}", f"N: {number}")


# --- actions ---


async def test_an_originate_that_was_not_answered_is_never_sent_again(peer: ScriptedPeer) -> None:
    peer.replies["Originate"] = lambda _: None
    async with connected(peer.settings(action_seconds=5.0)) as connection:
        asking = asyncio.create_task(connection.action("Originate", {"Channel": "PJSIP/1", "Async": "true"}))
        await peer.until(lambda: peer.count("Originate") == 1)
        await peer.drop()
        with pytest.raises(ActionUnanswered, match="Originate was sent and the connection ended"):
            await asking
        await peer.until(lambda: peer.connections == 2)
        await connection.ready.wait()
        await connection.action("Ping")
        assert peer.count("Originate") == 1


async def test_an_action_with_an_id_of_its_own_is_sent_once_while_it_waits(peer: ScriptedPeer) -> None:
    ids: list[str] = []
    peer.replies["Originate"] = lambda headers: ids.append(headers["ActionID"])
    async with connected(peer.settings()) as connection:
        fields = {"Channel": "PJSIP/1", "Async": "true"}
        asking = asyncio.create_task(
            connection.action_until("Originate", fields, "OriginateResponse", action_id="at-1")
        )
        await peer.until(lambda: peer.count("Originate") == 1)
        with pytest.raises(InvalidField, match="ActionID"):
            await connection.action_until("Originate", fields, "OriginateResponse", action_id="at-1")
        asking.cancel()
        await connection.action("Ping")
    assert ids == ["at-1"]


async def test_an_action_without_an_answer_ends_at_its_deadline_and_leaves_nothing_behind(
    peer: ScriptedPeer,
) -> None:
    late: list[bytes] = []
    peer.replies["Slow"] = lambda headers: late.append(answered(headers, "Message: late"))
    async with connected(peer.settings()) as connection:
        began = time.monotonic()
        with pytest.raises(ActionUnanswered, match=r"Slow was sent and not answered within 0\.1 s"):
            await connection.action("Slow", deadline=0.1)
        assert time.monotonic() - began < 0.5
        assert connection._session is not None
        assert connection._session._protocol._awaited == {}
        peer.push(late[0])
        assert (await connection.action("Other")).message == ""


async def test_answers_that_come_in_another_order_reach_their_own_actions(peer: ScriptedPeer) -> None:
    held: list[bytes] = []

    def reply(headers: dict[str, str]) -> bytes | None:
        held.append(answered(headers, f"Message: {headers['N']}"))
        return b"".join(reversed(held)) if len(held) == 3 else None

    peer.replies["Numbered"] = reply
    async with connected(peer.settings()) as connection:
        answers = await asyncio.gather(*(connection.action("Numbered", {"N": str(n)}) for n in range(3)))
        assert [answer.message for answer in answers] == ["0", "1", "2"]


async def test_queue_add_ends_with_its_response(peer: ScriptedPeer) -> None:
    peer.replies["QueueAdd"] = lambda headers: answered(headers, "Message: Added interface to queue")
    async with connected(peer.settings()) as connection:
        assert (await connection.action("QueueAdd", {"Queue": "q"})).ok


async def test_successfully_queued_without_async_is_an_answer_like_any_other(peer: ScriptedPeer) -> None:
    peer.replies["Atxfer"] = lambda headers: answered(headers, "Message: Atxfer successfully queued")
    async with connected(peer.settings()) as connection:
        assert (await connection.action("Atxfer", {"Channel": "x"})).ok
        assert peer.connections == 1


async def test_a_list_that_is_refused_ends_with_the_refusal(peer: ScriptedPeer) -> None:
    peer.replies["Queues"] = lambda headers: answered(headers, "Message: Permission denied", ok=False)
    async with connected(peer.settings()) as connection:
        with pytest.raises(ActionRefused, match="Permission denied"):
            await listed(connection, "Queues")


async def test_a_list_that_is_cancelled_ends_with_that(peer: ScriptedPeer) -> None:
    peer.replies["Queues"] = lambda headers: (
        answered(headers, "EventList: start")
        + block("Event: QueuesComplete", f"ActionID: {headers['ActionID']}", "EventList: cancelled")
    )
    async with connected(peer.settings()) as connection:
        with pytest.raises(ActionRefused, match="cancelled"):
            await listed(connection, "Queues")


async def test_an_answer_without_a_list_to_a_list_action_does_not_wait_for_one(peer: ScriptedPeer) -> None:
    peer.replies["Queues"] = lambda headers: answered(headers, "Message: nothing here")
    async with connected(peer.settings()) as connection:
        answer = await listed(connection, "Queues")
        assert (answer.response.message, list(answer.events)) == ("nothing here", [])


async def test_items_of_a_list_come_with_it_even_when_the_board_does_not_want_them(
    peer: ScriptedPeer, received: Received
) -> None:
    def reply(headers: dict[str, str]) -> bytes:
        own = f"ActionID: {headers['ActionID']}"
        return (
            answered(headers, "EventList: start")
            + block("Event: Odd", own, "N: 1")
            + hold(7)
            + block("Event: Odd", "ActionID: somebody-else", "N: 2")
            + block("Event: Odd", own, "N: 3")
            + block("Event: OddComplete", own, "EventList: Complete", "ListItems: 2")
        )

    peer.replies["Odds"] = reply
    async with connected(peer.settings(), received) as connection:
        answer = await listed(connection, "Odds")
        assert [event.get("N") for event in answer.events] == ["1", "3", ""]
        assert received.numbers() == [7]


async def test_originate_response_reaches_the_action_and_the_board(
    peer: ScriptedPeer, received: Received
) -> None:
    peer.replies["Originate"] = lambda headers: (
        answered(headers, "Message: Originate successfully queued")
        + hold(1)
        + block(
            "Event: OriginateResponse", f"ActionID: {headers['ActionID']}", "Response: Failure", "Reason: 5"
        )
    )
    async with connected(peer.settings(), received) as connection:
        event = await connection.action_until("Originate", {"Async": "true"}, "OriginateResponse")
        assert event.get("Response") == "Failure"
        assert received.names[-2:] == ["Hold", "OriginateResponse"]


async def test_before_the_connection_is_up_an_action_is_refused_and_not_sent(peer: ScriptedPeer) -> None:
    connection = AmiConnection(peer.settings())
    with pytest.raises(AmiNotConnected):
        await connection.action("Ping")
    peer.replies["Login"] = lambda _: None
    async with connected(peer.settings(), ready=False) as connection:
        await peer.until(lambda: peer.count("Login") == 1)
        with pytest.raises(AmiNotConnected):
            await connection.action("Hangup", {"Channel": "x"})
    assert peer.count("Hangup") == 0


@pytest.mark.parametrize(
    "value", ["a\r\nAction: Command", "a\nSecret: x", "a\rb", "a\x00b", "a\x1bb", "\x7f", "\u2028"]
)
async def test_no_control_character_leaves_the_house(peer: ScriptedPeer, value: str) -> None:
    async with connected(peer.settings()) as connection:
        with pytest.raises(InvalidField, match="Channel: holds a control character"):
            await connection.action("Hangup", {"Channel": value})
        for name in ("Bad Name", "A: b", "", "Action", "actionid", "A\r\nB"):
            with pytest.raises(InvalidField):
                await connection.action("Hangup", {name: "x"})
        await connection.action("Ping")
        assert peer.count("Hangup") == 0


async def test_what_asterisk_would_cut_is_refused_instead(peer: ScriptedPeer) -> None:
    async with connected(peer.settings()) as connection:
        with pytest.raises(InvalidField, match="more than 1023"):
            await connection.action("X", {"Value": "王" * 340})
        with pytest.raises(InvalidField, match="fields"):
            await connection.action("X", [("Variable", f"V{n}=1") for n in range(MOST_HEADERS - 1)])
        with pytest.raises(InvalidField, match="no text"):
            await connection.action("X", {"Value": "\ud800"})
        await connection.action("X", {"Value": "v" * 1014})
        await connection.action("X", [("Variable", f"V{n}=1") for n in range(MOST_HEADERS - 2)])


# --- events ---


async def test_a_letter_that_two_reads_share_stays_whole(peer: ScriptedPeer, received: Received) -> None:
    data = block("Event: Hold", "Timestamp: 1763789001.000000", "CallerIDName: Müller 王小明", "N: 1")
    async with connected(peer.settings(), received):
        for at in range(len(data)):
            peer.push(data[at : at + 1])
            await asyncio.sleep(0)
        await received.until(lambda: received.numbers() == [1])
        assert parse(received.blocks[-1]).get("CallerIDName") == "Müller 王小明"
        assert received.blocks[-1] == data


async def test_events_keep_their_order_and_none_is_lost_in_a_flood(
    peer: ScriptedPeer, received: Received
) -> None:
    noise = block(
        "Event: VarSet", "Privilege: dialplan,all", "Timestamp: 1763789001.000000", "Variable: X", "Value: y"
    )
    async with connected(peer.settings(ping_seconds=5.0), received):
        peer.push(b"".join(hold(number) + noise for number in range(40_000)))
        await received.until(lambda: bool(received.blocks) and received.blocks[-1] == hold(39_999))
        assert received.numbers() == list(range(40_000))


async def test_a_late_answer_to_a_ping_is_excused_while_events_still_come(
    peer: ScriptedPeer, received: Received
) -> None:
    pings = 0

    def late_once(headers: Headers) -> bytes | None:
        nonlocal pings
        pings += 1
        if pings != 2:  # the first belongs to the beginning of the connection
            return answered(headers, "Ping: Pong", "Timestamp: 1763789001.000000")
        peer.push(hold(1))
        return None

    peer.replies["Ping"] = late_once
    async with connected(peer.settings(), received):
        await peer.until(lambda: pings >= 4)
        assert peer.connections == 1


async def test_an_exception_in_the_sink_costs_no_other_event_of_the_chunk_and_is_loud(
    peer: ScriptedPeer,
) -> None:
    received = Received()

    def sink(data: bytes) -> None:
        received(data)
        if b"\r\nN: 7\r\n" in data:
            raise RuntimeError("the board broke")

    connection = AmiConnection(peer.settings(), sink)
    run = asyncio.create_task(connection.run())
    await connection.ready.wait()
    peer.push(b"".join(hold(number) for number in range(1, 12)))
    with pytest.raises(RuntimeError, match="the board broke"):
        await run
    assert received.numbers() == list(range(1, 12))


async def test_a_duplicate_header_drops_nothing(peer: ScriptedPeer, received: Received) -> None:
    data = block("Event: Hold", "Timestamp: 1763789001.000000", "N: 1", "N: 1", "Channel: a", "Channel: b")
    async with connected(peer.settings(), received) as connection:
        peer.push(data + hold(2))
        await received.until(lambda: received.numbers() == [1, 2])
        peer.replies["Twice"] = lambda headers: answered(headers, "Message: a", "Message: b")
        assert (await connection.action("Twice")).message == "a"
        assert peer.connections == 1


async def test_events_that_nobody_needs_are_dropped_unparsed(peer: ScriptedPeer, received: Received) -> None:
    async with connected(peer.settings(), received) as connection:
        peer.push(block("Event: VarSet", "N: 1") + hold(2) + block("Event: CtiBoot", "N: 3", "Boot: forged"))
        await received.until(lambda: received.numbers() == [2])
        assert connection._session is not None
        assert connection._session._protocol.filtered == 2


async def test_a_chunk_of_256_kilobytes_does_not_hold_the_loop(
    peer: ScriptedPeer, received: Received
) -> None:
    async with connected(peer.settings(), received) as connection:
        assert connection._session is not None
        chunk = b"".join(hold(number) for number in range(3_000))[: 256 * 1024]
        began = time.process_time()
        connection._session._protocol.data_received(chunk)
        assert time.process_time() - began < 0.029
        assert len(received.numbers()) > 2_500


async def test_a_block_without_an_end_costs_bounded_memory(peer: ScriptedPeer, received: Received) -> None:
    async with connected(peer.settings(), received):
        peer.push(b"Event: Hold\r\nA: " + b"x" * (2 * 1024 * 1024))
        await received.until(lambda: "CtiDisconnected" in received.names)
        reason = next(parse(one) for one in received.blocks if b"CtiDisconnected" in one).get("Reason")
        assert "without an end" in reason


# --- the connection ---


async def test_after_each_connect_the_sink_gets_the_boot_and_a_snapshot_before_it_is_ready(
    peer: ScriptedPeer, received: Received
) -> None:
    peer.replies["CoreShowChannels"] = lambda headers: (
        answered(headers, "EventList: start")
        + block("Event: CoreShowChannel", f"ActionID: {headers['ActionID']}", "Uniqueid: node1-1.1")
        + hold(5)
        + block(
            "Event: CoreShowChannelsComplete",
            f"ActionID: {headers['ActionID']}",
            "EventList: Complete",
            "ListItems: 1",
        )
    )
    async with connected(peer.settings(), received) as connection:
        first = [
            "CtiBoot",
            "CtiConnected",
            "CtiSnapshotBegin",
            "BridgeListComplete",
            "CoreShowChannel",
            "Hold",
            "CoreShowChannelsComplete",
            "QueueStatusComplete",
            "CtiSnapshotEnd",
        ]
        assert received.names == first
        boot, shown = parse(received.blocks[0]), parse(received.blocks[4])
        assert (boot.get("New"), boot.get("Boot"), boot.get("Previous")) == ("1", peer.boot, "")
        assert connection.boot == peer.boot
        assert shown.get("SystemName") == "node1"
        assert 1763789001 <= shown.at < 1763789011
        await peer.drop()
        await received.until(lambda: received.names.count("CtiSnapshotEnd") == 2)
        assert received.names == [*first, "CtiDisconnected", *first]
        again = parse(received.blocks[10])
        assert (again.get("New"), again.get("Boot"), again.get("Previous")) == ("0", peer.boot, peer.boot)


async def test_another_boot_of_asterisk_is_told_from_the_one_before(
    peer: ScriptedPeer, received: Received
) -> None:
    async with connected(peer.settings(), received):
        first, peer.boot = peer.boot, ""
        await peer.drop()
        await received.until(lambda: received.names.count("CtiSnapshotEnd") == 2)
        boot = [parse(one) for one in received.blocks if one.startswith(b"Event: CtiBoot")][1]
        assert boot.get("New") == "1"
        assert boot.get("Previous") == first
        assert boot.get("Boot") == peer.boot != first


async def test_no_event_comes_before_the_boot_is_known(peer: ScriptedPeer, received: Received) -> None:
    login = peer.replies["Login"]
    peer.replies["Login"] = lambda headers: (login(headers) or b"") + hold(1)
    async with connected(peer.settings(), received):
        assert received.names[0] == "CtiBoot"
        assert received.numbers() == []
        assert peer.received[0]["Events"] == "system"


async def test_a_wrong_secret_is_final_and_loud(peer: ScriptedPeer) -> None:
    peer.replies["Login"] = lambda headers: answered(headers, "Message: Authentication failed", ok=False)
    connection = AmiConnection(peer.settings(secret="not-to-be-seen"))
    with pytest.raises(AmiWrongSecret, match=r"cti.*Authentication failed") as raised:
        await connection.run()
    assert raised.value.code == "ami.wrong_secret"
    assert "not-to-be-seen" not in str(raised.value)
    assert connection.status.state is LinkState.REFUSED
    assert peer.count("Login") == 1


async def test_an_asterisk_that_refuses_the_login_while_it_shuts_down_is_asked_again(
    peer: ScriptedPeer,
) -> None:
    login = peer.replies["Login"]
    peer.replies["Login"] = lambda headers: answered(headers, "Message: Asterisk is shutting down", ok=False)
    async with connected(peer.settings(), ready=False) as connection:
        await until_state(connection, LinkState.WAITING)
        assert "shutting down" in (connection.status.last_error or "")
        peer.replies["Login"] = login
        async with asyncio.timeout(5):
            await connection.ready.wait()


def test_a_secret_is_in_no_text_that_could_be_logged() -> None:
    settings = AmiSettings(host="x", port=1, username="u", secret="not-to-be-seen")
    assert "not-to-be-seen" not in f"{settings} {settings!r}"


async def test_a_peer_that_answers_no_ping_is_left_and_sought_again(
    peer: ScriptedPeer, received: Received
) -> None:
    async with connected(peer.settings(), received):
        ping = peer.replies.pop("Ping")
        peer.replies["Ping"] = lambda _: None
        began = time.monotonic()
        await received.until(lambda: "CtiDisconnected" in received.names)
        assert time.monotonic() - began < 1.0
        reason = next(parse(one) for one in received.blocks if b"CtiDisconnected" in one).get("Reason")
        assert "Ping was sent and not answered" in reason
        peer.replies["Ping"] = ping
        await received.until(lambda: received.names.count("CtiSnapshotEnd") == 2)


@pytest.mark.parametrize("last", ["Login", "Events"])
async def test_a_peer_that_dies_before_the_snapshot_is_complete_is_left_as_soon_as_any_other(
    peer: ScriptedPeer, received: Received, last: str
) -> None:
    good = dict(peer.replies)

    def die(headers: Headers) -> bytes:
        peer.replies.update(dict.fromkeys(good, lambda _: None))
        return answered(headers)

    peer.replies[last] = die
    long = dict.fromkeys(("booted_seconds", "snapshot_seconds", "action_seconds"), 30.0)
    async with connected(peer.settings(**long), received, ready=False) as connection:
        began = time.monotonic()
        await until_state(connection, LinkState.WAITING)
        assert time.monotonic() - began < 1.5
        peer.replies.update(good)
        async with asyncio.timeout(5):
            await connection.ready.wait()


def test_a_dead_peer_is_noticed_within_ten_seconds_by_default() -> None:
    settings = AmiSettings(host="x", port=1, username="u", secret="s")
    assert settings.ping_interval_seconds + settings.ping_seconds < 10


@pytest.mark.parametrize(
    "fault",
    [
        "silent",
        "no login answer",
        "no FullyBooted",
        "garbage",
        "no snapshot",
        "closed after login",
        "snapshot refused",
    ],
)
async def test_a_peer_that_gets_stuck_anywhere_is_left_after_its_deadline(
    peer: ScriptedPeer, fault: str
) -> None:
    good_banner, good = peer.banner, dict(peer.replies)
    expected = {
        "silent": "no greeting within",
        "no login answer": "no answer to the login",
        "no FullyBooted": "no FullyBooted .*read=system.* within",
        "garbage": "not AMI",
        "no snapshot": "CoreShowChannels was sent and not answered",
        "closed after login": "closed|ended",
        "snapshot refused": "BridgeList: Permission denied",
    }[fault]
    if fault == "silent":
        peer.banner = b""
    elif fault == "garbage":
        peer.banner = b"SSH-2.0-OpenSSH_9.2\r\n"
    elif fault == "no login answer":
        peer.replies["Login"] = lambda _: None
    elif fault == "no FullyBooted":
        peer.replies["Login"] = answered
    elif fault == "no snapshot":
        peer.replies["CoreShowChannels"] = lambda _: None
    elif fault == "closed after login":
        peer.replies["Getvar"] = lambda _: peer.cut()
    else:
        peer.replies["BridgeList"] = lambda headers: answered(headers, "Message: Permission denied", ok=False)
    short = dict.fromkeys(("connect_seconds", "login_seconds", "booted_seconds", "snapshot_seconds"), 0.15)
    async with connected(peer.settings(**short), lambda _: None, ready=False) as connection:
        await until_state(connection, LinkState.WAITING)
        assert re.search(expected, connection.status.last_error or "")
        peer.banner = good_banner
        peer.replies.update(good)
        async with asyncio.timeout(5):
            await connection.ready.wait()


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid", "a" * 300, "\ud800"])
async def test_no_failed_connect_stops_the_attempts(peer: ScriptedPeer, host: str) -> None:
    await peer.__aexit__(None, None, None)
    async with connected(peer.settings(host=host), ready=False) as connection:
        states: list[LinkState] = []
        connection.watch(lambda status: states.append(status.state))
        for _ in range(3):
            await until_state(connection, LinkState.CONNECTING)
            await until_state(connection, LinkState.WAITING)
        assert "no connection" in (connection.status.last_error or "")


async def test_after_a_cut_it_is_back_with_a_snapshot_in_far_less_than_three_seconds(
    peer: ScriptedPeer, received: Received
) -> None:
    settings = peer.settings(shortest_back_off_seconds=0.1, longest_back_off_seconds=5.0)
    async with connected(settings, received):
        began = time.monotonic()
        await peer.drop()
        await received.until(lambda: received.names.count("CtiSnapshotEnd") == 2)
        assert time.monotonic() - began < 1.0


async def test_stopping_during_an_outage_connects_no_more(peer: ScriptedPeer) -> None:
    async with connected(peer.settings()) as connection:
        await peer.drop()
    seen = peer.connections
    await asyncio.sleep(0.3)
    assert peer.connections == seen
    assert connection.status.state is LinkState.STOPPED
    assert not connection.ready.is_set()


async def test_going_down_and_coming_back_are_logged_once(
    peer: ScriptedPeer, received: Received, capsys: pytest.CaptureFixture[str]
) -> None:
    async with connected(peer.settings(), received) as connection:
        login = peer.replies["Login"]
        peer.replies["Login"] = lambda _: None
        await peer.drop()
        await peer.until(lambda: peer.count("Login") >= 2)
        await until_state(connection, LinkState.WAITING)
        await peer.drop()
        peer.replies["Login"] = login
        await received.until(lambda: received.names.count("CtiSnapshotEnd") == 2)
        await until_state(connection, LinkState.READY)
    logged = capsys.readouterr().out
    assert logged.count("ami.down") == 1
    assert logged.count("ami.up_again") == 1


async def test_connections_leave_no_task_behind(peer: ScriptedPeer, received: Received) -> None:
    before = asyncio.all_tasks()
    async with connected(peer.settings(), received):
        for number in range(2, 12):
            await peer.drop()
            await received.until(lambda number=number: received.names.count("CtiSnapshotEnd") == number)  # type: ignore[misc]
    await peer.drop()
    await asyncio.sleep(0.05)
    assert {task for task in asyncio.all_tasks() if not task.done()} <= before


async def test_a_connection_without_a_sink_asks_for_no_events_and_no_snapshot(peer: ScriptedPeer) -> None:
    async with connected(peer.settings()) as connection:
        await connection.action("PJSIPNotify", {"Channel": "PJSIP/1-1", "Variable": "Event=hold"})
    assert [headers["Action"] for headers in peer.received if headers["Action"] != "Ping"] == [
        "Login",
        "PJSIPNotify",
    ]
    assert peer.received[0]["Events"] == "off"


def test_it_works_on_the_event_loop_of_production(received: Received) -> None:
    async def main() -> list[str]:
        received.__init__()  # type: ignore[misc]
        async with ScriptedPeer() as peer, connected(peer.settings(), received):
            await peer.drop()
            await received.until(lambda: received.names.count("CtiSnapshotEnd") == 2)
        return received.names

    assert "CtiDisconnected" in uvloop.run(main())
