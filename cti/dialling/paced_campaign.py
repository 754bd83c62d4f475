"""One campaign that runs, as the dialler keeps it in memory: its pacing, its books, its last decision."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from cti.agents.model import Agent
from cti.calls.model import QueueEntry
from cti.campaigns.model import Campaign
from cti.dialling.attempts.open_attempt import OpenAttempt
from cti.dialling.live_campaign import LiveCampaign
from cti.dialling.pace.campaign_pacing import pacing_of
from cti.dialling.pace.situations import Flight, Staff, situation, staff_of
from cti.dialling.rules.campaign_rules import window_of
from cti.dialling.rules.outcome import Machine, Outcome
from cti.hours.model import Calendar
from cti.http.principal import Language
from cti.pacing.abandon_count import AbandonCounts
from cti.pacing.launch import Launch, LaunchReason, launch_line
from cti.pacing.pacer import Pacer
from cti.pacing.situation import FULL_DAY_SECONDS

#: Of one campaign at most so many are launched in a second.
MOST_LAUNCHES: Final = 20
#: A flow alone speaks with people: what begins together ends together, so it begins little by little.
FLOW_LAUNCHES: Final = 5
#: Over about so long the utilisation is a mean.
_MEMORY_SECONDS: Final = 300.0


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What the board and the book have at one instant, for every campaign."""

    now: float
    informed_at: float
    agents: Sequence[Agent]
    waiting: Sequence[QueueEntry]
    flights: Sequence[Flight]
    #: When the calls of agents who are in one began, by agent.
    began: dict[int, float]


class PacedCampaign:
    """``kept`` is what its pacing had learned in another life of the service."""

    def __init__(self, campaign: Campaign, kept: bytes | None) -> None:
        self.campaign = campaign
        self.window = window_of(campaign.definition, None)
        self.counts = AbandonCounts()
        self.dialled_today = 0
        self.counted_at = self.counted_month_at = self.kept_at = 0.0
        #: Contacts that were left when they were counted, and how many had been dialled today by then.
        self._contacts: int | None = None
        self._dialled_by_then = 0
        #: Why nobody of it is dialled, whoever it is; a `Refusal`.
        self.hold: str | None = None
        self.launch: Launch | None = None
        self.staff = Staff()
        self._calendar: Calendar | None = None
        self._utilisation: float | None = None
        self._looked_at: float | None = None
        #: How many may be launched now, and as of when.
        self._credit = 0.0
        self._credited_at: float | None = None
        #: Attempts of which the pacing knows how they went.
        self._told: set[str] = set()
        rules = pacing_of(campaign.definition)
        self.pacer: Pacer | None = None
        if rules is not None:
            try:
                self.pacer = Pacer(rules) if kept is None else Pacer.load(rules, kept)
            except msgspec.MsgspecError:
                self.pacer = Pacer(rules)  # kept by another version

    @property
    def queue(self) -> str | None:
        """Whose agents take its calls; None when a flow does."""
        return None if self.pacer is None else self.campaign.definition.queue

    def follow(self, campaign: Campaign) -> None:
        """Takes the campaign as it is now. Under other rules its pacing goes on with what it has learned."""
        before, self.campaign = self.campaign, campaign
        if before.version == campaign.version:
            return
        self.window = window_of(campaign.definition, self._calendar)
        rules = pacing_of(campaign.definition)
        if rules is None:
            self.pacer = self.launch = None
        elif self.pacer is None:
            self.pacer = Pacer(rules)
        elif rules != self.pacer.rules:
            self.pacer = Pacer.load(rules, self.pacer.dump())

    def follow_calendar(self, calendars: Mapping[str, Calendar]) -> None:
        """Takes the holidays of its calendar as they are now."""
        name = self.campaign.definition.calendar
        calendar = None if name is None else calendars.get(name)
        if calendar is not self._calendar:
            self._calendar = calendar
            self.window = window_of(self.campaign.definition, calendar)

    @property
    def knows_hours(self) -> bool:
        """Whether the holidays of its calendar are known, if it has one."""
        return self.campaign.definition.calendar is None or self._calendar is not None

    # --- how many ---

    def decide(self, seen: Seen, mine: Sequence[OpenAttempt], *, home: tuple[str, str]) -> int:
        """How many to launch now. ``mine`` are its attempts in flight, ``home`` is zone and region."""
        if not self.knows_hours:
            return 0
        most = self.campaign.definition.caps.calls_at_once
        free = None if most is None else max(0, most - len(mine))
        room = self._room(seen.now)
        if self.pacer is None:
            return self._spend(room if free is None else min(free, room))
        queue = self.campaign.definition.queue or ""
        self.staff = staff_of(queue, seen.agents, seen.waiting, seen.began)
        self._note_utilisation(seen.now)
        self.launch = self.pacer.decide(
            situation(
                queue, now=seen.now, informed_at=seen.informed_at, agents=seen.agents, waiting=seen.waiting,
                began=seen.began, flights=seen.flights, counts=self.present_counts(mine),
                remaining_seconds=self.remaining_seconds(seen.now, home), contacts_left=self.contacts_left,
                free_lines=free,
            )
        )  # fmt: skip
        return self._spend(min(self.launch.dials, room))

    def still_wanted(self, seen: Seen) -> bool:
        """Whether somebody takes calls at this moment: a decision is older when it is sent."""
        if self.pacer is None:
            return True
        queue = self.campaign.definition.queue or ""
        return staff_of(queue, seen.agents, seen.waiting, seen.began).takes_calls

    def present_counts(self, mine: Iterable[OpenAttempt]) -> AbandonCounts:
        """What is over, with what goes on now."""
        told = [one for one in mine if one.is_person and (one.abandoned or one.seen.connected)]
        return self.counts.plus(len(told), sum(one.abandoned for one in told))

    def note_contacts(self, left: int | None) -> None:
        """So many may be dialled until dialling ends today; None: more than matter."""
        self._contacts, self._dialled_by_then = left, self.dialled_today

    @property
    def contacts_left(self) -> int | None:
        """How many of them are left now."""
        if self._contacts is None:
            return None
        return max(0, self._contacts - (self.dialled_today - self._dialled_by_then))

    def _room(self, now: float) -> int:
        """How many may be launched now: it looks more often than once a second when something happens."""
        rate = FLOW_LAUNCHES if self.pacer is None else MOST_LAUNCHES
        passed = 1.0 if self._credited_at is None else max(0.0, now - self._credited_at)
        self._credited_at = now
        self._credit = min(float(rate), self._credit + rate * passed)
        return int(self._credit)

    def _spend(self, dials: int) -> int:
        self._credit -= dials
        return dials

    # --- what it learns ---

    def learn(self, attempts: Iterable[OpenAttempt]) -> None:
        """Tells the pacing of dials that were answered by a person, or ended otherwise."""
        for one in attempts:
            if self.pacer is None or one.id in self._told or not (one.is_person or one.is_over):
                continue
            answered = bool(one.is_person) and one.seen.machine is not Machine.MACHINE
            at = one.answered_at if answered else one.ended_at
            if at is None:
                continue
            self._told.add(one.id)
            if not one.seen.lost and not one.seen.cancelled:
                self.pacer.dial_ended(launched_at=one.sent_at, ended_at=at, answered=answered)

    def ended(self, attempt: OpenAttempt, outcome: Outcome) -> None:
        """The end of one of its attempts was written."""
        self.learn([attempt])
        self._told.discard(attempt.id)
        if outcome.is_person:
            lost = outcome is Outcome.ABANDONED
            self.counts = self.counts.plus(1, lost)

    # --- how it stands ---

    def live(
        self,
        mine: Sequence[OpenAttempt],
        waiting: Iterable[QueueEntry],
        *,
        dialling: bool,
        reason: str | None,
    ) -> LiveCampaign:
        """How it stands now."""
        count = self.present_counts(mine).day
        callers = sum(entry.queue == self.queue for entry in waiting)
        launch = self.launch if dialling else None
        return LiveCampaign(
            dialling=dialling,
            in_flight=len(mine),
            ringing=sum(one.rings for one in mine),
            waiting=callers + sum(one.lacks_agent for one in mine),
            connected=sum(bool(one.seen.connected) and not one.is_over for one in mine),
            agents_idle=len(self.staff.idle),
            agents_talking=len(self.staff.talking),
            agents_wrapping=len(self.staff.wrapping),
            agents_paused=self.staff.paused,
            answered=count.answered,
            abandoned=count.abandoned,
            abandoned_share=count.abandoned / count.answered if count.answered else None,
            cap=self.campaign.definition.abandon_cap,
            dialled_today=self.dialled_today,
            utilisation=self._utilisation,
            launch_line={}
            if launch is None
            else {
                Language.CHINESE: launch_line(launch, "zh"),
                Language.ENGLISH: launch_line(launch, "en"),
            },
            standing_by_reason=reason or self.hold or self._why_no_launch(),
        )

    def _why_no_launch(self) -> str | None:
        if self.launch is not None and self.launch.reason is LaunchReason.NO_AGENTS:
            return "no_agent"
        return None

    def _note_utilisation(self, now: float) -> None:
        staff, since = self.staff, self._looked_at
        self._looked_at = now
        agents = len(staff.idle) + len(staff.talking) + len(staff.wrapping)
        if not agents:
            return
        busy = (len(staff.talking) + len(staff.wrapping)) / agents
        if self._utilisation is None or since is None:
            self._utilisation = busy
        else:
            weight = min(1.0, max(0.0, now - since) / _MEMORY_SECONDS)
            self._utilisation += (busy - self._utilisation) * weight

    def remaining_seconds(self, now: float, home: tuple[str, str]) -> float:
        """Until dialling ends for the day; ``home`` is zone and region."""
        zone, region = home
        state = self.window.state((zone,), region, now)
        if not state.open or state.changes_at is None:
            return FULL_DAY_SECONDS
        return min(max(state.changes_at - now, 60.0), FULL_DAY_SECONDS)
