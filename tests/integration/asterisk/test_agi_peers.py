"""The FastAGI server against every kind of peer, on real sockets."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from hashlib import sha1

import pytest

from cti.asterisk.agi import AgiLimits, AgiServer
from cti.asterisk.agi_session import AgiSession, DigitsRead
from cti.asterisk.agi_text import AgiReply
from cti.errors import AgiCommandFailed, AgiError, AgiTimeout, CallerHungUp, InvalidField

SECRET = "the dialplan's and ours"
UNIQUEID = "node1-1763789001.7"
TOKEN = sha1(f"{SECRET}:{UNIQUEID}".encode()).hexdigest()

Flow = Callable[[AgiSession], Awaitable[object]]


def headers(*more: str, path: str = "inbound", token: str = TOKEN) -> bytes:
    lines = [
        "agi_network: yes",
        f"agi_network_script: {path}",
        f"agi_request: agi://127.0.0.1/{path}",
        "agi_channel: PJSIP/trunk-00000001",
        "agi_language: zh",
        f"agi_uniqueid: {UNIQUEID}",
        "agi_callerid: 5550100",
        "agi_extension: 4000",
        f"agi_arg_1: {token}",
        *more,
    ]
    return "".join(f"{line}\n" for line in [*lines, ""]).encode()


class Dialplan:
    """The peer that Asterisk is: it has sent its headers, reads commands and sends what it is told to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def command(self) -> str:
        async with asyncio.timeout(5):
            return (await self.reader.readuntil(b"\n")).decode().rstrip("\n")

    async def reply(self, *lines: str) -> str:
        """Waits for a command, replies with the lines; returns the command."""
        command = await self.command()
        self.send(*lines)
        return command

    def send(self, *lines: str) -> None:
        self.writer.write("".join(f"{line}\n" for line in lines).encode())

    async def ended(self) -> bytes:
        """What still came until the server closed."""
        async with asyncio.timeout(5):
            with contextlib.suppress(ConnectionError):
                return await self.reader.read()
        return b""


@contextlib.asynccontextmanager
async def dialled(server: AgiServer, first: bytes) -> AsyncIterator[Dialplan]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(first)
    try:
        yield Dialplan(reader, writer)
    finally:
        writer.transport.abort()


class Outcome:
    """A flow that runs what a test gives it and keeps how it ended."""

    def __init__(self) -> None:
        self.body: Flow = lambda session: asyncio.sleep(0)
        self.result: asyncio.Future[object] = asyncio.get_running_loop().create_future()

    async def __call__(self, session: AgiSession) -> None:
        try:
            self._keep(await self.body(session))
        except BaseException as error:
            self._keep(error)
            raise

    def _keep(self, result: object) -> None:
        if not self.result.done():
            self.result.set_result(result)

    async def ended(self) -> object:
        async with asyncio.timeout(5):
            return await self.result


@pytest.fixture
async def flow() -> Outcome:
    return Outcome()


@pytest.fixture
async def server(flow: Outcome) -> AsyncIterator[AgiServer]:
    limits = AgiLimits(header_seconds=0.4, sessions=20, session_seconds=3.0)
    async with AgiServer({"inbound": flow}, secret=SECRET, limits=limits) as server:
        yield server


async def works(server: AgiServer, flow: Outcome) -> None:
    """The server serves an honest call."""
    flow.__init__()  # type: ignore[misc]
    flow.body = lambda session: session.answer()
    async with dialled(server, headers()) as dialplan:
        assert await dialplan.reply("200 result=0") == "ANSWER"
        assert await dialplan.ended() == b""


# --- requests ---


async def test_a_flow_learns_who_calls(server: AgiServer, flow: Outcome) -> None:
    async def body(session: AgiSession) -> object:
        return session.request

    flow.body = body
    async with dialled(server, headers("agi_arg_2: support", "agi_arg_3: ")) as dialplan:
        await dialplan.ended()
    request = await flow.ended()
    assert getattr(request, "path", None) == "inbound"
    assert getattr(request, "uniqueid", None) == UNIQUEID
    assert getattr(request, "caller_number", None) == "5550100"
    assert getattr(request, "extension", None) == "4000"
    assert getattr(request, "arguments", None) == ("support", "")


async def test_a_name_in_latin_1_is_read_and_one_in_utf_8_too(server: AgiServer, flow: Outcome) -> None:
    async def body(session: AgiSession) -> object:
        return session.request.headers["agi_calleridname"], session.request.headers["agi_accountcode"]

    flow.body = body
    latin = headers("agi_accountcode: 王", "agi_calleridname: M\N{LATIN SMALL LETTER U WITH DIAERESIS}ller")
    latin = latin.replace("Müller".encode(), "Müller".encode("latin-1"))
    async with dialled(server, latin) as dialplan:
        await dialplan.ended()
    assert await flow.ended() == ("Müller", "王")


@pytest.mark.parametrize(
    "request_bytes",
    [
        headers(token="0" * 40),
        headers(token=""),
        headers(token="ü"),
        headers(path="other"),
        headers(path=""),
        headers().replace(UNIQUEID.encode(), b"node1-1763789001.8"),
        b"\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\xff\xfe\x00\x01\n\n",
    ],
    ids=[
        "wrong token",
        "no token",
        "odd token",
        "no such flow",
        "no path",
        "token of another call",
        "nothing",
        "a browser",
        "noise",
    ],
)
async def test_whoever_is_not_our_dialplan_is_closed_without_a_word(
    server: AgiServer, flow: Outcome, request_bytes: bytes
) -> None:
    async with dialled(server, request_bytes) as dialplan:
        assert await dialplan.ended() == b""
    assert not flow.result.done()
    await works(server, flow)


async def test_connecting_and_closing_harms_nobody(server: AgiServer, flow: Outcome) -> None:
    for _ in range(50):
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.close()
        await writer.wait_closed()
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.transport.abort()
    await works(server, flow)
    await asyncio.sleep(0)
    assert server.sessions == 0


async def test_a_byte_a_second_is_given_up_after_the_time_for_headers(
    server: AgiServer, flow: Outcome
) -> None:
    began = time.monotonic()
    async with dialled(server, b"") as dialplan:

        async def drip() -> None:
            for byte in headers():
                dialplan.writer.write(bytes([byte]))
                await asyncio.sleep(0.05)

        dripping = asyncio.create_task(drip())
        await works(server, flow)
        assert await dialplan.ended() == b""
        dripping.cancel()
    assert 0.3 < time.monotonic() - began < 1.5


@pytest.mark.parametrize("line_end", [b"", b"\n"], ids=["one header", "many headers"])
async def test_ten_megabytes_of_headers_are_cut_off_early(
    server: AgiServer, flow: Outcome, line_end: bytes
) -> None:
    async with dialled(server, b"") as dialplan:
        sent = 0
        with contextlib.suppress(ConnectionError):
            for _ in range(160):
                dialplan.writer.write((b"a" * 80 + line_end) * 800)
                await dialplan.writer.drain()
                sent += 64_000
        assert await dialplan.ended() == b""
        assert sent < 10_000_000
    await works(server, flow)


async def test_half_open_peers_are_let_go_and_their_number_is_bounded(
    server: AgiServer, flow: Outcome
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        silent = [await stack.enter_async_context(dialled(server, b"agi_")) for _ in range(40)]
        await asyncio.sleep(0.1)
        assert server.sessions == 20
        for dialplan in silent:
            await dialplan.ended()
        await works(server, flow)


async def test_a_peer_that_reads_nothing_is_let_go(server: AgiServer, flow: Outcome) -> None:
    async def body(session: AgiSession) -> None:
        for _ in range(100_000):
            session._writer.write(b"x" * 10_000)
            await session._writer.drain()

    flow.body = body
    async with dialled(server, headers()) as dialplan:
        dialplan.writer.transport.get_extra_info("socket")
        transport = dialplan.writer.transport
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()
        assert isinstance(await flow.ended(), asyncio.CancelledError)
    await asyncio.sleep(0.5)
    assert server.sessions == 0


async def test_a_flow_that_never_ends_is_ended(
    server: AgiServer, flow: Outcome, capsys: pytest.CaptureFixture[str]
) -> None:
    async def body(_: AgiSession) -> None:
        await asyncio.Event().wait()

    flow.body = body
    async with dialled(server, headers()) as dialplan:
        assert await dialplan.ended() == b""
    assert "agi.session_too_long" in capsys.readouterr().out


async def test_a_flow_that_fails_closes_its_session_and_no_other(
    server: AgiServer, flow: Outcome, capsys: pytest.CaptureFixture[str]
) -> None:
    async def body(_: AgiSession) -> None:
        raise ZeroDivisionError("a mistake in a flow")

    flow.body = body
    async with dialled(server, headers()) as dialplan:
        assert await dialplan.ended() == b""
    assert "a mistake in a flow" in capsys.readouterr().out
    await works(server, flow)


async def test_stopping_closes_every_session(flow: Outcome) -> None:
    async def body(session: AgiSession) -> None:
        await session.wait_for_digit(60)

    flow.body = body
    async with AgiServer({"inbound": flow}, secret=SECRET) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        _, silent = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(headers())
        assert await reader.readuntil(b"\n") == b"WAIT FOR DIGIT 60000\n"
    assert server.sessions == 0
    assert await reader.read() == b""
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncio.open_connection("127.0.0.1", server.port)
    writer.close()
    silent.close()


# --- replies ---


@contextlib.asynccontextmanager
async def doing(server: AgiServer, flow: Outcome, body: Flow) -> AsyncIterator[Dialplan]:
    flow.body = body
    async with dialled(server, headers()) as dialplan:
        yield dialplan


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("200 result=12", DigitsRead(digits="12", timed_out=False)),
        ("200 result=12 (timeout)", DigitsRead(digits="12", timed_out=True)),
        ("200 result= (timeout)", DigitsRead(digits="", timed_out=True)),
        ("200 result=", DigitsRead(digits="", timed_out=False)),
        ("200 result=*#", DigitsRead(digits="*#", timed_out=False)),
    ],
)
async def test_what_the_caller_keyed_and_whether_his_time_ran_out(
    server: AgiServer, flow: Outcome, reply: str, expected: DigitsRead
) -> None:
    async with doing(
        server, flow, lambda session: session.get_data("cti/rate", timeout_seconds=2.5, most_digits=3)
    ) as dialplan:
        assert await dialplan.reply("100 result=0 Trying...", reply) == 'GET DATA "cti/rate" 2500 3'
        assert await flow.ended() == expected


@pytest.mark.parametrize(("code", "key"), [("0", ""), ("53", "5"), ("35", "#"), ("42", "*"), ("7", "")])
async def test_a_key_that_breaks_a_prompt_off(server: AgiServer, flow: Outcome, code: str, key: str) -> None:
    async with doing(
        server, flow, lambda session: session.stream_file("cti/thanks", "0123456789*#")
    ) as dialplan:
        assert (
            await dialplan.reply(f"200 result={code} endpos=8000")
            == 'STREAM FILE "cti/thanks" "0123456789*#"'
        )
        assert await flow.ended() == key


async def test_a_variable_is_read_whatever_stands_in_it(server: AgiServer, flow: Outcome) -> None:
    async with doing(server, flow, lambda session: session.get_variable("CTI_QUEUE")) as dialplan:
        assert await dialplan.reply("200 result=1 (a (b) c) endpos)") == "GET VARIABLE CTI_QUEUE"
        assert await flow.ended() == "a (b) c) endpos"


async def test_a_variable_that_is_not_set_reads_as_none(server: AgiServer, flow: Outcome) -> None:
    async with doing(server, flow, lambda session: session.get_variable("CHANNEL(state)")) as dialplan:
        await dialplan.reply("200 result=0")
        assert await flow.ended() is None


async def test_a_value_cannot_leave_its_quotes(server: AgiServer, flow: Outcome) -> None:
    async with doing(
        server, flow, lambda session: session.set_variable("CTI_X", 'a" "b\\" EXEC System')
    ) as dialplan:
        assert await dialplan.reply("200 result=1") == 'SET VARIABLE CTI_X "a\\" \\"b\\\\\\" EXEC System"'


@pytest.mark.parametrize(
    "call",
    [
        lambda session: session.set_variable("A", "b\nHANGUP"),
        lambda session: session.set_variable("A", "b\r"),
        lambda session: session.set_variable("A B", "c"),
        lambda session: session.set_variable('SHELL(id)"', "c"),
        lambda session: session.set_variable("FILE(/etc/x)", "c"),
        lambda session: session.get_variable("A B"),
        lambda session: session.stream_file("../secret"),
        lambda session: session.stream_file("a\nHANGUP"),
        lambda session: session.stream_file("ok", "x"),
        lambda session: session.get_data("ok", timeout_seconds=0, most_digits=1),
        lambda session: session.wait_for_digit(-1),
        lambda session: session.set_language("zh&ls"),
        lambda session: session.command("NOOP\nHANGUP"),
        lambda session: session.command("NOOP " + "x" * 2000),
    ],
)
async def test_no_argument_becomes_another_command(server: AgiServer, flow: Outcome, call: Flow) -> None:
    async with doing(server, flow, call) as dialplan:
        assert isinstance(await flow.ended(), InvalidField)
        assert await dialplan.ended() == b""


async def test_the_line_that_announces_a_hang_up_is_no_reply_and_the_key_before_it_counts(
    server: AgiServer, flow: Outcome
) -> None:
    keys: list[str] = []

    async def body(session: AgiSession) -> None:
        keys.append(await session.wait_for_digit(5))
        keys.append(await session.wait_for_digit(5))

    async with doing(server, flow, body) as dialplan:
        await dialplan.reply("HANGUP", "200 result=52")
        assert isinstance(await flow.ended(), CallerHungUp)
        assert keys == ["4"]
        assert await dialplan.ended() == b""


@pytest.mark.parametrize(
    "lines",
    [
        ["HANGUP", "200 result=-1"],
        ["511 Command Not Permitted on a dead channel or intercept routine"],
        ["200 result=-1", "511 Command Not Permitted on a dead channel"],
        ["200 result=-1", "HANGUP", "200 result=0"],
    ],
    ids=["announced", "dead channel", "found dead when asked", "announced when asked"],
)
async def test_a_hang_up_in_the_middle_unwinds_the_flow(
    server: AgiServer, flow: Outcome, lines: list[str]
) -> None:
    unwound = asyncio.Event()

    async def body(session: AgiSession) -> None:
        try:
            await session.stream_file("cti/rate", "12345")
            await session.stream_file("cti/thanks")
        finally:
            unwound.set()

    async with doing(server, flow, body) as dialplan:
        await dialplan.command()
        dialplan.send(*lines)
        assert isinstance(await flow.ended(), CallerHungUp)
        assert unwound.is_set()


async def test_asterisk_closing_the_session_unwinds_the_flow(server: AgiServer, flow: Outcome) -> None:
    async with doing(server, flow, lambda session: session.wait_for_digit(60)) as dialplan:
        await dialplan.command()
        dialplan.writer.close()
        assert isinstance(await flow.ended(), CallerHungUp)


async def test_a_failure_on_a_living_channel_is_no_hang_up(server: AgiServer, flow: Outcome) -> None:
    async with doing(
        server, flow, lambda session: session.get_data("cti/missing", timeout_seconds=1, most_digits=1)
    ) as dialplan:
        await dialplan.reply("200 result=-1")
        assert await dialplan.reply("200 result=6") == "CHANNEL STATUS"
        assert isinstance(await flow.ended(), AgiCommandFailed)


async def test_a_reply_of_several_lines_is_read_to_its_end(server: AgiServer, flow: Outcome) -> None:
    replies: list[AgiReply] = []

    async def body(session: AgiSession) -> None:
        replies.append(await session.command("WAIT FOR"))
        replies.append(await session.command("NOOP"))
        await session.answer()

    async with doing(server, flow, body) as dialplan:
        await dialplan.reply(
            "520-Invalid command syntax.  Proper usage follows:",
            "Usage: WAIT FOR DIGIT",
            "520 End of proper usage.",
        )
        await dialplan.reply("200 result=0")
        await dialplan.reply("510 Invalid or unknown command")
        assert isinstance(await flow.ended(), AgiCommandFailed)
    assert [reply.code for reply in replies] == [520, 200]
    assert "Usage: WAIT FOR DIGIT" in replies[0].text


@pytest.mark.parametrize("line", ["", "hello", "2x0 result=1", "200result=1", "x" * 20_000])
async def test_a_reply_that_is_none_ends_the_session(server: AgiServer, flow: Outcome, line: str) -> None:
    async with doing(server, flow, lambda session: session.answer()) as dialplan:
        await dialplan.reply(line)
        assert isinstance(await flow.ended(), AgiError)
        assert await dialplan.ended() == b""


async def test_a_peer_that_is_silent_in_the_middle_is_given_up(
    server: AgiServer, flow: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cti.asterisk.agi_session._SLACK_SECONDS", 0.2)
    async with doing(server, flow, lambda session: session.wait_for_digit(0.1)) as dialplan:
        assert await dialplan.command() == "WAIT FOR DIGIT 100"
        assert isinstance(await flow.ended(), AgiTimeout)


async def test_a_thousand_calls_leave_nothing_behind(server: AgiServer, flow: Outcome) -> None:
    flow.body = lambda session: session.answer()
    before = len(asyncio.all_tasks())

    async def call() -> None:
        async with dialled(server, headers()) as dialplan:
            assert await dialplan.reply("200 result=0") == "ANSWER"
            await dialplan.ended()

    for _ in range(100):
        await asyncio.gather(*(call() for _ in range(10)))
    await asyncio.sleep(0)
    assert server.sessions == 0
    assert len(asyncio.all_tasks()) <= before


async def test_a_server_without_a_secret_does_not_start() -> None:
    with pytest.raises(AgiError, match="needs a secret"):
        AgiServer({}, secret="")
