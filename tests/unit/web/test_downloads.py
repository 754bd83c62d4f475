"""A table that is sent while it is read comes whole, or its reader sees that it did not."""

from collections.abc import AsyncIterator

import msgspec
import pytest
from aiohttp import ClientError, web
from aiohttp.test_utils import TestClient, TestServer

from cti.http.downloads import csv_stream
from cti.http.middleware import problems_for_errors

Client = TestClient[web.Request, web.Application]


async def pieces(gone_after: int | None) -> AsyncIterator[str]:
    """Three pieces; the database goes away after some of them."""
    for number in range(3):
        if number == gone_after:
            raise OSError("the database went away")
        yield f"{number},多\r\n"


async def download(request: web.Request) -> web.StreamResponse:
    gone_after = request.query.get("gone_after")
    rows = pieces(None if gone_after is None else int(gone_after))
    return await csv_stream(request, "things.csv", rows, headers={"X-Total-Rows": "3"})


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    app = web.Application(middlewares=[problems_for_errors])
    app.router.add_get("/things.csv", download)
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_a_table_comes_in_pieces_with_one_mark_of_its_encoding(client: Client) -> None:
    async with client.get("/things.csv") as response:
        assert await response.read() == "\ufeff0,多\r\n1,多\r\n2,多\r\n".encode()
        assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert response.headers["Content-Disposition"] == 'attachment; filename="things.csv"'
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Total-Rows"] == "3"


async def test_a_table_of_which_nothing_could_be_read_is_a_problem(client: Client) -> None:
    async with client.get("/things.csv?gone_after=0") as response:
        assert response.status == 503
        assert msgspec.json.decode(await response.read())["code"] == "database.unavailable"


@pytest.mark.parametrize("gone_after", [1, 2])
async def test_a_table_that_breaks_off_does_not_look_whole(client: Client, gone_after: int) -> None:
    async with client.get(f"/things.csv?gone_after={gone_after}") as response:
        assert response.status == 200
        with pytest.raises(ClientError):
            await response.read()
