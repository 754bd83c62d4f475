"""The live connection itself: who gets in, what is answered, when it ends."""

import asyncio

import aiohttp
import msgspec
import pytest
from web_site import Site, Visitor

from cti.web.live_client import MOST_FRAMES
from cti.web.live_routes import MOST_BAD_FRAMES
from cti.web.troubles import Trouble
from tests.stage.live_reader import LiveReader


async def refusal(visitor: Visitor, **headers: str) -> int:
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await visitor.session.ws_connect("/api/v1/live", headers={**visitor.headers, **headers})
    return int(caught.value.status)


async def test_only_who_is_signed_in_and_comes_from_our_page_gets_in(site: Site) -> None:
    assert await refusal(site.visitor()) == 401
    ann = await site.signed_in("ann")
    assert await refusal(ann, Origin="https://elsewhere.example") == 403
    assert await refusal(site.visitor(token=site.tokens["narrow"])) == 403
    async with LiveReader(ann, Origin=site.base) as live:
        assert live.frames[0]["agent"]["name"] == "Ann"


async def test_each_role_is_shown_what_it_may_see(site: Site) -> None:
    async with LiveReader(await site.signed_in("ann")) as live:
        snapshot = live.frames[0]
        assert [queue["name"] for queue in snapshot["queues"]] == ["sales", "support"]
        assert {queue["signed_in"] for queue in snapshot["queues"]} == {None}
        assert snapshot["agents"] == []
        assert snapshot["link"]["asterisk"] == "down"
    async with LiveReader(await site.signed_in("sue")) as live:
        snapshot = live.frames[0]
        assert snapshot["agent"] is None
        assert {agent["name"] for agent in snapshot["agents"]} == {"Ann", "Bob"}
        assert {queue["signed_in"] for queue in snapshot["queues"]} == {0}
    async with LiveReader(site.visitor(token=site.tokens["full"])) as live:
        assert live.frames[0]["agents"] == []
        assert len(live.frames[0]["queues"]) == 2


async def test_supervisors_are_told_of_what_takes_no_more_writing_and_agents_are_not(site: Site) -> None:
    hub = site.desk.hub
    async with (
        LiveReader(await site.signed_in("ann")) as agent,
        LiveReader(await site.signed_in("sue")) as supervisor,
    ):
        assert supervisor.frames[0]["troubles"] == []
        hub.troubles_changed((Trouble.DATABASE_DOWN,))
        frame = await supervisor.until(lambda frame: frame["type"] == "troubles")
        assert frame["troubles"] == ["database_down"]
        async with LiveReader(await site.signed_in("sue")) as later:
            assert later.frames[0]["troubles"] == ["database_down"]
        hub.troubles_changed(())
        await supervisor.until(lambda frame: frame["type"] == "troubles" and not frame["troubles"])
        await agent.socket.send_str('{"type": "ping", "id": 1}')
        await agent.until(lambda frame: frame["type"] == "pong")
        assert not any(frame["type"] == "troubles" for frame in agent.frames)
        assert agent.frames[0]["troubles"] == []


async def test_a_ping_is_answered_and_anything_else_is_a_problem_until_it_is_too_much(site: Site) -> None:
    async with LiveReader(await site.signed_in("sue")) as live:
        await live.socket.send_str('{"type": "ping", "id": 7}')
        assert (await live.until(lambda frame: frame["type"] == "pong"))["id"] == 7
        bad = ("{", "[]", '{"type": "pause"}', '{"type": "ping"}', '{"type": "ping", "id": "7"}', "\x00")
        for text in bad:
            await live.socket.send_str(text)
        await live.socket.send_bytes(b"\xff")
        for _ in range(MOST_BAD_FRAMES):
            await live.socket.send_str("x")
        assert await live.until_closed() == aiohttp.WSCloseCode.POLICY_VIOLATION
        problems = [frame for frame in live.frames if frame["type"] == "problem"]
        assert {problem["code"] for problem in problems} == {"request.invalid"}


async def test_the_end_of_a_session_ends_its_connections(site: Site) -> None:
    ann = await site.signed_in("ann")
    async with LiveReader(ann) as live:
        await ann.ask("DELETE", "/api/v1/session")
        assert await live.until_closed() == aiohttp.WSCloseCode.POLICY_VIOLATION


async def test_who_does_not_read_is_dropped_and_slows_nobody(site: Site) -> None:
    ann, sue = await site.signed_in("ann"), await site.signed_in("sue")
    cookies = "; ".join(f"{cookie.key}={cookie.value}" for cookie in ann.session.cookie_jar)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(site.base.rpartition(":")[2]), limit=1024)
    writer.write(
        b"GET /api/v1/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nCookie: "
        + cookies.encode()
        + b"\r\n\r\n"
    )
    await reader.readuntil(b"snapshot")
    hub = site.desk.hub
    async with LiveReader(sue) as live, asyncio.timeout(20):
        slow = next(client for client in hub.clients if client.principal.agent_id == 1)
        filler = b'"type":"notice","code":"x","text":' + msgspec.json.encode("x" * 65_000)
        while slow in hub.clients:
            for _ in range(8):
                slow.send(filler)
            await asyncio.sleep(0.005)
        await live.socket.send_str('{"type": "ping", "id": 1}')
        await live.until(lambda frame: frame["type"] == "pong")
    writer.transport.abort()
    assert slow.closing is not None
    assert slow.closing[0] == aiohttp.WSCloseCode.TRY_AGAIN_LATER
    assert MOST_FRAMES == 256
