"""Campaigns whose agents see a contact before they dial.

Who is shown is looked at as if he were dialled at once, and that is taken back; when the agent dials, the
claim is made, and everything is looked at again. Whom one agent is shown no other is, for some minutes; that
is kept in memory alone, since the claim itself makes sure that nobody is called twice.
"""

from collections.abc import Callable, Collection
from typing import Final, Protocol

import msgspec
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.campaigns.model import Campaign
from cti.dialling.records import attempt_store, contact_store
from cti.dialling.records.claims import Claim, ClaimContext, claim_contact, held_for_all
from cti.dialling.rules.decision_record import Hold, Refusal
from cti.dialling.rules.retry import DAY, HOUR

#: For so long nobody else is shown a contact.
_SHOWN_SECONDS: Final = 10 * 60.0
#: So many are looked at for one who may be dialled.
_MOST_LOOKS: Final = 40
_AT_ONCE: Final = 10
#: Until the agent has picked up his own phone, and for as long as the dialplan lets a number outside ring.
_RING_SECONDS: Final = 30 + 60


class Previewing(Protocol):
    """What the dialler knows of campaigns."""

    def previews(self) -> list[Campaign]:
        """Campaigns that run and whose agents see a contact before they dial."""

    def claim_context(self, campaign_id: int) -> ClaimContext | None:
        """What a claim is held against; None when another service dials."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """Who is shown to an agent, as he would be dialled."""

    campaign: Campaign
    claim: Claim


class _Place(msgspec.Struct, frozen=True):
    campaign_id: int
    contact_id: int
    until: float


class Previews:
    """Contacts in front of agents. All raise as the database does."""

    def __init__(
        self, engine: AsyncEngine, dialler: Previewing, *, clock: Callable[[], float], boot: Callable[[], str]
    ) -> None:
        self._engine = engine
        self._dialler = dialler
        self._clock = clock
        self._boot = boot
        self._places: dict[int, _Place] = {}

    def campaigns(self, queues: Collection[str]) -> list[Campaign]:
        """Those of some queues."""
        return [one for one in self._dialler.previews() if one.definition.queue in queues]

    async def next(self, agent_id: int, queues: Collection[str]) -> Shown | Hold | None:
        """Whom the agent is shown: the same until he has dialled or passed him over. A `Hold` says why nobody
        is dialled now, None that nobody is left.
        """
        place = self._places.get(agent_id)
        for campaign in self.campaigns(queues):
            context = self._context(campaign)
            if context is None:
                return Hold(refusal=Refusal.STANDING_BY)
            async with self._engine.connect() as connection:
                held = await held_for_all(connection, context)
            if held is not None:
                return held
            if place is not None and place.campaign_id == campaign.id and place.until > context.now:
                shown = await self._look(context, place.contact_id, agent_id)
                if isinstance(shown, Claim):
                    return Shown(campaign=campaign, claim=shown)
            found = await self._find(context, agent_id)
            if found is not None:
                return found if isinstance(found, Hold) else Shown(campaign=campaign, claim=found)
        self._places.pop(agent_id, None)
        return None

    async def skip(self, agent_id: int) -> None:
        """The agent passes over whom he is shown; for an hour nobody is shown him."""
        place = self._places.pop(agent_id, None)
        if place is not None:
            async with self._engine.begin() as connection:
                until = {place.contact_id: self._clock() + HOUR}
                await contact_store.defer(connection, until, by_rules=False)

    async def claim(self, agent_id: int) -> Claim | Hold | None:
        """Whom the agent is shown, as an attempt to be dialled at once; None when he is shown nobody."""
        place = self._places.pop(agent_id, None)
        campaign = next(
            (one for one in self._dialler.previews() if place is not None and one.id == place.campaign_id),
            None,
        )
        if place is None or campaign is None:
            return None
        context = self._context(campaign)
        if context is None:
            return Hold(refusal=Refusal.STANDING_BY)
        async with self._engine.connect() as connection, connection.begin() as transaction:
            made = await claim_contact(connection, context, place.contact_id, agent_id=agent_id)
            if isinstance(made, Claim) and not await attempt_store.set_sending(
                connection, made.attempt_id, holder=context.holder, epoch=context.epoch, now=context.now,
                boot=self._boot() or None,
            ):  # fmt: skip
                await transaction.rollback()
                return Hold(refusal=Refusal.STANDING_BY)
        return made

    def _context(self, campaign: Campaign) -> ClaimContext | None:
        context = self._dialler.claim_context(campaign.id)
        if context is None:
            return None
        definition = msgspec.structs.replace(context.campaign.definition, ring_seconds=_RING_SECONDS)
        return msgspec.structs.replace(
            context, campaign=msgspec.structs.replace(context.campaign, definition=definition)
        )

    async def _find(self, context: ClaimContext, agent_id: int) -> Claim | Hold | None:
        taken = {
            place.contact_id
            for agent, place in self._places.items()
            if agent != agent_id and place.until > context.now
        }
        looked: set[int] = set()
        while len(looked) < _MOST_LOOKS:
            async with self._engine.begin() as connection:
                most = _AT_ONCE + len(taken)
                found = await contact_store.candidates(connection, context.campaign.id, context.now, most)
            fresh = [one.id for one in found if one.id not in taken and one.id not in looked]
            if not fresh:
                return None
            for contact_id in fresh:
                looked.add(contact_id)
                # Nobody else is shown him meanwhile.
                until = context.now + _SHOWN_SECONDS
                self._places[agent_id] = _Place(context.campaign.id, contact_id, until)
                shown = await self._look(context, contact_id, agent_id)
                if shown is not None:
                    return shown
                del self._places[agent_id]
        return None

    async def _look(self, context: ClaimContext, contact_id: int, agent_id: int) -> Claim | Hold | None:
        """The claim as it would be made; a `Hold` that is not his but the agent's or everybody's."""
        async with self._engine.connect() as connection, connection.begin() as transaction:
            made = await claim_contact(connection, context, contact_id, agent_id=agent_id)
            if isinstance(made, Claim):
                await transaction.rollback()
                return made
            if made is None:
                return None
            if made.refusal.value.startswith("cap_"):
                return made
            until = context.now + DAY if made.until is None else made.until
            await contact_store.defer(connection, {contact_id: until})
            return None


PREVIEWS = web.AppKey("previews", Previews)
