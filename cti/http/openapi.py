"""The OpenAPI 3.1 description of the API, made from the table of routes."""

import inspect
from collections.abc import Iterable
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final

import msgspec
from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from cti.http.principal import Role
from cti.http.problems import MEDIA_TYPE, ProblemDetails
from cti.http.routing import Nothing, Route

_REF: Final = "#/components/schemas/{name}"
_MODEL_REF: Final = "#/components/schemas/{model}"
_JSON: Final = "application/json"
_PAGE: Final = "text/html"


def openapi(routes: Iterable[Route]) -> dict[str, Any]:
    """The whole description, ready to be encoded as JSON."""
    table = list(routes)
    answers = _answer_schemas(table)
    bodies = [route.body_model for route in table if route.body_model not in (None, Nothing)]
    names, definitions = models_json_schema(
        [(model, "validation") for model in dict.fromkeys(bodies) if model is not None],
        ref_template=_MODEL_REF,
    )
    paths: dict[str, Any] = {}
    for route in table:
        body = names.get((route.body_model, "validation")) if route.body_model is not None else None
        operation = _operation(route, answers[0], body)
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Contact centre",
            "version": version("cti"),
            "description": "Calls, agents, queues and customers. People sign in with a session, integrations"
            " with a bearer token. Every failure is an RFC 9457 problem with a stable code.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {**answers[1], **definitions.get("$defs", {})},
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "cti_session"},
                "token": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _answer_schemas(table: list[Route]) -> tuple[dict[Any, dict[str, Any]], dict[str, Any]]:
    types = list(dict.fromkeys(route.answer for route in table if _is_json(route.answer)))
    types.append(ProblemDetails)
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    return dict(zip(types, schemas, strict=True)), components


def _is_json(answer: Any) -> bool:
    response = inspect.isclass(answer) and issubclass(answer, web.StreamResponse)
    return answer is not type(None) and not response


def _operation(
    route: Route, answers: dict[Any, dict[str, Any]], body: dict[str, Any] | None
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.handler.__name__,
        "summary": route.summary,
        "description": _description(route),
        "tags": [route.tag],
        "parameters": [*_parameters(route)],
        "responses": _responses(route, answers),
        "security": _security(route),
    }
    if route.body_model is Nothing:
        empty = {"type": "object", "additionalProperties": False, "maxProperties": 0}
        operation["requestBody"] = {"required": False, "content": {_JSON: {"schema": empty}}}
    elif route.upload is not None:
        # OpenAPI 3.1: bytes as they are have a media type and no schema that says more.
        operation["requestBody"] = {"required": True, "content": {route.upload.media_types[0]: {}}}
    elif body is not None:
        operation["requestBody"] = {"required": True, "content": {_JSON: {"schema": body}}}
    return operation


def _description(route: Route) -> str:
    who = "everybody" if route.public else ", ".join(sorted(route.roles - {Role.INTEGRATION}))
    if route.scope is not None:
        who += f", integration with the scope {route.scope.value}"
    return f"{inspect.getdoc(route.handler) or ''}\n\nAllowed to: {who}."


def _parameters(route: Route) -> Iterable[dict[str, Any]]:
    for place, model in (("path", route.path_model), ("query", route.query_model)):
        if model is None:
            continue
        yield from _fields(model, place)
    if route.writes and not route.public:
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "The same key with the same request is done once and answered alike.",
            "schema": {"type": "string", "pattern": "^[!-~]{1,128}$"},
        }


def _fields(model: type[BaseModel], place: str) -> Iterable[dict[str, Any]]:
    schema = model.model_json_schema()
    for name, field in schema.get("properties", {}).items():
        shape = dict(field)
        shape.pop("title", None)
        choices = [choice for choice in shape.get("anyOf", []) if choice != {"type": "null"}]
        if "anyOf" in shape:
            # An absent parameter is absent; it has no way to say null.
            shape.pop("anyOf")
            shape.pop("default", None)
            shape |= choices[0] if len(choices) == 1 else {"anyOf": choices}
        required = place == "path" or name in schema.get("required", ())
        yield {"name": name, "in": place, "required": required, "schema": _inlined(shape, schema)}


def _inlined(shape: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    reference = shape.pop("$ref", None)
    if reference is None:
        return shape
    return {**schema["$defs"][reference.rpartition("/")[2]], **shape}


def _responses(route: Route, answers: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    success: dict[str, Any] = {"description": HTTPStatus(route.status).phrase}
    if _is_json(route.answer):
        success["content"] = {_JSON: {"schema": answers[route.answer]}}
    elif route.answer is not type(None):
        success["content"] = {route.media_type: {"schema": {"type": "string"}}}
    problem = {"content": {MEDIA_TYPE: {"schema": answers[ProblemDetails]}}}
    usual = {HTTPStatus.UNAUTHORIZED: not route.public, HTTPStatus.FORBIDDEN: not route.public}
    usual[HTTPStatus.UNPROCESSABLE_ENTITY] = True
    responses = {
        str(int(status)): {"description": status.phrase, **problem} for status, on in usual.items() if on
    }
    other: dict[str, Any] = {"description": "Any other failure; the code says which", **problem}
    if route.media_type == _PAGE:
        # A page for people says that there is none with another page.
        other["content"] = {**problem["content"], _PAGE: {"schema": {"type": "string"}}}
    return {str(route.status): success, **responses, "default": other}


def _security(route: Route) -> list[dict[str, list[str]]]:
    if route.public:
        return []
    ways: list[dict[str, list[str]]] = []
    if route.roles - {Role.INTEGRATION}:
        ways.append({"session": []})
    if route.scope is not None:
        ways.append({"token": []})
    return ways
