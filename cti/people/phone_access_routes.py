"""The PIN by which supervisors and admins are known on the telephone, over HTTP."""

from typing import Annotated

import msgspec
import structlog
from aiohttp import web
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from cti.http.keys import ENGINE
from cti.http.principal import Principal, Role
from cti.http.routing import Routes
from cti.http.shapes import Body, Id, Instant, instant
from cti.people.phone_access import (
    LONGEST_PIN,
    SHORTEST_PIN,
    PhoneAccess,
    end_access,
    read_access,
    set_access,
)

log = structlog.get_logger(__name__)
routes = Routes(tag="administration")

ADMIN = (Role.ADMIN,)
SELF = (Role.SUPERVISOR, Role.ADMIN)
_ROW = "01234567890123456789"


def _not_easy(pin: str) -> str:
    if len(set(pin)) < 3 or pin in _ROW or pin in _ROW[::-1]:
        raise PydanticCustomError("pin_easy", "is too easy to guess")
    return pin


Pin = Annotated[
    str,
    Field(pattern=rf"^[0-9]{{{SHORTEST_PIN},{LONGEST_PIN}}}$"),
    AfterValidator(_not_easy),
]
StaffNumber = Annotated[str, Field(pattern=r"^[0-9]{3,8}$")]


class OwnPin(Body):
    """A PIN for oneself."""

    pin: Pin


class PinOfSomebody(Body):
    """A PIN for somebody else, and the number by which he says who he is."""

    pin: Pin
    staff_number: StaffNumber | None = None


class PhoneAccessView(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody is known by telephone; ``set_at`` is null when he is not. The PIN is shown to nobody."""

    staff_number: str | None
    set_at: Instant | None
    locked_until: Instant | None


@routes.get("/api/v1/phone-access", roles=SELF, summary="Am I known by telephone?")
async def read_own_access(request: web.Request, principal: Principal) -> PhoneAccessView:
    """One's own staff number, and since when one has a PIN."""
    async with request.app[ENGINE].connect() as connection:
        return _view(await read_access(connection, principal.user_id or 0))


@routes.put("/api/v1/phone-access", roles=SELF, takes_secret=True, summary="Set one's own PIN")
async def set_own_pin(request: web.Request, principal: Principal, body: OwnPin) -> PhoneAccessView:
    """With it and the staff number, announcements can be switched by telephone."""
    async with request.app[ENGINE].begin() as connection:
        found = await set_access(connection, principal.user_id or 0, pin=body.pin, staff_number=None)
    log.info("phone_access.set", user_id=principal.user_id, by=principal.key)
    return _view(found)


@routes.delete("/api/v1/phone-access", roles=SELF, summary="Give up one's own PIN")
async def end_own_access(request: web.Request, principal: Principal) -> None:
    """From now on one is not known by telephone."""
    async with request.app[ENGINE].begin() as connection:
        await end_access(connection, principal.user_id or 0)
    log.info("phone_access.ended", user_id=principal.user_id, by=principal.key)


@routes.get("/api/v1/users/{user_id}/phone-access", roles=ADMIN, summary="Is somebody known by telephone?")
async def read_access_of(request: web.Request, user_id: Id) -> PhoneAccessView:
    """His staff number, since when he has a PIN, and until when it is locked."""
    async with request.app[ENGINE].connect() as connection:
        return _view(await read_access(connection, user_id))


@routes.put(
    "/api/v1/users/{user_id}/phone-access", roles=ADMIN, takes_secret=True, summary="Set somebody's PIN"
)
async def set_pin_of(
    request: web.Request, principal: Principal, user_id: Id, body: PinOfSomebody
) -> PhoneAccessView:
    """For supervisors and admins. Any lock is off."""
    async with request.app[ENGINE].begin() as connection:
        found = await set_access(connection, user_id, pin=body.pin, staff_number=body.staff_number)
    log.info("phone_access.set", user_id=user_id, by=principal.key)
    return _view(found)


@routes.delete("/api/v1/users/{user_id}/phone-access", roles=ADMIN, summary="Take somebody's PIN away")
async def end_access_of(request: web.Request, principal: Principal, user_id: Id) -> None:
    """From now on he is not known by telephone."""
    async with request.app[ENGINE].begin() as connection:
        await end_access(connection, user_id)
    log.info("phone_access.ended", user_id=user_id, by=principal.key)


def _view(found: PhoneAccess) -> PhoneAccessView:
    return PhoneAccessView(
        staff_number=found.staff_number,
        set_at=None if found.set_at is None else instant(found.set_at.timestamp()),
        locked_until=None if found.locked_until is None else instant(found.locked_until.timestamp()),
    )
