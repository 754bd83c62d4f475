"""What a browser opens: the API's description and its readable page, and the built client."""

import html
from collections.abc import Callable, Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from cti.http.catalogue.problem_texts import PROBLEMS
from cti.http.openapi import openapi
from cti.http.routing import PUBLIC, Route, Routes

routes = Routes(tag="description")

_FOREVER: Final = "public, max-age=31536000, immutable"


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """The API's description, rendered once."""

    document: bytes
    page: str


OPENAPI: web.AppKey[Callable[[], Description]] = web.AppKey("openapi")


def description_of(table: Iterable[Route]) -> Callable[[], Description]:
    """The description of these routes, rendered when somebody asks for the first time: few ever do."""

    @cache
    def describe() -> Description:
        document = openapi(table)
        return Description(document=msgspec.json.encode(document), page=_page(document))

    return describe


@routes.get("/api/v1/openapi.json", roles=PUBLIC, summary="This description")
async def read_openapi(request: web.Request) -> web.Response:
    """OpenAPI 3.1."""
    return web.Response(body=request.app[OPENAPI]().document, content_type="application/json")


@routes.get("/api/v1/docs", roles=PUBLIC, media_type="text/html", summary="This description, to read")
async def read_docs(request: web.Request) -> web.Response:
    """One page that needs nothing else."""
    return web.Response(text=request.app[OPENAPI]().page, content_type="text/html")


def add_client(app: web.Application, client_dir: Path | None) -> None:
    """Serve the built client: its files by name, and its one page for every other address outside the API."""
    known = _files(client_dir) if client_dir is not None else {}

    async def serve_client(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        path = known.get(name)
        if path is None and not name.startswith(("api/", "assets/")) and name not in ("api", "metrics"):
            path = known.get("index.html")
        if path is None:
            raise web.HTTPNotFound
        named_by_content = name.startswith("assets/")
        headers = {"Cache-Control": _FOREVER if named_by_content else "no-cache"}
        return web.FileResponse(path, headers=headers)

    handler: Handler = serve_client
    app.router.add_get("/{name:.*}", handler)


def _files(client_dir: Path) -> dict[str, Path]:
    """The files by their address. Only these are served, so no address leads out of the folder."""
    return {
        path.relative_to(client_dir).as_posix(): path
        for path in client_dir.rglob("*")
        if path.is_file() and not path.is_symlink() and path.suffix != ".map"
    }


def _page(document: dict[str, Any]) -> str:
    template = files("cti.web").joinpath("docs.html").read_text(encoding="utf-8")
    operations = [
        _operation(path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    shapes = [
        f'<h3 id="{_e(name)}">{_e(name)}</h3><pre>{_e(_pretty(schema))}</pre>'
        for name, schema in sorted(document["components"]["schemas"].items())
    ]
    problems = [
        f"<tr><td><code>{_e(code)}</code></td><td>{text.status}</td>"
        f"<td>{_e(text.en.title)}</td><td>{_e(text.zh.title)}</td></tr>"
        for code, text in sorted(PROBLEMS.items())
    ]
    return (
        template.replace("<!--operations-->", "\n".join(operations))
        .replace("<!--shapes-->", "\n".join(shapes))
        .replace("<!--problems-->", "\n".join(problems))
    )


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    parameters = "".join(
        f"<li><code>{_e(parameter['name'])}</code> ({parameter['in']})"
        f" <code>{_e(msgspec.json.encode(parameter['schema']).decode())}</code></li>"
        for parameter in operation["parameters"]
    )
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    success = next(iter(operation["responses"].values()))
    answers: list[dict[str, Any]] = list(success.get("content", {}).values())
    answer = answers[0]["schema"] if answers else None
    return (
        f"<details><summary><b>{method.upper()}</b> <code>{_e(path)}</code>"
        f" {_e(operation['summary'])}</summary>"
        f"<p>{_e(operation['description']).replace(chr(10) * 2, '<br>')}</p>"
        + (f"<ul>{parameters}</ul>" if parameters else "")
        + (f"<h4>Body</h4><pre>{_linked(body)}</pre>" if body else "")
        + (f"<h4>Answer</h4><pre>{_linked(answer)}</pre>" if answer else "")
        + "</details>"
    )


def _linked(schema: dict[str, Any]) -> str:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return f'<a href="#{_e(name)}">{_e(name)}</a>' if name else _e(_pretty(schema))


def _pretty(schema: dict[str, Any]) -> str:
    return msgspec.json.format(msgspec.json.encode(schema), indent=2).decode()


def _e(text: str) -> str:
    return html.escape(text)
