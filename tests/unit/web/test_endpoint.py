"""A declared route lets the right people in, checks what they send, and answers in their language."""

from collections.abc import AsyncIterator
from typing import Any, Literal

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import Field

from cti.errors import AmiNotConnected
from cti.http.endpoint import AUTHENTICATOR, add_routes
from cti.http.headers import add_security_headers
from cti.http.idempotency import IDEMPOTENCY, StoredAnswer
from cti.http.middleware import problems_for_errors
from cti.http.principal import PERSON, Language, Principal, Role, Scope
from cti.http.routing import PUBLIC, Routes
from cti.http.shapes import Body, Id, Line, Page, PageQuery, When, decode_cursor, encode_cursor

routes = Routes(tag="things")

Client = TestClient[web.Request, web.Application]


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    name: str
    owner: str | None = None


class NewThing(Body):
    name: Line
    size: int = Field(1, ge=1, le=9)
    kind: Literal["big", "small"] = "big"
    at: When | None = None


class ThingsQuery(PageQuery):
    colour: str | None = Field(None, max_length=10)


@routes.get("/things", roles=PERSON, scope=Scope.CUSTOMERS_READ, summary="List things")
async def list_things(query: ThingsQuery) -> Page[Thing]:
    start = decode_cursor(query.cursor, tuple[int])[0] if query.cursor else 0
    return Page(items=[Thing(id=start + 1, name="a")], next_cursor=encode_cursor(start + 1))


@routes.get("/things/{thing_id}", roles=PERSON, summary="Read a thing")
async def read_thing(principal: Principal, thing_id: Id) -> Thing:
    return Thing(id=thing_id, name="b", owner=principal.name)


made: list[str] = []


@routes.post("/things", roles=[Role.ADMIN], status=201, summary="Make a thing")
async def make_thing(body: NewThing) -> Thing:
    made.append(body.name)
    return Thing(id=len(made), name=body.name)


@routes.post("/public", roles=PUBLIC, summary="Shout")
async def shout() -> None:
    return None


@routes.get("/broken", roles=PUBLIC, summary="Break")
async def break_down() -> None:
    raise RuntimeError("the secret plan of person 13800138000")


@routes.get("/no-asterisk", roles=PUBLIC, summary="Fail")
async def fail() -> None:
    raise AmiNotConnected


PEOPLE = {
    "agent": Principal(key="user:1", role=Role.AGENT, name="Ann", session_key=b"1", csrf_token="t"),
    "admin": Principal(
        key="user:2", role=Role.ADMIN, name="Ada", language=Language.CHINESE, session_key=b"2", csrf_token="t"
    ),
    "crm": Principal(
        key="token:1", role=Role.INTEGRATION, name="CRM", scopes=frozenset({Scope.CUSTOMERS_READ})
    ),
    "other": Principal(key="token:2", role=Role.INTEGRATION, name="Other"),
}


async def who(request: web.Request) -> Principal | None:
    return PEOPLE.get(request.headers.get("Authorization", ""))


class KeysInMemory:
    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], tuple[bytes, StoredAnswer | None]] = {}

    async def begin(self, owner: str, key: str, fingerprint: bytes) -> StoredAnswer | None:
        before = self.kept.setdefault((owner, key), (fingerprint, None))
        return before[1]

    async def finish(self, owner: str, key: str, answer: StoredAnswer) -> None:
        self.kept[owner, key] = (b"", answer)

    async def forget(self, owner: str, key: str) -> None:
        self.kept.pop((owner, key), None)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    app = web.Application(middlewares=[problems_for_errors])
    app.on_response_prepare.append(add_security_headers)
    app[AUTHENTICATOR] = who
    app[IDEMPOTENCY] = KeysInMemory()
    add_routes(app, routes)
    server = TestServer(app)
    await server.start_server(auto_decompress=False)
    async with TestClient(server) as client:
        yield client


async def ask(client: Client, method: str, path: str, who: str = "admin", **options: Any) -> tuple[int, Any]:
    headers = {"Authorization": who, "X-CSRF-Token": "t", **options.pop("headers", {})}
    async with client.request(method, path, headers=headers, **options) as response:
        body = await response.read()
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "unsafe-inline" not in response.headers["Content-Security-Policy"].split("style-src")[0]
        if response.status >= 400:
            assert response.content_type == "application/problem+json"
        return response.status, msgspec.json.decode(body) if body else None


async def test_a_reader_gets_what_he_may_read(client: Client) -> None:
    assert await ask(client, "GET", "/things/7", "agent") == (200, {"id": 7, "name": "b", "owner": "Ann"})
    status, page = await ask(client, "GET", "/things?limit=1", "crm")
    assert status == 200
    _, second = await ask(client, "GET", f"/things?cursor={page['next_cursor']}", "crm")
    assert second["items"][0]["id"] == 2


@pytest.mark.parametrize(
    ("method", "path", "who", "status", "code"),
    [
        ("GET", "/things", "nobody", 401, "auth.required"),
        ("POST", "/things", "agent", 403, "auth.forbidden"),
        ("GET", "/things", "other", 403, "auth.scope_missing"),
        ("GET", "/things/7", "crm", 403, "auth.forbidden"),
        ("GET", "/things/0", "agent", 422, "request.invalid"),
        ("GET", "/things/99999999999999999999", "agent", 422, "request.invalid"),
        ("GET", "/things?cursor=%C3%A4", "agent", 400, "paging.cursor_invalid"),
        ("GET", "/things?cursor=bm8", "agent", 400, "paging.cursor_invalid"),
        ("GET", "/things?limit=5&limit=6", "agent", 422, "request.invalid"),
        ("GET", "/things?colour=%00", "agent", 422, "request.invalid"),
        ("GET", "/things?what=1", "agent", 422, "request.invalid"),
        ("GET", "/nothing", "agent", 404, "request.not_found"),
        ("DELETE", "/things", "admin", 405, "request.method_not_allowed"),
        ("GET", "/no-asterisk", "admin", 503, "asterisk.unavailable"),
    ],
)
async def test_what_is_not_allowed_or_not_valid_is_a_problem_with_a_code(
    client: Client, method: str, path: str, who: str, status: int, code: str
) -> None:
    got, problem = await ask(client, method, path, who)
    assert (got, problem["code"], problem["type"]) == (status, code, f"urn:cti:problem:{code}")


@pytest.mark.parametrize(
    ("body", "status", "found"),
    [
        (b"{", 400, []),
        (b'{"name": "\\ud800"}', 400, []),
        (b"[]", 422, [("", "field.wrong_type")]),
        (b"{}", 422, [("/name", "field.missing")]),
        (b'{"name": "", "x/y": 1}', 422, [("/name", "field.too_short"), ("/x~1y", "field.unknown")]),
        (b'{"name": "a\\u0000"}', 422, [("/name", "field.control_character")]),
        (b'{"name": "a", "size": 10}', 422, [("/size", "field.out_of_range")]),
        (b'{"name": "a", "size": "1"}', 422, [("/size", "field.wrong_type")]),
        (b'{"name": "a", "kind": "odd"}', 422, [("/kind", "field.not_allowed")]),
        (b'{"name": "a", "at": "2026-11-22T05:00:00"}', 422, [("/at", "field.instant")]),
        (b'{"name": "a", "at": "0001-01-01T00:00:00+23:00"}', 422, [("/at", "field.instant")]),
        (b"[" * 20_000, 400, []),
    ],
)
async def test_every_bad_value_of_a_body_is_named(
    client: Client, body: bytes, status: int, found: list[tuple[str, str]]
) -> None:
    got, problem = await ask(
        client, "POST", "/things", data=body, headers={"Content-Type": "application/json"}
    )
    assert got == status
    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == found


async def test_bodies_that_are_too_large_or_no_json_are_refused(client: Client) -> None:
    json = {"Content-Type": "application/json"}
    assert (await ask(client, "POST", "/things", data=b"x" * 70_000, headers=json))[0] == 413
    assert (await ask(client, "POST", "/things", data=b"a=1", headers={"Content-Type": "text/plain"}))[
        0
    ] == 415
    packed = {**json, "Content-Encoding": "gzip"}
    assert (await ask(client, "POST", "/things", data=b"{}", headers=packed))[0] == 415


async def test_a_write_in_a_session_needs_its_csrf_token(client: Client) -> None:
    status, problem = await ask(client, "POST", "/things", json={"name": "a"}, headers={"X-CSRF-Token": "ü"})
    assert (status, problem["code"], problem["title"]) == (403, "auth.csrf", "会话校验失败")


async def test_a_failure_nobody_foresaw_is_an_incident_without_its_words(client: Client) -> None:
    status, problem = await ask(client, "GET", "/broken", headers={"Accept-Language": "en"})
    assert (status, problem["code"]) == (500, "server.error")
    assert "secret" not in str(problem)


async def test_a_write_that_comes_twice_is_done_once(client: Client) -> None:
    made.clear()
    key = {"Idempotency-Key": "k-1"}
    first = await ask(client, "POST", "/things", json={"name": "a"}, headers=key)
    assert await ask(client, "POST", "/things", json={"name": "a"}, headers=key) == first == (201, first[1])
    assert made == ["a"]
    assert (await ask(client, "POST", "/things", json={"name": "a"}, headers={"Idempotency-Key": "ü"}))[
        0
    ] == 400


async def test_a_public_write_takes_no_body(client: Client) -> None:
    assert await ask(client, "POST", "/public", "nobody") == (204, None)
