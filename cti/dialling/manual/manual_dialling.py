"""Dialling that no campaign does: an agent's by hand, callbacks, and transfers. The rules are the same.

Who is looked at, in one transaction, leaves a decision record; who may be dialled becomes an attempt that is
SENDING when it is committed, so that it is written down before anything rings. What comes of it is found out
by `cti.dialling.manual.manual_attempts`.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cti.dialling.records import attempt_store, decision_store, limits_store, phone_store
from cti.dialling.records.attempt_store import Reservation
from cti.dialling.records.decision_store import Decision
from cti.dialling.records.tables import attempts
from cti.dialling.rules.attempt import AttemptState
from cti.dialling.rules.calling_window import CallingWindow
from cti.dialling.rules.decision_record import Check, DecisionRecord, Hold
from cti.dialling.rules.decision_record import Refusal as DialRefusal
from cti.dialling.rules.may_dial import DialRules, Doubt, Look, Purpose, may_dial
from cti.do_not_call.model import Reason
from cti.hours.model import Calendar

log = structlog.get_logger(__name__)

#: Attempts that no lease is needed for: a person answers for each, or the journal does.
NO_LEASE: Final = 0
#: How the ids of attempts begin that call back who keeps his place.
CALLBACK_PREFIX: Final = "cb-"
#: SQLSTATEs: of a unique index, and of the trigger that keeps attempts within the limits.
_UNIQUE: Final = "23505"
_BEYOND_LIMITS: Final = "CT001"


class Refusals(Protocol):
    """The list of who is not to be called."""

    async def reasons_in(
        self, connection: AsyncConnection, number: str, *, since: float | None = None
    ) -> list[Reason]:
        """Why a number may not be called; with ``since`` (epoch seconds) what was said after that."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """Whom somebody wants to call.

    ``number`` is E.164. Only what a person refused after ``refusals_since`` counts: who asks to be called
    takes back what he said before. ``ring_seconds`` is for how long it may ring.
    """

    number: str
    purpose: Purpose
    ring_seconds: int
    agent_id: int | None = None
    refusals_since: float | None = None


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a wish; ``attempt_id`` None: not to be dialled, see the record."""

    record: DecisionRecord
    attempt_id: str | None = None
    #: Why the number is on the do-not-call list, when that is what stands against it.
    refusals: tuple[Reason, ...] = ()


class ManualDialling:
    """``calendar`` gives the days and holidays that hold for agents who dial by hand (None: `DEFAULT_WEEK`),
    ``doubts`` what is not known now, ``clock`` epoch seconds; ``zone`` is the one whose days are counted.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        refusals: Refusals,
        *,
        node: str,
        rules: DialRules,
        zone: str,
        clock: Callable[[], float],
        calendar: Callable[[], Calendar | None] = lambda: None,
        doubts: Callable[[], tuple[Doubt, ...]] = lambda: (),
    ) -> None:
        self._engine = engine
        self._refusals = refusals
        self._node = node
        self._rules = rules
        self._zone = ZoneInfo(zone)
        self._clock = clock
        self._calendar = calendar
        self._doubts = doubts
        self._window: tuple[Calendar | None, CallingWindow] = (None, CallingWindow())

    @property
    def region(self) -> str:
        """In which a number without country code is read."""
        return self._rules.home_region

    def now(self) -> float:
        """Epoch seconds, as whoever decides sees them."""
        return self._clock()

    async def look(self, wish: Wish) -> Looked:
        """Whether it would be dialled now; nothing is written. Raises as the database does."""
        async with self._engine.connect() as connection:
            return (await self._look(connection, wish, self._clock()))[0]

    async def reserve(self, wish: Wish, *, told: DialRefusal | None = None) -> Looked:
        """Decides, and writes down what was decided; with an attempt, which is to be dialled at once.

        Who looks again and again says what he was ``told`` last: the same refusal leaves no further record.
        Raises as the database does: what cannot be written down is not dialled.
        """
        try:
            async with self._engine.begin() as connection:
                return await self._reserve(connection, wish, told)
        except DBAPIError as error:
            refusal = _refusal_of_database(error)
            if refusal is None:
                raise
            log.info("dial.refused_by_database", refusal=refusal.value)
            return Looked(record=DecisionRecord(at=self._clock(), hold=Hold(refusal=refusal)))

    async def hand_on(self, number: str, agent_id: int) -> Looked:
        """Decides whether an agent may hand a caller on to a number outside (E.164), writes it down, and
        counts it as a call; it is no attempt. Raises as the database does.
        """
        wish = Wish(number=number, purpose=Purpose.TRANSFER, ring_seconds=0, agent_id=agent_id)
        async with self._engine.begin() as connection:
            await limits_store.lock_claims(connection)
            now = self._clock()
            looked, _ = await self._look(connection, wish, now)
            if looked.record.hold is None:
                scopes = [limits_store.ALL, limits_store.agent_scope(agent_id)]
                await limits_store.count_calls(connection, self._day(now), scopes)
            decision = Decision(record=looked.record, phone=number, agent_id=agent_id)
            await decision_store.write_decisions(connection, [decision])
        return looked

    async def _reserve(self, connection: AsyncConnection, wish: Wish, told: DialRefusal | None) -> Looked:
        await limits_store.lock_claims(connection)
        now = self._clock()
        looked, closes_at = await self._look(connection, wish, now)
        hold = looked.record.hold
        if hold is None:
            attempt_id = _new_id(wish)
            looked = msgspec.structs.replace(looked, attempt_id=attempt_id)
            reservation = Reservation(
                attempt_id=attempt_id, phone=wish.number, purpose=wish.purpose,
                ring_seconds=wish.ring_seconds, agent_id=wish.agent_id, window_closes_at=closes_at,
            )  # fmt: skip
            await attempt_store.reserve(
                connection, [reservation], node=self._node, epoch=NO_LEASE, now=now, day=self._day(now)
            )
            sent = {"state": AttemptState.SENDING.value, "sent_at": datetime.fromtimestamp(now, self._zone)}
            await connection.execute(sa.update(attempts).where(attempts.c.id == attempt_id).values(sent))
        if hold is None or hold.refusal is not told:
            decision = Decision(
                record=looked.record, phone=wish.number, agent_id=wish.agent_id, attempt_id=looked.attempt_id
            )
            await decision_store.write_decisions(connection, [decision])
        return looked

    async def _look(self, connection: AsyncConnection, wish: Wish, now: float) -> tuple[Looked, float | None]:
        """What was decided, and when the person's hours end."""
        limits = await limits_store.read_limits(connection)
        phones = await phone_store.read_phones(
            connection, [wish.number], now, reach_seconds=limits.attempts.reach_seconds
        )
        known = phones[wish.number]
        reasons = await self._refusals.reasons_in(connection, wish.number, since=wish.refusals_since)
        caps = await limits_store.cap_uses(connection, limits, self._day(now), agent_id=wish.agent_id)
        look = Look(
            at=now,
            purpose=wish.purpose,
            number=wish.number,
            refused_level=reasons[0].level.value if reasons else None,
            refused_at=reasons[0].added_at if reasons else None,
            # Nobody chooses it: the trunk shows ours.
            caller_id_is_ours=True,
            kill_switch=limits.kill_switch,
            doubts=self._doubts(),
            under_way=known.under_way,
            attempts=known.attempts,
            caps=caps,
            ring_seconds=wish.ring_seconds,
        )
        rules = msgspec.structs.replace(self._rules, limits=limits.attempts)
        record = may_dial(look, rules, self._hours())
        closing = (made.figures.get("closes_at") for made in record.passed if made.check is Check.WINDOW)
        closes_at = next(closing, None)
        looked = Looked(record=record, refusals=tuple(reasons))
        return looked, None if closes_at is None else float(closes_at)

    def _hours(self) -> CallingWindow:
        calendar = self._calendar()
        if calendar is not self._window[0]:
            self._window = (calendar, CallingWindow(calendar))
        return self._window[1]

    def _day(self, now: float) -> date:
        return datetime.fromtimestamp(now, self._zone).date()


def _new_id(wish: Wish) -> str:
    """That of a callback is known as such by its channel alone."""
    attempt_id = attempt_store.new_attempt_id()
    by_key = wish.purpose is Purpose.CALLBACK and wish.agent_id is None
    return CALLBACK_PREFIX + attempt_id.partition("-")[2] if by_key else attempt_id


def _refusal_of_database(error: DBAPIError) -> DialRefusal | None:
    """What the database itself refuses, in the words of the rules; None for any other error."""
    state = getattr(error.orig, "sqlstate", None)
    if state == _UNIQUE:
        # Another attempt on the telephone was written down in the same moment.
        return DialRefusal.UNDER_WAY
    if state != _BEYOND_LIMITS:
        return None
    words = str(error.orig)
    return next((one for one in DialRefusal if f"dial.{one.value}" in words), DialRefusal.MOST_IN_DAY)
