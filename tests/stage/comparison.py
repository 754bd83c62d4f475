"""Holds the service's books against Asterisk's and the phones', and keeps the differences of each figure."""

from collections import Counter
from dataclasses import dataclass, field

from cti.asterisk.queue_log import QueueLogLine
from cti.simulation.call import SimulatedCall
from tests.stage.books import Books, Channel, Row
from tests.stage.busy_hour import BusyHour, Part, part_of

#: What the issue asks for, in seconds; queue_log counts whole seconds.
TOLERANCE = 0.2
WHOLE_SECOND = 1.0 + TOLERANCE


@dataclass
class Figure:
    """All differences of one figure, in seconds."""

    name: str
    limit: float
    differences: list[tuple[float, str]] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The one in the middle."""
        values = sorted(one for one, _ in self.differences)
        return values[len(values) // 2] if values else 0.0

    @property
    def worst(self) -> float:
        """The greatest."""
        return max((one for one, _ in self.differences), default=0.0)


@dataclass
class Comparison:
    """``faults`` says in words what does not fit; gaps are allowed in calls that are marked with one.

    ``lateness`` (seconds) is how much beyond its limit a single instant may be, where a service that starts
    takes half of a small machine and Asterisk's own threads stamp their events late; half of all must be
    within the limit all the same.
    """

    books: Books
    cel: dict[str, Channel]
    queue_log: list[QueueLogLine]
    hour: BusyHour
    lateness: float = 0.0
    figures: dict[str, Figure] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Compare everything."""
        self._legs()
        self._talks()
        self._waits()
        self._queue_log()
        self._phones()
        self._callers()
        self._surveys()
        for name, count in self.books.open_rows.items():
            self._check(count == 0, f"{count} rows of {name} are open")
        for figure in self.figures.values():
            most = figure.limit + self.lateness
            for difference, what in figure.differences:
                self._check(difference <= most, f"{figure.name}: {what} differs by {difference:.3f} s")
            self._check(figure.median <= figure.limit, f"{figure.name}: half differ by {figure.median:.3f} s")

    @property
    def late(self) -> int:
        """How many legs have an instant beyond its limit against CEL, within ``lateness``."""
        of_legs = (figure for name, figure in self.figures.items() if name.startswith("leg "))
        return len({what for one in of_legs for off, what in one.differences if off > one.limit})

    def table(self) -> str:
        """Every figure that was compared, and what was counted."""
        width = max(len(name) for name in self.figures)
        lines = [f"{'figure':<{width}}    n   median      max    limit"]
        for name, figure in sorted(self.figures.items()):
            lines.append(
                f"{name:<{width}} {len(figure.differences):>4} {figure.median:8.3f} {figure.worst:8.3f}"
                f" {figure.limit:8.1f}"
            )
        lines += [f"{name:<{width}} {count:>4}" for name, count in sorted(self.counts.items())]
        lines.append(f"greatest lag of the simulated phones' process: {self.hour.lag:.3f} s")
        return "\n".join(lines)

    # --- Asterisk's books ---

    def _legs(self) -> None:
        rows = Counter(leg["uniqueid"] for leg in self.books.legs)
        self.counts["channels in CEL"] = len(self.cel)
        self.counts["legs"] = len(self.books.legs)
        self.counts["legs reconciled"] = sum(leg["ending"] == "reconciled" for leg in self.books.legs)
        for uniqueid in self.cel.keys() - rows.keys():
            self.faults.append(f"channel {uniqueid} has no leg")
        for uniqueid, count in rows.items():
            self._check(uniqueid in self.cel, f"leg {uniqueid} has no channel")
            self._check(count == 1, f"channel {uniqueid} has {count} legs")
        for leg in self.books.legs:
            channel = self.cel.get(leg["uniqueid"])
            if channel is None:
                continue
            for name in ("started_at", "answered_at", "ended_at"):
                self._near(f"leg {name} ~ CEL", leg[name], getattr(channel, name), leg["uniqueid"])

    def _talks(self) -> None:
        for leg in self._agent_legs():
            channel = self.cel.get(leg["uniqueid"])
            spans = self.books.intervals[leg["id"]]
            if channel is None or any(span["unknown_end"] for span in spans):
                continue
            caller = self._caller_channel(leg)
            expected = None
            if channel.bridged and caller is not None and caller.bridged:
                (begun, ended), (caller_begun, caller_ended) = channel.bridged[-1], caller.bridged[-1]
                expected = min(ended, caller_ended) - max(begun, caller_begun)
            self._near("talk + hold ~ CEL", _seconds(spans, "talk", "hold"), expected, leg["uniqueid"])

    def _waits(self) -> None:
        for entry, leg in self._entries():
            channel = self.cel.get(leg["uniqueid"])
            if channel is None:
                continue
            left = self._answer_of(leg["uniqueid"]) or channel.unqueued_at
            self._near("wait began ~ CEL", entry["joined_at"], channel.queued_at, leg["uniqueid"])
            self._near("wait ended ~ CEL", entry["left_at"], left, leg["uniqueid"])
            waits = _seconds(self.books.intervals[leg["id"]], "wait")
            expected = left - channel.queued_at if left and channel.queued_at else None
            self._near("wait ~ CEL", waits, expected, leg["uniqueid"])

    def _queue_log(self) -> None:
        lines = {(line.uniqueid, line.verb): line for line in self.queue_log}
        verbs = {"answered": "CONNECT", "abandoned": "ABANDON", "overflow": "EXITWITHTIMEOUT"}
        for entry, leg in self._entries():
            self.counts[f"entries {entry['outcome']}"] += 1
            line = lines.get((leg["uniqueid"], verbs.get(entry["outcome"], "")))
            if line is None:
                self.faults.append(f"queue_log does not say that {leg['uniqueid']} was {entry['outcome']}")
                continue
            wait = int(line.rest[0] if line.verb == "CONNECT" else line.rest[2])
            self._near(
                "wait ~ queue_log", entry["left_at"] - entry["joined_at"], wait, leg["uniqueid"], WHOLE_SECOND
            )
            if line.verb == "CONNECT":
                agent = self.books.leg(line.rest[1])
                noted = f"agent-{entry['agent_id']}"
                self._check(line.member == noted, f"{leg['uniqueid']}: {line.member} had it, not {noted}")
                done = lines.get((leg["uniqueid"], "COMPLETEAGENT")) or lines.get(
                    (leg["uniqueid"], "COMPLETECALLER")
                )
                spans = self.books.intervals[agent["id"]]
                if done is not None and not any(span["unknown_end"] for span in spans):
                    talk = _seconds(spans, "talk", "hold") + self._until_bridged(agent["uniqueid"])
                    self._near("talk ~ queue_log", talk, int(done.rest[1]), leg["uniqueid"], WHOLE_SECOND)

    # --- the phones' books ---

    def _phones(self) -> None:
        legs: dict[str, list[Row]] = {}
        for leg in sorted(self._agent_legs(), key=lambda one: one["started_at"]):
            legs.setdefault(leg["interface"], []).append(leg)
        for phone in self.hour.phones:
            mine = legs.get(f"PJSIP/{phone.user}", [])
            self._check(len(mine) == len(phone.calls), f"{phone.user} rang {len(phone.calls)} times")
            for leg, call in zip(mine, sorted(phone.calls, key=lambda one: one.invited_at), strict=False):
                self._phone(leg, call)

    def _phone(self, leg: Row, call: SimulatedCall) -> None:
        self._noted("answered ~ phone", leg["answered_at"], call.answered_at, leg["uniqueid"])
        self._noted("ended ~ phone", leg["ended_at"], call.ended_at, leg["uniqueid"])
        if call.answered_at is None or call.ended_at is None:
            return
        spans = self.books.intervals[leg["id"]]
        held = sum((end or call.ended_at) - begin for begin, end in call.holds if begin is not None)
        gap = self.books.calls[leg["call_id"]]["gap"]
        if any(span["unknown_end"] for span in spans):
            self.counts["spans whose end nobody knows"] += sum(span["unknown_end"] for span in spans)
            self._check(gap, f"{leg['uniqueid']} has an unknown span and no gap")
            return
        hold = _seconds(spans, "hold")
        known = sum(span["kind"] == "hold" for span in spans) == len(call.holds)
        if gap and not known:
            self.counts["calls with a hold inside a gap"] += 1
        else:
            self._noted("hold ~ phone", hold, held, leg["uniqueid"])
            talk = _seconds(spans, "talk")
            self._noted("talk ~ phone", talk, call.ended_at - call.answered_at - held, leg["uniqueid"])

    def _callers(self) -> None:
        legs = {
            leg["number"][-11:]: leg for leg in self.books.legs if leg["kind"] == "trunk" and leg["number"]
        }
        for number, noted in self.hour.callers.items():
            leg = legs.get(number)
            if leg is None:
                self.faults.append(f"caller {number} has no leg")
                continue
            self._noted("answered ~ caller", leg["answered_at"], noted.answered_at, number)
            self._noted("ended ~ caller", leg["ended_at"], noted.ended_at, number)

    def _surveys(self) -> None:
        rated: dict[str, str] = {}
        for call in self.books.calls.values():
            number = (call["caller_number"] or "")[-11:]
            part, gap = part_of(number), call["gap"]
            entry = next((one for one, leg in self._entries() if leg["call_id"] == call["id"]), None)
            surveys = self.books.surveys.get(call["id"], [])
            outcomes = [survey["outcome"] for survey in surveys]
            expected = _OUTCOMES[part] if entry is not None and entry["outcome"] == "answered" else []
            for survey in surveys:
                self.counts[f"surveys {survey['outcome']}"] += 1
                if survey["rating"] is not None:
                    rated[number] = str(survey["rating"])
            allowed = [expected, [], ["failed"]] if gap else [expected]
            self._check(outcomes in allowed, f"{number} ({part.name}): surveys {outcomes}, gap {gap}")
            self.counts["calls with a gap"] += gap
        for number, rating in rated.items():
            self._check(self.hour.keyed.get(number) == rating, f"{number}: rated {rating}")
        self.counts["ratings"] = len(rated)

    # --- helpers ---

    def _agent_legs(self) -> list[Row]:
        return [leg for leg in self.books.legs if leg["kind"] == "device"]

    def _answer_of(self, linkedid: str) -> float | None:
        """When an agent answered a caller."""
        answers = (one.answered_at for one in self.cel.values() if one.linkedid == linkedid != one.uniqueid)
        return min((at for at in answers if at is not None), default=None)

    def _until_bridged(self, uniqueid: str) -> float:
        """What a busy Asterisk needs from an agent's answer to the talk; queue_log counts it as talk."""
        channel = self.cel[uniqueid]
        return channel.bridged[0][0] - channel.answered_at if channel.bridged and channel.answered_at else 0.0

    def _caller_channel(self, leg: Row) -> Channel | None:
        return self.cel.get(leg["linkedid"])

    def _entries(self) -> list[tuple[Row, Row]]:
        legs = {leg["id"]: leg for leg in self.books.legs}
        return [(entry, legs[leg_id]) for leg_id, found in self.books.entries.items() for entry in found]

    def _near(
        self, name: str, ours: float | None, theirs: float | None, what: str, limit: float = TOLERANCE
    ) -> None:
        figure = self.figures.setdefault(name, Figure(name, limit))
        if ours is None and theirs is None:
            return
        if ours is None or theirs is None:
            # A phone that was rung in vain has nothing; a span of nothing is no span.
            if not (ours or theirs):
                return
            self.faults.append(f"{name}: {what} is {ours} here and {theirs} there")
            return
        figure.differences.append((abs(ours - theirs), what))

    def _noted(self, name: str, ours: float | None, theirs: float | None, what: str) -> None:
        """What a phone noted is late by what this machine let its process wait."""
        self._near(name, ours, theirs, what, TOLERANCE + min(self.hour.lag, 2 * TOLERANCE))

    def _check(self, fits: bool, otherwise: str) -> None:
        if not fits:
            self.faults.append(otherwise)


_OUTCOMES = {
    Part.RATES: ["completed"],
    Part.KEYS_NONSENSE: ["wrong_key"],
    Part.KEYS_NOTHING: ["no_input"],
    Part.HANGS_UP_ON_THE_AGENT: ["caller_hung_up_first"],
    Part.GIVES_UP: [],
    Part.LEAVES_THE_SURVEY: ["hung_up"],
}


def _seconds(spans: list[Row], *kinds: str) -> float:
    return sum(
        span["ended_at"] - span["started_at"]
        for span in spans
        if span["kind"] in kinds and span["ended_at"] is not None
    )
