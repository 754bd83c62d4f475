"""Claiming: contacts are looked at, and those who may be dialled become attempts, in one transaction.

Each look leaves a decision record. Who is not dialled is looked at again when that can have changed; nobody
is done with for ever because of a reason that somebody can take back.
"""

from collections.abc import Container, Sequence
from datetime import date
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.campaigns.model import Campaign, CampaignState
from cti.dialling.records import attempt_store, contact_store, decision_store, lease_store, limits_store
from cti.dialling.records.attempt_store import Reservation
from cti.dialling.records.contact_store import Candidate
from cti.dialling.records.decision_store import Decision
from cti.dialling.records.limits_store import DialLimits
from cti.dialling.records.phone_store import PhoneKnown, read_phones
from cti.dialling.records.renewal_store import read_renewals
from cti.dialling.rules.calling_window import CallingWindow
from cti.dialling.rules.campaign_rules import limits_of
from cti.dialling.rules.decision_record import Check, DecisionRecord, Hold, Refusal
from cti.dialling.rules.guards import CapUse
from cti.dialling.rules.lease import may_send
from cti.dialling.rules.may_dial import DialRules, Doubt, Look, Purpose, Renewal, cap_hold, may_dial
from cti.dialling.rules.retry import DAY
from cti.do_not_call.model import Level

#: So many contacts are looked at in one claim at most; the next one goes on from there.
MOST_LOOKS: Final = 600
#: Looked at beyond those who are wanted, once some were looked at in vain.
_MORE: Final = 20


class ClaimContext(msgspec.Struct, frozen=True, kw_only=True):
    """Who claims, when, and for which campaign. Caps and attempt limits are those of the database."""

    node: str
    holder: str
    epoch: int
    #: Epoch seconds.
    now: float
    #: The day on whose counters the calls are.
    day: date
    rules: DialRules
    campaign: Campaign
    window: CallingWindow
    doubts: tuple[Doubt, ...] = ()
    #: Telephones (E.164) that were refused in this process and of which the database may not know yet.
    fresh_refusals: Container[str] = frozenset()


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt that is RESERVED, and whom it is for."""

    attempt_id: str
    campaign_id: int
    contact_id: int
    phone: str
    ring_seconds: int
    caller_id: str | None
    language: str | None
    name: str | None
    customer_id: int | None
    details: dict[str, str]


async def held_for_all(connection: AsyncConnection, context: ClaimContext) -> Hold | None:
    """Why nobody of the campaign is dialled now, whoever it is; None when nothing is in the way."""
    return _held(context, await _state(connection, context))


async def claim(connection: AsyncConnection, context: ClaimContext, most: int) -> list[Claim]:
    """Reserve up to ``most`` attempts, with decision records, counters and contacts in this transaction.

    Fewer when nobody else may be dialled now, when a cap is near, or when `MOST_LOOKS` were made: the next
    claim goes on. None, and nobody is looked at, when something holds for everybody (`held_for_all`).
    """
    await limits_store.lock_claims(connection)
    state = await _state(connection, context)
    if _held(context, state) is not None:
        return []
    for use in state.caps:
        most = most if use.most is None else min(most, use.most - use.used)
    claims = _Claims(context, state)
    wanted = min(most, MOST_LOOKS)
    while len(claims.made) < most and len(claims.decisions) < MOST_LOOKS and wanted > 0:
        found = await contact_store.candidates(connection, context.campaign.id, context.now, wanted)
        await claims.look(connection, found, most - len(claims.made))
        missing = most - len(claims.made)
        room = MOST_LOOKS - len(claims.decisions)
        wanted = 0 if not found else min(2 * missing + _MORE, room)
    await decision_store.write_decisions(connection, claims.decisions)
    return claims.made


async def claim_contact(
    connection: AsyncConnection, context: ClaimContext, contact_id: int, *, agent_id: int
) -> Claim | Hold | None:
    """Reserve an attempt for one contact and an agent who waits for it, or say why not; None when the
    campaign has no such contact, or he is being called. A refusal leaves his turn as it is.
    """
    await limits_store.lock_claims(connection)
    state = await _state(connection, context, agent_id)
    held = _held(context, state)
    if held is not None:
        return held
    found = await contact_store.candidate(connection, context.campaign.id, contact_id)
    if found is None:
        return None
    claims = _Claims(context, state, agent_id)
    await claims.look(connection, [found], 1)
    await decision_store.write_decisions(connection, claims.decisions)
    return claims.made[0] if claims.made else claims.decisions[0].record.hold


class _State(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for everybody: limits, and how much of each cap is used."""

    limits: DialLimits
    caps: tuple[CapUse, ...]
    holds_lease: bool


async def _state(connection: AsyncConnection, context: ClaimContext, agent_id: int | None = None) -> _State:
    limits = await limits_store.read_limits(connection)
    lease = await lease_store.read(connection, context.node)
    return _State(
        limits=limits,
        caps=await limits_store.cap_uses(
            connection, limits, context.day, campaign=context.campaign, agent_id=agent_id
        ),
        holds_lease=may_send(lease, context.holder, context.epoch, context.now),
    )


def _held(context: ClaimContext, state: _State) -> Hold | None:
    if state.limits.kill_switch:
        return Hold(refusal=Refusal.KILL_SWITCH)
    if not context.campaign.definition.caller_ids:
        return Hold(refusal=Refusal.CALLER_ID)
    if context.campaign.state is not CampaignState.RUNNING:
        return Hold(refusal=Refusal.NOT_RUNNING, figures={"state": context.campaign.state.value})
    if context.doubts:
        return Hold(refusal=Refusal(context.doubts[0].value))
    if not state.holds_lease:
        return Hold(refusal=Refusal.STANDING_BY)
    return cap_hold(state.caps)


class _Claims:
    """What one claim has come to: attempts that were made, and a decision for each look."""

    def __init__(self, context: ClaimContext, state: _State, agent_id: int | None = None) -> None:
        self.made: list[Claim] = []
        self.decisions: list[Decision] = []
        self._context = context
        self._caps = state.caps
        self._agent_id = agent_id
        definition = context.campaign.definition
        self._rules = msgspec.structs.replace(
            context.rules, limits=limits_of(definition, state.limits.attempts)
        )

    async def look(self, connection: AsyncConnection, found: Sequence[Candidate], most: int) -> None:
        """Look at candidates in their order until ``most`` more attempts were made."""
        context = self._context
        definition = context.campaign.definition
        known = await read_phones(
            connection,
            [one.phone for one in found],
            context.now,
            reach_seconds=self._rules.limits.reach_seconds,
            campaign=definition.campaign,
            client=definition.client,
        )
        renewals = await read_renewals(connection, [one.id for one in found if one.is_renewal], context.day)
        reservations: list[Reservation] = []
        later: dict[int, float] = {}
        taken: set[str] = set()
        for one in found:
            if len(reservations) == most:
                break
            record = self._record(
                one, known[one.phone], under_way=one.phone in taken, renewal=renewals.get(one.id)
            )
            attempt_id = attempt_store.new_attempt_id() if record.dialled else None
            self.decisions.append(
                Decision(
                    record=record,
                    phone=one.phone,
                    campaign_id=context.campaign.id,
                    contact_id=one.id,
                    agent_id=self._agent_id,
                    attempt_id=attempt_id,
                )
            )
            if attempt_id is None:
                later[one.id] = self._again_at(record)
                continue
            taken.add(one.phone)
            reservations.append(self._reservation(one, attempt_id, record))
            self.made.append(self._claim(one, reservations[-1]))
        if self._agent_id is None:
            await contact_store.defer(connection, later)
        await attempt_store.reserve(
            connection,
            reservations,
            node=context.node,
            epoch=context.epoch,
            now=context.now,
            day=context.day,
        )

    def _record(
        self, one: Candidate, known: PhoneKnown, *, under_way: bool, renewal: Renewal | None
    ) -> DecisionRecord:
        context = self._context
        definition = context.campaign.definition
        refused_level, refused_at = known.refused_level, known.refused_at
        if refused_level is None and one.phone in context.fresh_refusals:
            refused_level, refused_at = Level.GLOBAL.value, context.now
        look = Look(
            at=context.now,
            purpose=Purpose.CAMPAIGN,
            number=one.phone,
            refused_level=refused_level,
            refused_at=refused_at,
            caller_id_is_ours=bool(definition.caller_ids),
            kill_switch=False,
            doubts=context.doubts,
            under_way=known.under_way or under_way,
            attempts=known.attempts,
            caps=self._caps_now(),
            own_zone=one.time_zone,
            ring_seconds=definition.ring_seconds,
            needs_consent=definition.needs_consent,
            has_consent=bool(one.consent),
            renewal=renewal,
            flow_outcome=one.flow_outcome,
            not_before=one.not_before if self._agent_id is None else None,
            agent_reserved=self._agent_id is not None,
        )
        record = may_dial(look, self._rules, context.window)
        return msgspec.structs.replace(record, campaign_version=context.campaign.version)

    def _caps_now(self) -> tuple[CapUse, ...]:
        """The caps with what this claim itself has used."""
        made = len(self.made)
        return tuple(msgspec.structs.replace(use, used=use.used + made) for use in self._caps)

    def _again_at(self, record: DecisionRecord) -> float:
        """When to look again at somebody who was not dialled."""
        hold = record.hold
        if hold is not None and hold.until is not None:
            return hold.until
        if hold is not None and hold.refusal is Refusal.UNDER_WAY:
            # Once that is over, the gap between two calls begins.
            return record.at + self._rules.limits.gap_seconds
        return record.at + DAY

    def _reservation(self, one: Candidate, attempt_id: str, record: DecisionRecord) -> Reservation:
        campaign = self._context.campaign
        caller_ids = campaign.definition.caller_ids
        return Reservation(
            attempt_id=attempt_id,
            phone=one.phone,
            purpose=Purpose.CAMPAIGN,
            ring_seconds=campaign.definition.ring_seconds,
            campaign_id=campaign.id,
            campaign_version=campaign.version,
            contact_id=one.id,
            agent_id=self._agent_id,
            # Always the same for the same person.
            caller_id=caller_ids[one.id % len(caller_ids)] if caller_ids else None,
            window_closes_at=_closes_at(record),
        )

    def _claim(self, one: Candidate, reservation: Reservation) -> Claim:
        return Claim(
            attempt_id=reservation.attempt_id,
            campaign_id=self._context.campaign.id,
            contact_id=one.id,
            phone=one.phone,
            ring_seconds=reservation.ring_seconds,
            caller_id=reservation.caller_id,
            language=one.language,
            name=one.name,
            customer_id=one.customer_id,
            details=one.details,
        )


def _closes_at(record: DecisionRecord) -> float | None:
    """When the hours end within which it was let through."""
    for made in record.passed:
        if made.check is Check.WINDOW and "closes_at" in made.figures:
            return float(made.figures["closes_at"])
    return None
