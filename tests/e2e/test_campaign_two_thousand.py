"""Campaigns over telephones that sipp plays: afterwards the rows are what each telephone saw, one by one.

Two hundred of them, or two thousand with ``CTI_FAULTS=full``. Two flows and twenty agents call at once, and
some people are in the lists of all three.
"""

import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from cti.dialling.rules.outcome import Outcome
from cti.simulation.lab import Lab, laboratory
from tests.faults import scale
from tests.stage.attempt_comparison import BY_AGENT, BY_FLOW, Expected, abandoned_share, findings
from tests.stage.called_phones import Part, PhoneBook, called_phones, cast, number_of, part_of
from tests.stage.campaign_centre import QUEUE, Attempt, CampaignCentre, campaign_centre

Summary = Callable[[str], None]
PHONES: Final = scale.times(200, 2_000)
SECONDS: Final = scale.times(120, 900)
AGENTS: Final = 20
#: Who is in every list, and how often a telephone bears it.
SHARED: Final = PHONES // 20
MOST_IN_DAY: Final = 2
GAP_SECONDS: Final = 3
ABANDON_CAP: Final = 0.03
LIMITS: Final = "UPDATE dial_limits SET most_in_day = $1, gap_seconds = $2 RETURNING id"
#: Where it is night when it is day in China, on whatever day.
FAR_AWAY: Final = "America/New_York"


@pytest_asyncio.fixture(scope="module")
async def exchange(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    """An Asterisk of its own with twenty phones."""
    async with laboratory(tmp_path_factory.mktemp("campaigns"), phones=AGENTS) as lab:
        yield lab


class Lists:
    """Whom each campaign calls."""

    def __init__(self, dice: random.Random) -> None:
        numbers = cast(PHONES, dice)
        with_agents = cast(PHONES // 2, dice)
        #: Another range of indices, so that no number is in both.
        self.agents = [_moved(number, PHONES) for number in with_agents]
        half = PHONES // 4
        self.first, self.second = numbers[:half], numbers[half : 2 * half]
        self.shared = [number_of(Part.STAYS, 2 * PHONES + index, ring_seconds=0.3) for index in range(SHARED)]
        self.far_away = [number_of(Part.STAYS, 3 * PHONES + index) for index in range(SHARED)]
        self.refusing = [number_of(Part.STAYS, 4 * PHONES + index) for index in range(SHARED)]
        self._dice = dice

    def with_everybody(self, own: list[str]) -> list[str]:
        """A list with those who are in each, in any order: no list has all who answer at its end."""
        numbers = [*own, *self.shared, *self.refusing]
        self._dice.shuffle(numbers)
        return numbers


def _moved(number: str, by: int) -> str:
    return f"{number[:-5]}{int(number[-5:]) + by:05d}"


async def furnish(centre: CampaignCentre, lists: Lists) -> dict[str, int]:
    """The campaigns, by their names, with their contacts; none has begun."""
    assert await centre.rows(LIMITS, MOST_IN_DAY, GAP_SECONDS)
    flow = {"flow": "short-notice", "caps": {"calls_at_once": scale.times(15, 40)}}
    made = {
        "first": await centre.make("first", "ivr", **flow),
        "second": await centre.make("second", "ivr", **flow),
        "agents": await centre.make("agents", "predictive", queue=QUEUE, abandon_cap=ABANDON_CAP),
        "elsewhere": await centre.make("elsewhere", "ivr", **flow, window=_now_in_china()),
    }
    await centre.add(made["first"], lists.with_everybody(lists.first))
    await centre.add(made["second"], lists.with_everybody(lists.second))
    await centre.add(made["agents"], lists.with_everybody(lists.agents))
    await centre.add(made["elsewhere"], lists.far_away, time_zone=FAR_AWAY)
    for number in lists.refusing:
        await centre.ask("POST", "do-not-call", {"number": number, "level": "global"})
    return made


def _now_in_china() -> dict[str, str]:
    """Two hours before and after the present one, as far as they are of this day."""
    hour = datetime.now(ZoneInfo("Asia/Shanghai")).hour
    return {"from": f"{max(hour - 2, 0):02d}:00", "to": f"{min(hour + 3, 24):02d}:00"}


@pytest.mark.timeout(SECONDS + 180)
async def test_the_rows_of_every_attempt_are_what_its_telephone_saw(
    exchange: Lab, postgres_url: str, tmp_path: Path, summary: Summary
) -> None:
    lists = Lists(scale.dice("called phones"))
    async with (
        called_phones(exchange, tmp_path / "phones") as phones,
        campaign_centre(exchange, postgres_url, tmp_path / "service", agents=AGENTS) as centre,
    ):
        made = await furnish(centre, lists)
        for campaign in made.values():
            await centre.order(campaign, "start")
        await centre.until_nobody_is_left(SECONDS)
        await exchange.quiet()
        attempts, book = await centre.attempts(), phones.book()
        shown = {name: await centre.live(campaign) for name, campaign in made.items()}
        connected = sum(call.answered_at is not None for phone in centre.phones for call in phone.calls)
        log = centre.service.log
    by_agents = [attempt for attempt in attempts if attempt.campaign_id == made["agents"]]
    abandoned, persons = abandoned_share(by_agents)
    summary(report(book, attempts, made, f"{abandoned} of {persons} abandoned"))
    expected = Expected(
        outcomes={
            **{made[name]: BY_FLOW for name in ("first", "second", "elsewhere")},
            made["agents"]: BY_AGENT,
        },
        most_in_day=MOST_IN_DAY,
        gap_seconds=GAP_SECONDS,
        never={*lists.far_away, *lists.refusing},
    )
    found = findings(book, attempts, expected)
    assert found == [], "\n".join(found)
    rung = {ring.phone for ring in book.rings}
    assert {*lists.first, *lists.second, *lists.agents, *lists.shared} - rung == set()
    # The third campaign wanted them too; but who was abandoned is left alone for three days.
    counted = Counter(ring.phone for ring in book.rings)
    left_alone = {attempt.phone for attempt in attempts if attempt.outcome == Outcome.ABANDONED}
    assert {counted[number] for number in lists.shared if number not in left_alone} == {MOST_IN_DAY}
    assert abandoned <= ABANDON_CAP * persons
    # An agent's phone may have answered in the moment in which the person was gone.
    gone = sum(attempt.outcome == Outcome.HUNG_UP for attempt in by_agents)
    answered = sum(attempt.outcome == Outcome.ANSWERED for attempt in by_agents)
    assert 0 <= connected - answered <= gone
    day = shown["agents"]["day"]
    assert (day["answered"], day["abandoned"]) == (persons - abandoned, abandoned)
    assert "Traceback" not in log


def report(book: PhoneBook, attempts: Sequence[Attempt], made: dict[str, int], note: str) -> str:
    """What became of whom, for the end of the run."""
    parts = {attempt.id: part_of(attempt.phone).name for attempt in attempts}
    outcomes = Counter((parts[attempt.id], attempt.outcome) for attempt in attempts)
    lines = [f"Campaigns over {len(book.by_phone())} telephones"]
    for name, campaign in made.items():
        sent = [one for one in attempts if one.campaign_id == campaign and one.sent_at is not None]
        lines.append(f"{name}: {len(sent)} attempts")
    lines += [f"{part:12} {outcome}: {count}" for (part, outcome), count in sorted(outcomes.items(), key=str)]
    lines.append(f"{len(book.rings)} calls at the telephones, {book.at_once()} at once at most; {note}")
    return "\n".join(lines)
