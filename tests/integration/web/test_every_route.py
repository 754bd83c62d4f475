"""Every route against every role: who may not is refused; and the description is what it says."""

import re
from typing import Any

import msgspec
import pytest
from openapi_pydantic import OpenAPI
from web_site import Site, Visitor

from cti.http.catalogue.problem_texts import PROBLEMS
from cti.http.principal import Role
from cti.http.routing import Route
from cti.web.live_routes import MESSAGES
from cti.web.server import all_routes
from tests.stage.live_reader import LiveReader

VISITORS = ("nobody", "ann", "sue", "ada", "full", "narrow")
ROLE_OF = {"ann": Role.AGENT, "sue": Role.SUPERVISOR, "ada": Role.ADMIN}
#: A message of each type that the live connection takes.
SAID: dict[str, dict[str, Any]] = {
    "ping": {"id": 1},
    "campaign": {"id": 999_999},
    "campaigns": {"watch": True},
}
#: Signing in and out would end the sessions that the other tests use.
SIGNS = {("POST", "/api/v1/session"), ("DELETE", "/api/v1/session")}


async def visitors(site: Site) -> dict[str, Visitor]:
    made = {"nobody": site.visitor()}
    for name in ("ann", "sue", "ada"):
        made[name] = await site.signed_in(name)
    for name, token in site.tokens.items():
        made[name] = site.visitor(token=token)
    return made


def expected(route: Route, who: str) -> tuple[int, str] | None:
    """The status and code of the refusal; None for whoever gets in."""
    if route.public:
        return None
    if who == "nobody":
        return 401, "auth.required"
    if who in ROLE_OF:
        return None if ROLE_OF[who] in route.roles else (403, "auth.forbidden")
    if route.scope is None:
        return 403, "auth.forbidden"
    if who == "narrow" and route.scope.value != "metrics:read":
        return 403, "auth.scope_missing"
    return None


async def test_every_route_lets_in_whom_it_names_and_nobody_else(site: Site) -> None:
    everybody = await visitors(site)
    checked = 0
    for route in all_routes():
        if (route.method, route.path) in SIGNS:
            continue
        path = re.sub(r"{\w+}", "999999", route.path)
        for who, visitor in everybody.items():
            # Nobody's body is valid, so nothing is changed by whoever gets in.
            body = {"!": 1} if route.writes else None
            status, answer = await visitor.ask(route.method, path, body)
            refusal = expected(route, who)
            where = f"{who}: {route.method} {route.path} -> {status} {answer}"
            if refusal is None:
                assert status not in (401, 403, 500), where
            else:
                assert (status, answer["code"]) == refusal, where
            checked += 1
    assert checked >= len(VISITORS) * 50


async def test_every_write_of_a_person_needs_his_csrf_token(site: Site) -> None:
    for who, role in ROLE_OF.items():
        visitor = await site.signed_in(who)
        visitor.headers["X-CSRF-Token"] = "0" * 64
        for route in all_routes():
            if route.writes and role in route.roles:
                status, problem = await visitor.ask(route.method, re.sub(r"{\w+}", "1", route.path), {})
                assert (status, problem["code"]) == (403, "auth.csrf"), route.path


@pytest.mark.parametrize("route", all_routes(), ids=lambda route: f"{route.method} {route.path}")
def test_a_route_is_denied_unless_allowed(route: Route) -> None:
    assert route.public or route.roles
    assert not (route.public and (route.roles or route.scope))
    assert route.summary
    assert route.handler.__doc__
    assert (Role.INTEGRATION in route.roles) == (route.scope is not None)


def test_only_these_routes_are_public() -> None:
    assert {(route.method, route.path) for route in all_routes() if route.public} == {
        ("POST", "/api/v1/session"),
        ("GET", "/api/v1/health"),
        ("GET", "/api/v1/openapi.json"),
        ("GET", "/api/v1/docs"),
        ("GET", "/polls/{public_id}"),
    }


def test_every_message_of_the_live_connection_names_its_roles() -> None:
    assert set(MESSAGES) == set(SAID)
    assert all(message.roles for message in MESSAGES.values())


async def test_every_message_is_answered_to_whom_it_names_and_to_nobody_else(site: Site) -> None:
    for who, visitor in (await visitors(site)).items():
        if who in ("nobody", "narrow"):
            continue  # they get no live connection at all
        role = ROLE_OF.get(who, Role.INTEGRATION)
        async with LiveReader(visitor) as live:
            for name, words in SAID.items():
                seen = len(live.frames)
                await live.socket.send_str(msgspec.json.encode({"type": name, **words}).decode())
                frame = await live.until(lambda frame: frame["type"] in ("pong", "watching", "problem"), seen)
                refused = frame["type"] == "problem"
                assert refused is (role not in MESSAGES[name].roles), (who, name, frame)
                assert not refused or frame["code"] == "auth.forbidden", (who, name, frame)
            # One that is not in the table is nobody's.
            seen = len(live.frames)
            await live.socket.send_str('{"type": "kill_switch", "on": false}')
            frame = await live.until(lambda frame: frame["type"] == "problem", seen)
            assert frame["code"] == "request.invalid"


async def test_the_description_is_valid_openapi_3_1_and_names_every_route(site: Site) -> None:
    _, document = await site.visitor().ask("GET", "/api/v1/openapi.json")
    parsed = OpenAPI.model_validate(document)
    assert parsed.openapi == "3.1.0"
    described = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert described == {(route.method, route.path) for route in all_routes()}
    names = [op["operationId"] for item in document["paths"].values() for op in item.values()]
    assert len(names) == len(set(names))
    assert all(reference in document["components"]["schemas"] for reference in references(document))


def references(node: Any) -> set[str]:
    if isinstance(node, dict):
        found = {node["$ref"].rpartition("/")[2]} if isinstance(node.get("$ref"), str) else set()
        return found.union(*(references(value) for value in node.values()))
    if isinstance(node, list):
        return set().union(*(references(value) for value in node))
    return set()


async def test_the_readable_page_needs_nothing_from_elsewhere(site: Site) -> None:
    visitor = site.visitor()
    status, page = await visitor.ask("GET", "/api/v1/docs")
    assert status == 200
    assert "<script" not in page
    assert not re.findall(r'(?:src|href)="(?!#|/api/)', page)
    assert visitor.last_headers["Content-Security-Policy"].startswith("default-src 'self'")


async def test_health_tells_nobody_any_detail_and_metrics_tell_the_figures(site: Site) -> None:
    everybody = await visitors(site)
    assert await everybody["nobody"].ask("GET", "/api/v1/health") == (200, {"status": "degraded"})
    _, text = await everybody["narrow"].ask("GET", "/metrics")
    assert "cti_asterisk_up 0.0" in text
    assert (await everybody["sue"].ask("GET", "/api/v1/status"))[1]["ami"]["state"] == "stopped"


async def test_orders_without_asterisk_say_so(site: Site) -> None:
    ann = await site.signed_in("ann")
    status, problem = await ann.ask("POST", "/api/v1/agent/ready", {})
    assert (status, problem["code"]) == (409, "agent.not_signed_in")


@pytest.mark.parametrize("code", sorted(PROBLEMS))
def test_every_problem_is_worded_in_both_languages(code: str) -> None:
    text = PROBLEMS[code]
    assert text.en.title
    assert re.search(r"[\u4e00-\u9fff]", text.zh.title)
    assert bool(text.en.detail) == bool(text.zh.detail)
    assert set(re.findall(r"{(\w+)}", text.en.detail)) == set(re.findall(r"{(\w+)}", text.zh.detail))
    assert 400 <= text.status <= 599
