"""The one question of everything that dials: may this number be called, and if not, why?"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cti.board.facts import CallsRefused, Fact
from cti.do_not_call import store
from cti.do_not_call.model import Level, Reason, Source
from cti.do_not_call.numbers import listed_as
from cti.http.problems import FieldError
from cti.outbox.model import Refusal

#: The recorder is behind by fewer, or the database is down and nothing is answered.
_MOST_FRESH: Final = 10_000
_FORGOTTEN_AT_ONCE: Final = 50


class DoNotCallList:
    """The list is in the database; a refusal by key counts from the moment in which the board tells of it
    (`observe`), however far behind the recorder is.

    Whoever asks while the database is down gets its error: what cannot be checked is not dialled.
    """

    def __init__(self, engine: AsyncEngine, region: str) -> None:
        self._engine = engine
        self._region = region
        #: The last refusals of this process, by number.
        self._fresh: dict[str, Refusal] = {}
        self._listeners: list[Callable[[], None]] = []

    def listen(self, listener: Callable[[], None]) -> None:
        """Calls back, at once, whenever somebody may have been added. The callback must not block."""
        self._listeners.append(listener)

    def tell_added(self) -> None:
        """Somebody was added in the database."""
        for listener in self._listeners:
            listener()

    def observe(self, facts: Iterable[Fact]) -> None:
        """Takes the facts of one event; never waits."""
        for fact in facts:
            if isinstance(fact, CallsRefused):
                number = listed_as(fact.refusal.number, self._region)
                if number is not None:
                    self._fresh.pop(number, None)
                    self._fresh[number] = fact.refusal
                    if len(self._fresh) > _MOST_FRESH:
                        del self._fresh[next(iter(self._fresh))]
                    self.tell_added()

    def fresh(self, campaign: str | None, *, since: float | None = None) -> set[str]:
        """Numbers refused in this process that the database may not know yet, as far as they count for a
        campaign; with ``since`` (epoch seconds) only what was said after that.
        """
        return {number for number, refusal in self._fresh.items() if _counts(refusal, campaign, since)}

    async def forget_written(self, connection: AsyncConnection) -> None:
        """Forgets the oldest refusals that the database knows by now."""
        for number, refusal in list(self._fresh.items())[:_FORGOTTEN_AT_ONCE]:
            if await store.has_refusal(connection, refusal.id) and self._fresh.get(number) is refusal:
                del self._fresh[number]

    async def reasons(
        self,
        number: str,
        *,
        client: str | None = None,
        campaign: str | None = None,
        since: float | None = None,
    ) -> list[Reason]:
        """Why a number, as somebody dials it, may not be called now for a client and a campaign; empty when
        it may. With ``since`` (epoch seconds) only what was said after that counts.
        """
        if listed_as(number, self._region) is None:
            return []
        async with self._engine.connect() as connection:
            return await self.reasons_in(connection, number, client=client, campaign=campaign, since=since)

    async def reasons_in(
        self,
        connection: AsyncConnection,
        number: str,
        *,
        client: str | None = None,
        campaign: str | None = None,
        since: float | None = None,
    ) -> list[Reason]:
        """As `reasons`, in somebody's transaction."""
        listed = listed_as(number, self._region)
        if listed is None:
            return []
        after = None if since is None else datetime.fromtimestamp(since, UTC)
        found = await store.reasons(connection, listed, client=client, campaign=campaign, since=after)
        fresh = self._fresh.get(listed)
        if fresh is None or not _counts(fresh, campaign, since):
            return found
        # Once it is in the database, that alone says whether it still counts.
        if await store.has_refusal(connection, fresh.id):
            if self._fresh.get(listed) is fresh:
                del self._fresh[listed]
            return await store.reasons(connection, listed, client=client, campaign=campaign, since=after)
        return [*found, _reason(fresh)]


def _counts(refusal: Refusal, campaign: str | None, since: float | None) -> bool:
    mine = refusal.campaign is None or refusal.scope == "all" or refusal.campaign == campaign
    return mine and (since is None or refusal.refused_at > since)


def _reason(refusal: Refusal) -> Reason:
    whole = refusal.scope == "all"
    return Reason(
        entry_id=None,
        level=Level.GLOBAL if whole else Level.CAMPAIGN,
        name=None if whole else refusal.campaign,
        source=Source.KEY,
        text=None,
        added_at=refusal.refused_at,
    )


def told(reason: Reason) -> FieldError:
    """A reason as whoever wants to dial reads it."""
    day = datetime.fromtimestamp(reason.added_at, UTC).date().isoformat()
    return FieldError(code=f"do_not_call.by_{reason.source}", pointer="/number", params={"date": day})


DO_NOT_CALL = web.AppKey("do_not_call_list", DoNotCallList)
