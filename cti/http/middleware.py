"""The outermost step of every request: whatever goes wrong becomes a problem, never a traceback."""

import secrets
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import web
from aiohttp.web_protocol import RequestPayloadError

from cti.errors import ActionRefused, ActionUnanswered, AmiError, AmiNotConnected, InvalidField
from cti.http.problems import Problem, problem_response
from cti.http.validation import MAX_BODY_BYTES

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_BY_STATUS: Final = {
    HTTPStatus.NOT_FOUND: "request.not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "request.method_not_allowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "request.too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "request.media_type",
}


@web.middleware
async def problems_for_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every failure with an RFC 9457 problem.

    What nobody foresaw is a 500 with an incident's id, which stands in the log with the traceback.
    """
    try:
        return await handler(request)
    except Problem as problem:
        return problem_response(request, problem)
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        code = _BY_STATUS.get(HTTPStatus(error.status), "request.refused")
        return problem_response(request, Problem(code, headers=allow, limit=MAX_BODY_BYTES))
    except Exception as error:  # noqa: BLE001  (the last line of defence)
        return problem_response(request, _known(error) or _incident(request))


def _known(error: Exception) -> Problem | None:
    if isinstance(error, AmiNotConnected):
        return Problem("asterisk.unavailable", headers={"Retry-After": "5"})
    if isinstance(error, ActionUnanswered):
        return Problem("asterisk.unanswered")
    if isinstance(error, ActionRefused):
        return Problem("asterisk.refused", reason=error.message)
    if isinstance(error, AmiError):
        return Problem("asterisk.unavailable")
    if isinstance(error, InvalidField | RequestPayloadError):
        return Problem("request.refused")
    if _is_database_outage(error):
        # Whoever notices that it went down says so once; not every request does.
        log.debug("database.unavailable", error=str(error)[:200])
        return Problem("database.unavailable", headers={"Retry-After": "5"})
    return None


#: The names under which SQLAlchemy and asyncpg say that the database cannot do it now: no connection, none to
#: be had, too slow, shutting down or starting up, out of disk or memory.
_OUTAGES: Final = frozenset(
    {
        "InterfaceError",
        "OperationalError",
        "TimeoutError",
        "OSError",
        "PostgresConnectionError",
        "OperatorInterventionError",
        "InsufficientResourcesError",
        "PostgresSystemError",
        "LockNotAvailableError",
        "ReadOnlySQLTransactionError",
        "InternalClientError",
    }
)


def _is_database_outage(error: Exception) -> bool:
    """Whether the database could not be reached or could not do it now, told by what the error came from.

    SQLAlchemy wraps what asyncpg raises, in several coats.
    """
    if getattr(error, "connection_invalidated", False):
        return True
    seen: BaseException | None = error
    while seen is not None:
        names = {kind.__name__ for kind in type(seen).__mro__}
        if _OUTAGES & names:
            return (
                "DataError" not in names
            )  # asyncpg counts a value that does not fit among the InterfaceErrors
        seen = getattr(seen, "orig", None) or seen.__cause__
    return False


def _incident(request: web.Request) -> Problem:
    incident = secrets.token_hex(6)
    route = request.match_info.route.resource
    log.exception(
        "request.failed",
        incident=incident,
        method=request.method,
        route=route.canonical if route is not None else None,
    )
    return Problem("server.error", incident=incident)
