"""How many dials to launch now: called once a second for each campaign.

Predictive pacing launches one more dial as long as the probability that it finds no agent in time is at most
a threshold. That probability follows from what agents and dials in flight are about to do (`loss`); the
threshold from what was abandoned so far (`abandon_budget`). Never fewer than progressive: one for each agent
who is free.

Nothing here reads a clock or does anything. What was learned can be kept and given to another life of the
service, which then decides the same.
"""

from collections import Counter
from collections.abc import Collection
from itertools import accumulate
from typing import Final, NamedTuple, Self

import msgspec

from cti.pacing.abandon_budget import allowance
from cti.pacing.abandon_count import AbandonCount
from cti.pacing.answer_rate import AnswerRate
from cti.pacing.answers_to_come import Busyness, answers_to_come
from cti.pacing.availability import LAST_SECOND, ROW_OF, talking_rows, wrapping_rows
from cti.pacing.durations import Durations
from cti.pacing.launch import Launch, LaunchReason
from cti.pacing.loss import EXACT_AGENTS, ExactLoss, Group, Loss, NormalLoss, most_dials
from cti.pacing.ring_times import (
    LONGEST_SECONDS,
    RingTimes,
    answer_chances,
    even_prior,
    quantile,
    share_by,
    timeout_prior,
)
from cti.pacing.rules import PacingKind, Rules
from cti.pacing.situation import Situation

#: Dials whose outcome must be known before the answer rate is taken for what it seems to be.
LEARNING_DIALS: Final = 40
#: Where the ring time until an answer is looked at.
_QUANTILES: Final = (0.1, 0.3, 0.5, 0.7, 0.9)
_MIDDLE: Final = len(_QUANTILES) // 2
#: What was learned changes the launches that often.
_REFRESH_SECONDS: Final = 15.0
#: So many of the answers under way may be lost whatever is foreseen: the budget must bear that it was wrong.
_DISTRUST: Final = 0.3
#: The most dials at once for each agent, when lines do not limit them.
_MOST_PER_AGENT: Final = 100


class Learned(msgspec.Struct, kw_only=True):
    """All that a pacer knows from before; survives a restart."""

    talk: Durations
    wrap_up: Durations
    answer_rate: AnswerRate = msgspec.field(default_factory=AnswerRate)
    answered_rings: RingTimes = msgspec.field(default_factory=RingTimes)
    unanswered_rings: RingTimes = msgspec.field(default_factory=RingTimes)
    busyness: Busyness = msgspec.field(default_factory=Busyness)
    refreshed_at: float | None = None

    def is_fresh(self, now: float) -> bool:
        """Whether what was observed counts already, but for the latest."""
        return self.refreshed_at is not None and 0 <= now - self.refreshed_at < _REFRESH_SECONDS


class _Outlook(NamedTuple):
    """What agents and dials in flight are about to do."""

    agents: list[Group]
    ringing: list[Group]
    loss: Loss
    #: How many of the dials in flight will be answered.
    answers: float
    #: How many of those, and of whoever waits, will find no agent.
    lost: float


class Pacer:
    """Learns how dials and calls end, and decides how many dials to launch."""

    def __init__(self, rules: Rules, learned: Learned | None = None) -> None:
        self.rules = rules
        self._first_bound: float | None = None
        self._learned = learned or Learned(
            talk=Durations(mean_seconds=rules.talk_seconds),
            wrap_up=Durations(mean_seconds=rules.wrap_up_seconds),
        )
        self._derive()

    @classmethod
    def load(cls, rules: Rules, kept: bytes) -> Self:
        """A pacer that goes on from what `dump` gave; msgspec.ValidationError when it is something else."""
        return cls(rules, msgspec.json.decode(kept, type=Learned))

    def dump(self) -> bytes:
        """Everything that was learned, as JSON."""
        return msgspec.json.encode(self._learned)

    def dial_ended(self, *, launched_at: float, ended_at: float, answered: bool) -> None:
        """A dial was answered by a person, or ended otherwise."""
        learned = self._learned
        learned.answer_rate.observe(launched_at + self.rules.ring_timeout_seconds, answered)
        (learned.answered_rings if answered else learned.unanswered_rings).observe(ended_at - launched_at)

    def talk_ended(self, seconds: float) -> None:
        """An agent's talk ended after so long."""
        self._learned.talk.observe(seconds)

    def wrap_up_ended(self, seconds: float) -> None:
        """An agent's wrap-up ended after so long."""
        self._learned.wrap_up.observe(seconds)

    def decide(self, now: Situation) -> Launch:
        """How many dials to launch in this situation."""
        if now.silence_seconds > self.rules.news_limit_seconds:
            return _launch(now, 0, LaunchReason.NO_NEWS)
        self._learned.busyness.look(now.now, now.agents, len(now.talking) + len(now.wrapping))
        if self._is_learning or not self._learned.is_fresh(now.now):
            self._refresh(now)
        if self.rules.kind is PacingKind.PREVIEW:
            return _launch(now, 0, LaunchReason.PREVIEW)
        if not now.agents:
            return _launch(now, 0, LaunchReason.NO_AGENTS)
        wanted = self._wanted(now)
        if now.free_lines is not None and wanted.dials > now.free_lines:
            return msgspec.structs.replace(wanted, dials=max(0, now.free_lines), reason=LaunchReason.LINES)
        return wanted

    def _wanted(self, now: Situation) -> Launch:
        """The launch before lines limit it."""
        if self.rules.kind is PacingKind.PROGRESSIVE:
            return _launch(now, now.unclaimed, LaunchReason.PROGRESSIVE)
        outlook = self._outlook(now)
        allowed = allowance(
            cap=self.rules.abandon_cap,
            counts=(AbandonCount(answered=now.answered, abandoned=now.abandoned), *now.other_counts),
            expected=self._to_come(now, outlook.answers),
            at_risk=outlook.lost,
            always=self.rules.always_within_cap,
        )
        if self.rules.kind is PacingKind.FIXED_RATIO:
            if allowed.short:
                return _launch(now, now.unclaimed, LaunchReason.BUDGET)
            return _launch(now, ratio_dials(now, self.rules.ratio), LaunchReason.RATIO)
        if self._is_learning and self._first_bound is None:
            return _launch(now, now.unclaimed, LaunchReason.LEARNING)
        if allowed.overdrawn:
            return _launch(now, now.unclaimed, LaunchReason.BUDGET)
        return self._predicted(now, outlook, allowed.risk)

    @property
    def _is_learning(self) -> bool:
        return self._learned.answer_rate.seen < LEARNING_DIALS

    def _outlook(self, now: Situation) -> "_Outlook":
        """What is about to happen without any more dials."""
        agents = [
            *_grouped(self._talking, _age_rows(now.now, now.talking)),
            *_grouped(self._wrapping, _age_rows(now.now, now.wrapping)),
        ]
        rung = _whole_seconds(now.now, now.ringing)
        ringing = _grouped(self._answers, rung)
        rule: type[ExactLoss | NormalLoss] = ExactLoss if now.agents <= EXACT_AGENTS else NormalLoss
        loss = rule(len(now.idle) - now.waiting, agents, ringing, self._answers[0])
        answers = sum(self._answers_in_the_end[second][0] for second in rung)
        # Who waits and has no agent is as good as lost; who rings runs the risk of one more, or a worse one.
        lost = max(0, now.waiting - len(now.idle)) + answers * max(loss.after(0), _DISTRUST)
        return _Outlook(agents, ringing, loss, answers, lost)

    def _to_come(self, now: Situation, ringing: float) -> float:
        """Answers that are to come until dialling ends; `ringing` are those of the dials in flight."""
        learned = self._learned
        contacts = now.contacts_left
        return answers_to_come(
            in_time=now.agents * now.remaining_seconds * learned.busyness.share / self._handle_seconds,
            of_contacts=None if contacts is None else contacts * learned.answer_rate.share + ringing,
            answered=now.answered,
        )

    def _predicted(self, now: Situation, outlook: "_Outlook", threshold: float) -> Launch:
        """As many as are lost with at most the threshold's probability each."""
        loss = outlook.loss
        dials = most_dials(loss, threshold, now.unclaimed, now.agents * _MOST_PER_AGENT)
        return _launch(
            now,
            dials,
            LaunchReason.RISK,
            free_soon=sum(row[_MIDDLE] * count for row, count in outlook.agents),
            answers_expected=sum(row[_MIDDLE] * count for row, count in outlook.ringing),
            risk=loss.after(max(0, dials - 1)),
            threshold=threshold,
        )

    def _refresh(self, now: Situation) -> None:
        """Lets what was observed count."""
        learned = self._learned
        learned.answer_rate.settle(now.now, self.rules.ring_timeout_seconds)
        learned.answered_rings.settle()
        learned.unanswered_rings.settle()
        learned.talk.settle([max(0.0, now.now - since) for since in now.talking])
        learned.wrap_up.settle([max(0.0, now.now - since) for since in now.wrapping])
        learned.refreshed_at = now.now
        self._first_bound = self._find_first_bound(now) if self._is_learning else None
        self._derive()

    def _find_first_bound(self, now: Situation) -> float | None:
        """Of the answer rate, while too few dials have counted; rings as they are believed to be, since the
        first that are answered are the shortest.
        """
        timeout = self.rules.ring_timeout_seconds
        answered_by = [0.0, *accumulate(even_prior(timeout))]
        return self._learned.answer_rate.first_bound(
            now.now, timeout, now.ringing, lambda seconds: share_by(answered_by, max(0.0, seconds))
        )

    def _derive(self) -> None:
        """Tables of probabilities, from what counts and nothing else."""
        learned = self._learned
        answered = learned.answered_rings.cumulative(even_prior(self.rules.ring_timeout_seconds))
        ended = learned.unanswered_rings.cumulative(timeout_prior(self.rules.ring_timeout_seconds))
        rings = [quantile(answered, share) for share in _QUANTILES]
        in_the_end = [float(LONGEST_SECONDS)]
        limits = [ring + self.rules.patience_seconds for ring in rings]
        talk, wrap_up = learned.talk.survival(), learned.wrap_up.survival()
        rate = self._first_bound or learned.answer_rate.careful_share
        self._answers = answer_chances(answered, ended, rate, rings)
        self._answers_in_the_end = answer_chances(answered, ended, rate, in_the_end)
        self._talking = talking_rows(talk, wrap_up, limits)
        self._wrapping = wrapping_rows(wrap_up, limits)
        self._handle_seconds = learned.talk.mean + learned.wrap_up.mean


def ratio_dials(now: Situation, ratio: float) -> int:
    """Dials that bring those in flight to `ratio` for each idle agent nobody waits for; 1 is progressive."""
    # Rounded down, but not because a product such as 1.1 * 10 is a hair too small.
    wanted = int(ratio * (len(now.idle) - now.waiting) + 1e-9)
    return max(now.unclaimed, wanted - len(now.ringing))


def _launch(
    now: Situation,
    dials: int,
    reason: LaunchReason,
    *,
    free_soon: float | None = None,
    answers_expected: float | None = None,
    risk: float | None = None,
    threshold: float | None = None,
) -> Launch:
    return Launch(
        dials=dials,
        reason=reason,
        idle=len(now.idle),
        waiting=now.waiting,
        ringing=len(now.ringing),
        free_soon=free_soon,
        answers_expected=answers_expected,
        risk=risk,
        threshold=threshold,
        silence_seconds=now.silence_seconds,
    )


def _grouped(rows: list[tuple[float, ...]], numbers: list[int]) -> list[Group]:
    """Rows with how often each number comes."""
    return [(rows[number], count) for number, count in Counter(numbers).items()]


def _age_rows(now: float, since: Collection[float]) -> list[int]:
    """The numbers of the rows of `availability`."""
    return [ROW_OF[min(max(0, int(now - one)), LAST_SECOND)] for one in since]


def _whole_seconds(now: float, since: Collection[float]) -> list[int]:
    return [min(max(0, round(now - one)), LONGEST_SECONDS - 1) for one in since]
