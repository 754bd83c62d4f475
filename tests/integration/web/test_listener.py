"""Peers that speak slowly, wrongly or not at all cost nobody else anything and see no words of ours."""

import asyncio
import time

import pytest
from aiohttp import ClientSession, web

from cti.web.listener import STOP_SECONDS, serve


async def hello(_: web.Request) -> web.Response:
    return web.Response(text="hello")


def app() -> web.Application:
    made = web.Application()
    made.router.add_get("/", hello)
    return made


async def ended(reader: asyncio.StreamReader) -> None:
    """Returns once the other side has closed or cut the connection."""
    try:
        async with asyncio.timeout(5):
            while await reader.read(4096):
                pass
    except ConnectionError:
        return


async def test_a_connection_that_brings_no_request_in_time_is_cut_and_others_are_served() -> None:
    async with serve(app(), "127.0.0.1", 0, first_request_seconds=0.3) as port:
        begun = time.monotonic()
        silent, idle = await asyncio.open_connection("127.0.0.1", port)
        slow, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: ")
        async with ClientSession(f"http://127.0.0.1:{port}") as session:
            async with session.get("/") as response:
                assert await response.text() == "hello"
            await ended(silent)
            await ended(slow)
            assert 0.25 < time.monotonic() - begun < 3
            idle.close()
            writer.close()
            async with session.get("/") as response:
                assert response.status == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: minus\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x00" * 1000,
    ],
)
async def test_what_is_no_http_gets_a_short_refusal_without_a_traceback(sent: bytes) -> None:
    async with serve(app(), "127.0.0.1", 0, first_request_seconds=1) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        answer = b""
        try:
            async with asyncio.timeout(5):
                while data := await reader.read(65_536):
                    answer += data
        except ConnectionError:
            pass
        assert b"Traceback" not in answer
        assert answer == b"" or answer.startswith(b"HTTP/1.")
        writer.close()


async def test_an_answer_that_is_ready_as_the_server_gives_up_waiting_for_it_is_no_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    loop = asyncio.get_running_loop()
    asked, answered = asyncio.Event(), asyncio.Event()

    async def late(_: web.Request) -> web.Response:
        asked.set()
        await answered.wait()
        return web.Response(text="late")

    made = web.Application()
    made.router.add_get("/", late)
    async with ClientSession() as session:
        async with serve(made, "127.0.0.1", 0) as port:
            asking = asyncio.ensure_future(session.get(f"http://127.0.0.1:{port}/"))
            await asked.wait()
            # A busy moment, after which the loop finds both that the time is up and, before it, the answer.
            loop.call_later(STOP_SECONDS - 0.02, answered.set)
            loop.call_later(STOP_SECONDS - 0.03, time.sleep, 0.1)
        await asyncio.wait({asking})
        asking.exception()
    assert [record.getMessage() for record in caplog.records if record.name == "aiohttp.server"] == []
