"""Whether and when somebody is called again. Pure.

Two rules, apart: what a campaign does after a call (`after_attempt` by its outcome, `after_flow` by what its
flow ended with, `after_verdict` by what an agent said), and what a telephone bears, whoever calls it
(`phone_hold`). Instants are epoch seconds. An attempt in the future, after a clock was put back, counts as
one of now: in doubt nobody is called.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

import msgspec

from cti.campaigns.forms.dispositions import Next
from cti.dialling.rules.outcome import Outcome

MINUTE: Final = 60.0
HOUR: Final = 3600.0
DAY: Final = 24 * HOUR


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt that was sent; without ``ended_at`` and ``outcome`` it is not over."""

    sent_at: float
    ended_at: float | None = None
    outcome: Outcome | None = None


class RetryRule(msgspec.Struct, frozen=True, kw_only=True):
    """After an outcome: how many more times at most, and how long after its end."""

    most: int
    after_seconds: float


_NEVER: Final = RetryRule(most=0, after_seconds=0.0)
#: What a campaign does when it says nothing else. Who was not reached is tried at another time of the day.
DEFAULT_RETRIES: Final[Mapping[Outcome, RetryRule]] = {
    Outcome.BUSY: RetryRule(most=3, after_seconds=30 * MINUTE),
    Outcome.NO_ANSWER: RetryRule(most=3, after_seconds=4 * HOUR),
    Outcome.UNREACHABLE: RetryRule(most=3, after_seconds=4 * HOUR),
    Outcome.MACHINE: RetryRule(most=2, after_seconds=DAY),
    Outcome.NETWORK: RetryRule(most=5, after_seconds=30 * MINUTE),
    Outcome.REFUSED: RetryRule(most=1, after_seconds=DAY),
    Outcome.ABANDONED: RetryRule(most=1, after_seconds=3 * DAY),
    #: Who picks up and puts down again has declined, as far as anybody can tell.
    Outcome.HUNG_UP: RetryRule(most=1, after_seconds=DAY),
    Outcome.CANCELLED: RetryRule(most=3, after_seconds=30 * MINUTE),
    #: It may have rung: as if nobody had answered.
    Outcome.UNKNOWN: RetryRule(most=3, after_seconds=4 * HOUR),
    Outcome.ANSWERED: _NEVER,
    Outcome.FAX: _NEVER,
    Outcome.WRONG_NUMBER: _NEVER,
}
#: Who wants to be called another time is called the next day.
DEFAULT_FLOW_RETRIES: Final[Mapping[str, RetryRule]] = {"later": RetryRule(most=3, after_seconds=DAY)}


class RetryRules(msgspec.Struct, frozen=True, kw_only=True):
    """What a campaign does after each outcome of an attempt, and after what the flow ended with where it says
    anything of that.
    """

    outcomes: Mapping[Outcome, RetryRule]
    flow_outcomes: Mapping[str, RetryRule]


DEFAULT_RULES: Final = RetryRules(outcomes=DEFAULT_RETRIES, flow_outcomes=DEFAULT_FLOW_RETRIES)


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent's disposition means for the contact; ``after_seconds`` None is as soon as may be."""

    next: Next
    after_seconds: float | None = None


class AttemptLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What a telephone bears, over all campaigns, and a contact in one; the counts are 1 or more."""

    #: Attempts on one telephone within `DAY`.
    most_in_day: int = 3
    #: From the end of an attempt to the next.
    gap_seconds: float = 30 * MINUTE
    #: From an abandoned call to the next, unless an agent is reserved for it.
    abandoned_seconds: float = 72 * HOUR
    #: Attempts on one contact in one campaign, whatever their outcomes.
    most_in_campaign: int = 6

    def __post_init__(self) -> None:
        if self.most_in_day < 1 or self.most_in_campaign < 1:
            raise ValueError("at least one attempt")

    @property
    def reach_seconds(self) -> float:
        """How long an attempt on a telephone matters after its end."""
        return max(DAY, self.gap_seconds, self.abandoned_seconds)


class HoldReason(StrEnum):
    """Why a telephone is not called now."""

    ABANDONED = "abandoned"
    MOST_IN_DAY = "most_in_day"
    GAP = "gap"


class PhoneHold(msgspec.Struct, frozen=True, kw_only=True):
    """Why a telephone is not called, and until when."""

    reason: HoldReason
    until: float


class Closed(StrEnum):
    """Why a contact is not called again."""

    #: What was wanted is done, or no further try could do it.
    FINAL = "final"
    #: That outcome has come so often.
    RETRIES_USED = "retries_used"
    #: So many attempts were made in all.
    ATTEMPTS_USED = "attempts_used"


def phone_hold(
    attempts: Iterable[Attempt], now: float, limits: AttemptLimits, *, agent_reserved: bool = False
) -> PhoneHold | None:
    """What keeps a telephone from being called now, the longest of all; None when nothing does.

    ``attempts`` are those on it over all campaigns, in any order, as far back as the limits reach. With
    ``agent_reserved`` somebody is there for him, so a call that was abandoned is made up for.
    """
    sent = _sent(attempts)
    holds = []
    if not agent_reserved:
        holds += [
            PhoneHold(reason=HoldReason.ABANDONED, until=_end(one) + limits.abandoned_seconds)
            for one in sent
            if one.outcome is Outcome.ABANDONED
        ]
    in_day = sorted(one.sent_at for one in sent)
    if len(in_day) >= limits.most_in_day:
        # When the first of the last so many is a day old, there are fewer again.
        until = in_day[-limits.most_in_day] + DAY
        holds.append(PhoneHold(reason=HoldReason.MOST_IN_DAY, until=until))
    holds += [PhoneHold(reason=HoldReason.GAP, until=_end(one) + limits.gap_seconds) for one in sent]
    return max((hold for hold in holds if hold.until > now), key=lambda hold: hold.until, default=None)


def after_attempt(
    outcome: Outcome,
    ended_at: float,
    earlier: Iterable[Outcome],
    *,
    retries: Mapping[Outcome, RetryRule] = DEFAULT_RETRIES,
    limits: AttemptLimits,
    numbers: int = 1,
) -> float | Closed:
    """When a campaign tries a contact again after an attempt, or why it does not.

    ``earlier`` are the outcomes of the contact's attempts before in this campaign, in any order; ``numbers``
    is how many telephones he has. A wrong one says nothing of the others.
    """
    if not outcome.is_attempt:
        # Nothing rang: it is as if nothing had been.
        return ended_at
    before = [one for one in earlier if one.is_attempt]
    rule = retries.get(outcome, _NEVER)
    if outcome is Outcome.WRONG_NUMBER and before.count(outcome) + 1 < numbers:
        rule = RetryRule(most=numbers, after_seconds=limits.gap_seconds)
    if not rule.most:
        return Closed.FINAL
    if before.count(outcome) >= rule.most:
        return Closed.RETRIES_USED
    if len(before) + 1 >= limits.most_in_campaign:
        return Closed.ATTEMPTS_USED
    least = limits.abandoned_seconds if outcome is Outcome.ABANDONED else limits.gap_seconds
    return ended_at + max(rule.after_seconds, least)


def after_flow(
    flow_outcome: str,
    ended_at: float,
    earlier: Iterable[Outcome],
    flows_earlier: Iterable[str | None],
    *,
    retries: Mapping[str, RetryRule] = DEFAULT_FLOW_RETRIES,
    limits: AttemptLimits,
) -> float | Closed | None:
    """As `after_attempt`, of an attempt that a person answered and whose flow ended so: that goes before what
    the campaign does after the outcome, but not beyond the limits. None when it says nothing of it.

    ``flows_earlier`` are what the flows of the contact's attempts before ended with.
    """
    rule = retries.get(flow_outcome, _NEVER)
    if not rule.most:
        return None
    if sum(one == flow_outcome for one in flows_earlier) >= rule.most:
        return Closed.RETRIES_USED
    if sum(one.is_attempt for one in earlier) + 1 >= limits.most_in_campaign:
        return Closed.ATTEMPTS_USED
    return ended_at + max(rule.after_seconds, limits.gap_seconds)


def after_verdict(
    verdict: Verdict, ended_at: float, earlier: Iterable[Outcome], *, limits: AttemptLimits, numbers: int = 1
) -> float | Closed:
    """As `after_attempt`, of an attempt that was sent and of which an agent said what is to follow: that goes
    before what the campaign does after the outcome, but not beyond the limits.

    Of an earlier attempt that an agent said to be to a wrong number, the outcome is that.
    """
    before = [one for one in earlier if one.is_attempt]
    wait = 0.0
    if verdict.next is Next.RETRY:
        wait = verdict.after_seconds or 0.0
    elif verdict.next is not Next.WRONG_NUMBER or before.count(Outcome.WRONG_NUMBER) + 1 >= numbers:
        return Closed.FINAL
    if len(before) + 1 >= limits.most_in_campaign:
        return Closed.ATTEMPTS_USED
    return ended_at + max(wait, limits.gap_seconds)


def attempts_in_day(attempts: Iterable[Attempt], now: float) -> int:
    """How many attempts on a telephone count against the most in a day."""
    return sum(now - one.sent_at < DAY for one in _sent(attempts))


def _sent(attempts: Iterable[Attempt]) -> list[Attempt]:
    return [one for one in attempts if one.outcome is None or one.outcome.is_attempt]


def _end(attempt: Attempt) -> float:
    return attempt.sent_at if attempt.ended_at is None else max(attempt.sent_at, attempt.ended_at)
