"""Who somebody is on the telephone: a staff number and a PIN, for supervisors and admins.

Whoever guesses meets three walls: five wrong PINs in a row lock a staff number for a while, all callers
together get so many attempts a minute, and each costs the same time whether or not there is such a number. A
PIN is nowhere but in its hash.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec
import sqlalchemy as sa
import structlog
from msgspec.structs import asdict
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cti.flows.sources import StaffFields
from cti.http.principal import Role
from cti.http.problems import Problem
from cti.people.passwords import hash_password, verify_password
from cti.people.tables import phone_access, users

log = structlog.get_logger(__name__)

SHORTEST_PIN: Final = 6
LONGEST_PIN: Final = 12
MOST_FAILURES: Final = 5
LOCKED_SECONDS: Final = 900
ATTEMPTS_A_MINUTE: Final = 30
#: Who may be known by telephone at all.
ROLES: Final = (Role.SUPERVISOR, Role.ADMIN)


class Staff(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who has shown who he is."""

    user_id: int
    name: str
    role: Role


class PhoneAccess(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody is known by telephone; without ``set_at`` he is not."""

    staff_number: str | None = None
    set_at: datetime | None = None
    locked_until: datetime | None = None


class PhoneAccessCheck:
    """Checks staff numbers and PINs; ``clock`` is monotonic."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._clock = clock
        self._attempts: deque[float] = deque()

    async def verify_pin(self, staff_number: str, pin: str) -> Staff | None:
        """Who this is; None for a wrong number or PIN, a locked number, too many attempts, or no database."""
        if self._too_many():
            log.warning("phone_access.too_many_attempts")
            return None
        try:
            # The attempt is counted before it is made: many at once are no way around the limit.
            async with self._engine.begin() as connection:
                found = await _count_attempt(connection, "".join(filter(str.isdecimal, staff_number))[:16])
            right = await verify_password(None if found is None else found.pin_hash, pin)
            if found is None or not right:
                log.warning("phone_access.refused", user_id=None if found is None else found.user_id)
                return None
            async with self._engine.begin() as connection:
                await connection.execute(
                    phone_access.update()
                    .where(phone_access.c.user_id == found.user_id)
                    .values(failures=0, locked_until=None)
                )
        except (OSError, TimeoutError, SQLAlchemyError) as error:
            log.warning("phone_access.unavailable", reason=type(error).__name__)
            return None
        log.info("phone_access.allowed", user_id=found.user_id)
        return Staff(user_id=found.user_id, name=found.name, role=Role(found.role))

    async def look_up(self, arguments: Mapping[str, object]) -> dict[str, str | int] | None:
        """For a flow: by ``staff`` and ``pin``, `StaffFields`. None when that is nobody."""
        found = await self.verify_pin(str(arguments.get("staff", "")), str(arguments.get("pin", "")))
        if found is None:
            return None
        return asdict(StaffFields(id=found.user_id, name=found.name, role=found.role.value))

    def _too_many(self) -> bool:
        now = self._clock()
        while self._attempts and now - self._attempts[0] > 60.0:
            self._attempts.popleft()
        if len(self._attempts) >= ATTEMPTS_A_MINUTE:
            return True
        self._attempts.append(now)
        return False


async def _count_attempt(connection: AsyncConnection, staff_number: str) -> sa.Row[tuple[object, ...]] | None:
    now = sa.func.now()
    lock_is_over = phone_access.c.locked_until <= now
    failures = sa.case((lock_is_over, 1), else_=phone_access.c.failures + 1)
    locked = now + sa.literal(timedelta(seconds=LOCKED_SECONDS), sa.Interval)
    statement = (
        phone_access.update()
        .where(
            phone_access.c.staff_number == staff_number,
            phone_access.c.locked_until.is_(None) | lock_is_over,
            phone_access.c.user_id == users.c.id,
            users.c.active,
            users.c.role.in_([role.value for role in ROLES]),
        )
        .values(failures=failures, locked_until=sa.case((failures >= MOST_FAILURES, locked)))
        .returning(phone_access.c.user_id, phone_access.c.pin_hash, users.c.name, users.c.role)
    )
    return (await connection.execute(statement)).one_or_none()


async def read_access(connection: AsyncConnection, user_id: int) -> PhoneAccess:
    """How a user is known by telephone."""
    row = (
        await connection.execute(sa.select(phone_access).where(phone_access.c.user_id == user_id))
    ).one_or_none()
    if row is None:
        return PhoneAccess()
    return PhoneAccess(staff_number=row.staff_number, set_at=row.set_at, locked_until=row.locked_until)


async def set_access(
    connection: AsyncConnection, user_id: int, *, pin: str, staff_number: str | None
) -> PhoneAccess:
    """Gives a user a PIN, and a staff number: the given one, else the one he has, else his user's id. Any
    lock is off.

    Raises:
        Problem: `phone_access.role` for whom it is not, `phone_access.staff_number_taken`.
    """
    role = await connection.scalar(sa.select(users.c.role).where(users.c.id == user_id))
    if role is None:
        raise Problem("user.not_found", user_id=user_id)
    if role not in ROLES:
        raise Problem("phone_access.role")
    before = await read_access(connection, user_id)
    values = {
        "staff_number": staff_number or before.staff_number or f"{user_id:04d}",
        "pin_hash": await hash_password(pin),
        "set_at": sa.func.now(),
        "failures": 0,
        "locked_until": None,
    }
    given = insert(phone_access).values(user_id=user_id, **values)
    try:
        await connection.execute(given.on_conflict_do_update(index_elements=["user_id"], set_=values))
    except IntegrityError:
        raise Problem("phone_access.staff_number_taken") from None
    return await read_access(connection, user_id)


async def end_access(connection: AsyncConnection, user_id: int) -> None:
    """From now on a user is not known by telephone."""
    await connection.execute(phone_access.delete().where(phone_access.c.user_id == user_id))
