"""Who dials: one service for each Asterisk, for as long as its lease holds. Pure.

A lease that another took over has a higher epoch, and everything that is written or sent names the epoch
under which it is. So a service that was away for a while and does not know it yet can write nothing.

Who holds a lease is called ``place:life``. Only one process at a time can be at a place (it holds the lock
of its journal), so a new life there follows a dead one, for whose lease nobody has to wait.
"""

from typing import Final

import msgspec

LEASE_SECONDS: Final = 10.0
#: So long before its end nothing is sent under a lease any more: two clocks are never the same.
MARGIN_SECONDS: Final = 2.0


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """Who dials, under which epoch, until when (epoch seconds)."""

    holder: str
    epoch: int
    until: float


def taken(lease: Lease | None, by: str, now: float) -> Lease | None:
    """The lease that somebody gets who asks now; None while another holds it, and he stands by.

    Who holds it renews it under its epoch; in every other case the epoch is a new one, also for who held it
    and let it run out, since another may have dialled meanwhile, and for who comes after one that died.
    """
    if lease is None:
        return Lease(holder=by, epoch=1, until=now + LEASE_SECONDS)
    if now < lease.until and not follows(by, lease.holder):
        if lease.holder != by:
            return None
        return Lease(holder=by, epoch=lease.epoch, until=max(lease.until, now + LEASE_SECONDS))
    return Lease(holder=by, epoch=lease.epoch + 1, until=now + LEASE_SECONDS)


def follows(holder: str, before: str) -> bool:
    """Whether a holder is a new life at the place of another, which is dead then."""
    place, mark, _ = holder.partition(":")
    return bool(mark) and holder != before and before.partition(mark)[:2] == (place, mark)


def may_send(lease: Lease | None, by: str, epoch: int, now: float) -> bool:
    """Whether a service may tell Asterisk to dial under an epoch."""
    return (
        lease is not None
        and (lease.holder, lease.epoch) == (by, epoch)
        and now < lease.until - MARGIN_SECONDS
    )
