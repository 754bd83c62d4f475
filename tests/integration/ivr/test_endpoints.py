"""Endpoints that flows look things up at: whatever one answers, a flow gets values, nothing or an error."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web

from cti.ivr.sessions.endpoints import EndpointFailed, Endpoints


async def answer(request: web.Request) -> web.Response:
    match request.query.get("want"):
        case "echo":
            return web.json_response({**request.query, "price": 12.5, "open": True, "nested": {"a": 1}})
        case "none":
            return web.Response(status=404)
        case "list":
            return web.json_response([1, 2])
        case "much":
            return web.Response(body=b"x" * 200_000)
        case "away":
            raise web.HTTPFound("http://127.0.0.1:1/elsewhere")
        case "slow":
            await asyncio.sleep(5)
    return web.Response(status=500)


@pytest_asyncio.fixture
async def endpoints() -> AsyncIterator[Endpoints]:
    app = web.Application()
    app.router.add_get("/prices", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    port = site._server.sockets[0].getsockname()[1]
    async with Endpoints(
        {"prices": f"http://127.0.0.1:{port}/prices", "gone": "http://127.0.0.1:1/"}
    ) as made:
        yield made
    await runner.cleanup()


async def test_the_members_of_the_answer_are_values_and_what_is_none_is_left_out(
    endpoints: Endpoints,
) -> None:
    found = await endpoints.look_up({"url": "prices", "want": "echo", "number": None, "active": True})
    assert found == {"want": "echo", "active": "true", "price": 12.5, "open": True}


async def test_what_is_not_there_is_nothing(endpoints: Endpoints) -> None:
    assert await endpoints.look_up({"url": "prices", "want": "none"}) is None


@pytest.mark.parametrize("want", ["list", "much", "away", "error"])
async def test_a_wrong_answer_is_an_error(endpoints: Endpoints, want: str) -> None:
    with pytest.raises(EndpointFailed):
        await endpoints.look_up({"url": "prices", "want": want})


@pytest.mark.parametrize("name", ["gone", "http://127.0.0.1/", "", "unknown"])
async def test_only_endpoints_of_the_settings_are_asked(endpoints: Endpoints, name: str) -> None:
    with pytest.raises(EndpointFailed):
        await endpoints.look_up({"url": name})
