"""The routes of the API, declared where they are handled and kept in one table.

A handler says with its parameters what it needs, and with its return type what it answers::

    routes = Routes(tag="customers")

    @routes.get("/api/v1/customers/{customer_id}", roles=PERSON, scope=Scope.CUSTOMERS_READ, summary="...")
    async def read_customer(request: web.Request, principal: Principal, customer_id: Id) -> Customer: ...

- ``request`` and ``principal`` are given when asked for;
- a parameter named as in the path (``customer_id``) is read from the path, by its annotation;
- ``query`` is a `Query` model, ``body`` a `Body` model;
- ``content`` are the bytes of a file, on a route that is declared with an `Upload`; where it may be large it
  is an `UploadedFile` on disk, which is gone after the request unless the handler has moved it;
- the answer is a msgspec Struct (also ``Items[X]``, ``Page[X]``), a pydantic model, a `Reply` of one of them
  when headers are needed, a `web.Response` for what is no JSON, or None (204).

Deny unless allowed: ``roles`` must be given; ``PUBLIC`` alone lets everybody in. A ``scope`` lets those
integrations in that were granted it.
"""

import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Generic, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from aiohttp import web
from pydantic import BaseModel, ConfigDict, create_model

from cti.http.principal import Principal, Role, Scope

Answer = TypeVar("Answer")
Handler = TypeVar("Handler", bound=Callable[..., Awaitable[object]])

#: The roles of a route that needs no sign-in.
PUBLIC: Final[frozenset[Role]] = frozenset()
#: Methods that change something.
WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
DEFAULT_TIMEOUT_SECONDS: Final = 10.0


class Reply(msgspec.Struct, Generic[Answer], frozen=True, kw_only=True):
    """An answer with headers of its own; each of ``cookies`` is a whole Set-Cookie value."""

    content: Answer
    headers: dict[str, str] = {}
    cookies: tuple[str, ...] = ()
    status: int | None = None


class Nothing(BaseModel):
    """The body of a command that needs no words: an empty object, or none."""

    model_config = ConfigDict(extra="forbid")


class NoQuery(BaseModel):
    """No parameters in the address."""

    model_config = ConfigDict(extra="forbid")


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A route takes a file as it is: of these media types, the first being the one described; ``most_bytes``
    long. A large one is kept ``on_disk``.
    """

    media_types: tuple[str, ...]
    most_bytes: int
    on_disk: bool = False


class UploadedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that somebody sent, and its SHA-256."""

    path: Path
    size: int
    digest: bytes


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One route: where, who may, what it takes and gives.

    ``public`` routes ask nobody who he is; ``wants`` are the handler's parameters.
    ``shows_secret`` marks an answer that must not be stored, ``takes_secret`` a body of which not even a hash
    may be.
    """

    method: str
    path: str
    handler: Callable[..., Awaitable[object]]
    roles: frozenset[Role]
    public: bool
    scope: Scope | None
    tag: str
    summary: str
    status: int
    answer: Any
    path_model: type[BaseModel] | None
    query_model: type[BaseModel]
    body_model: type[BaseModel] | None
    upload: Upload | None
    wants: frozenset[str]
    shows_secret: bool
    takes_secret: bool
    timeout_seconds: float | None
    media_type: str

    @property
    def writes(self) -> bool:
        """Whether the route changes something, so it needs the CSRF token and takes an idempotency key."""
        return self.method in WRITES

    def allows(self, role: Role) -> bool:
        """Whether this role gets in."""
        return self.public or role in self.roles


class Routes:
    """A table of routes; the server joins those of all rooms into one."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self._routes: list[Route] = []

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def get(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a GET route; options as in `declare`."""
        return self.declare("GET", path, **options)

    def post(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a POST route; options as in `declare`."""
        return self.declare("POST", path, **options)

    def put(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a PUT route; options as in `declare`."""
        return self.declare("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a PATCH route; options as in `declare`."""
        return self.declare("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a DELETE route; options as in `declare`."""
        return self.declare("DELETE", path, **options)

    def declare(
        self,
        method: str,
        path: str,
        *,
        roles: Iterable[Role],
        summary: str,
        scope: Scope | None = None,
        status: int | None = None,
        shows_secret: bool = False,
        takes_secret: bool = False,
        timeout_seconds: float | None = DEFAULT_TIMEOUT_SECONDS,
        media_type: str = "application/json",
        upload: Upload | None = None,
    ) -> Callable[[Handler], Handler]:
        """Declare a route; see the module's documentation."""
        allowed = frozenset(roles)
        public = not allowed and scope is None
        if scope is not None:
            allowed |= {Role.INTEGRATION}

        def add(handler: Handler) -> Handler:
            needs = get_type_hints(handler, include_extras=True)
            answer = _answer(needs.pop("return"))
            _check(needs, path, upload)
            usual = HTTPStatus.NO_CONTENT if answer is type(None) else HTTPStatus.OK
            self._routes.append(
                Route(
                    method=method,
                    path=path,
                    handler=handler,
                    roles=allowed,
                    public=public,
                    scope=scope,
                    tag=self.tag,
                    summary=summary,
                    status=int(status or usual),
                    answer=answer,
                    path_model=_path_model(needs, path),
                    query_model=needs.get("query", NoQuery),
                    body_model=needs.get("body", Nothing if method in WRITES and not upload else None),
                    upload=upload,
                    wants=frozenset(needs),
                    shows_secret=shows_secret,
                    takes_secret=takes_secret,
                    timeout_seconds=timeout_seconds,
                    media_type=media_type,
                )
            )
            return handler

        return add


def _check(needs: dict[str, Any], path: str, upload: Upload | None) -> None:
    in_path = set(path_parameters(path))
    known: dict[str, type] = {"request": web.Request, "principal": Principal}
    if upload is not None:
        known["content"] = UploadedFile if upload.on_disk else bytes
    for name, annotation in needs.items():
        model = inspect.isclass(annotation) and issubclass(annotation, BaseModel)
        right = name in in_path or known.get(name) is annotation or (name in ("query", "body") and model)
        if not right:
            raise TypeError(f"{path}: nothing is known to give to the parameter {name!r}")
    if in_path - needs.keys():
        raise TypeError(f"{path}: the handler does not take {sorted(in_path - needs.keys())}")


def _answer(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is Reply else annotation


def _path_model(needs: dict[str, Any], path: str) -> type[BaseModel] | None:
    fields: dict[str, Any] = {name: (needs[name], ...) for name in path_parameters(path)}
    return create_model("Path", __config__=ConfigDict(defer_build=True), **fields) if fields else None


def path_parameters(path: str) -> list[str]:
    """The names in braces of a path."""
    return re.findall(r"{(\w+)}", path)
