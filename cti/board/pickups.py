"""Pickups: a call that rings at one phone is taken at another.

The ringing at the first phone ends and the talk is on the leg of who took it. Of a queue's call Asterisk goes
on to say that its member answered; the record says who did (`queues.agent_connect`).
"""

from cti.asterisk.events import AmiEvent
from cti.board.calls import merge
from cti.board.dials import end_offer
from cti.board.facts import Fact
from cti.board.state import LegTrack, State, find_leg
from cti.calls.model import OfferOutcome


def pickup(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """Somebody took a call that rang elsewhere: both are one call from now on."""
    taker = find_leg(state, event, out)
    target = find_leg(state, event, out, "TargetUniqueid")
    if taker is None or target is None:
        return
    one, two = state.calls[taker.leg.call_id], state.calls[target.leg.call_id]
    if one is not two:
        merge(state, one, two, out)
    _take_offer(state, taker, target, out)


def _take_offer(state: State, taker: LegTrack, target: LegTrack, out: list[Fact]) -> None:
    """The agent whom the queue rang did not get the caller: who took him answers for him."""
    offer = state.offers.get(target.offer_id or "")
    entry = state.entries.get(offer.entry_id or "") if offer is not None else None
    caller = state.legs.get(entry.leg_id) if entry is not None else None
    end_offer(state, offer, OfferOutcome.WITHDRAWN, out)
    if entry is None or caller is None or entry.outcome is not None:
        return
    taker.offer_id = target.offer_id  # by which it is found behind a member's Local channel
    taker.picked_up = caller.picked_up = True
    entry.agent_id = taker.leg.agent_id
