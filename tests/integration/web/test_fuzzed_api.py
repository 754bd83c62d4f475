"""Whatever is sent, the API answers as its description says, and never with a failure of its own."""

import asyncio
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck
from schemathesis.checks import CheckFunction
from schemathesis.specs.openapi import checks
from web_site import Site

#: Opening and closing sessions, and the WebSocket, have tests of their own.
LEFT_OUT = {("POST", "/api/v1/session"), ("DELETE", "/api/v1/session"), ("GET", "/api/v1/live")}
CHECKS: list[CheckFunction] = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


def operations(base: str) -> Iterator[Any]:
    schema = schemathesis.openapi.from_url(f"{base}/api/v1/openapi.json")
    for result in schema.get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr]
        if (operation.method.upper(), operation.path) not in LEFT_OUT:
            yield operation


def fuzz(base: str, headers: dict[str, str]) -> int:
    tried = 0
    for operation in operations(base):

        @hypothesis.settings(
            max_examples=8,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @hypothesis.given(case=operation.as_strategy())
        def send(case: Any) -> None:
            response = case.call(headers=headers)
            assert response.status_code != 500
            assert "Traceback" not in response.text
            case.validate_response(response, checks=CHECKS)

        send()
        tried += 1
    return tried


@pytest.mark.parametrize("username", ["ada", "ann"])
async def test_whatever_a_person_sends_is_answered_as_described(site: Site, username: str) -> None:
    visitor = await site.signed_in(username)
    cookies = "; ".join(f"{cookie.key}={cookie.value}" for cookie in visitor.session.cookie_jar)
    headers = {"Cookie": cookies, "X-CSRF-Token": visitor.headers["X-CSRF-Token"]}
    assert await asyncio.to_thread(fuzz, site.base, headers) > 40
