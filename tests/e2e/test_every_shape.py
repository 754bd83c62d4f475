"""Every recorded shape of a call, played anew on a real Asterisk against the running service.

The rows have to be the same as those that the recorded transcript yields when it is folded, and they have to
agree with CEL, channel by channel; once more, for each kind, with the service killed in the middle. The full
form (`make faults`) kills it in every shape.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from cti.installation.postgres import EmbeddedPostgres
from cti.ledger.audit import Report
from cti.simulation.recordings import RECORDINGS
from tests.faults import scale
from tests.stage.books import Books, Row
from tests.stage.lanes import SERVICE_WRAP_UP_SECONDS, Played, play_all
from tests.stage.outline import folded, outline, recorded, seconds
from tests.unit.board.scenario import run

#: All shapes are played before the first is looked at; a second try plays its own once more.
pytestmark = [pytest.mark.timeout(scale.times(1200, 3600)), pytest.mark.keeps_module]

PlayAgain = Callable[..., Awaitable[Played | None]]

LANES = 8
#: Against CEL.
TOLERANCE = 0.2
#: Between two plays of one script on a busy machine.
PLAYS_DIFFER = 2.0
#: How often the worst lag may have delayed one party or the other within one span.
LAGS = 6
#: Of each kind of shape those in which the most goes on; a restart for each costs more than the call.
MOST_GOES_ON = (
    "answered", "abandoned", "held_twice", "hung_up_while_held", "local_member", "overflow_to_voicemail",
    "ringall", "ringall_twice", "overflow_answered", "left_by_key_while_ringing", "blind_transfer",
    "transfer_to_queue", "attended_transfer", "attended_transfer_by_phone", "attended_transfer_to_queue",
    "merged", "voicemail", "agent_to_agent", "second_call_taken", "outbound_answered", "early_media",
    "conference_room", "directed_pickup", "parked_and_fetched", "find_me", "local_dial_optimised",
    "survey_done", "dialled_answered", "dialled_abandoned",
)  # fmt: skip
KILLED = scale.times(MOST_GOES_ON, tuple(RECORDINGS))
#: What the recordings' stand-in for the service only asks and does not write down.
SURVEYS = {"survey_done": "completed of 1 for sales", "survey_refused": "hung_up of 1 for sales"}


def names_of(request: pytest.FixtureRequest, test: str) -> list[str]:
    """The recordings that the tests of this run ask for."""
    return [
        item.callspec.params["name"]
        for item in request.session.items
        if getattr(item, "originalname", "") == test and item.path == request.path
    ]


@pytest_asyncio.fixture(scope="module")
async def played(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> dict[str, Played]:
    """Every recording, played."""
    names = names_of(request, "test_a_shape_is_recorded_as_its_transcript_and_cel_say")
    return await play_all(names, postgres, tmp_path_factory.mktemp("shapes"), lanes=LANES)


@pytest_asyncio.fixture(scope="module")
async def survived(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> dict[str, Played]:
    """Recordings of every kind, played while the service is killed in their middle."""
    names = names_of(request, "test_a_shape_loses_no_leg_when_the_service_is_killed_in_the_middle")
    folder = tmp_path_factory.mktemp("killed")
    return await play_all(names, postgres, folder, lanes=LANES, kill_after=middle_of)


@pytest.fixture
def again(postgres: EmbeddedPostgres, tmp_path: Path, request: pytest.FixtureRequest) -> PlayAgain:
    """Plays the recording of a test that is tried for the second time; None at the first."""

    async def play(**how: Any) -> Played | None:
        name = request.node.callspec.params["name"]
        if request.node.execution_count == 1:
            return None
        return (await play_all([name], postgres, tmp_path, lanes=1, **how))[name]

    return play


def middle_of(name: str) -> float:
    """Half the time for which the recorded call had talk or waiting, at most what a play surely lasts."""
    scenario = run(name)
    begun = min(leg.started_at for leg in scenario.legs.values())
    last = max(
        [span.ended_at or 0.0 for span in scenario.intervals.values() if span.kind != "wrap_up"],
        default=max(leg.ended_at or 0.0 for leg in scenario.legs.values()),
    )
    return (last - begun) / 2


@pytest.mark.parametrize("name", RECORDINGS)
async def test_a_shape_is_recorded_as_its_transcript_and_cel_say(
    name: str, played: dict[str, Played], again: PlayAgain
) -> None:
    play = await again() or played[name]
    assert play.error is None
    assert against_cel(play) == []
    report = report_of(play)
    assert (report.findings, report.gaps) == ([], [])
    books = books_of(play)
    assert [row for row in books.anomalies if play.begun_at <= row["at"] < play.ended_at] == []
    assert play.left_open == {}
    expected, found = folded(run(name)), recorded(books, play.has)
    wanted = outline(expected)
    if name in SURVEYS:
        wanted["surveys"] = [SURVEYS[name]]
    assert outline(found) == wanted
    lasted = zip(wanted["spans"], seconds(expected), seconds(found), strict=True)
    assert [
        f"{what}: {there} in the transcript, {here} here"
        for what, (kind, there), (_, here) in lasted
        # How long a wrap-up lasts is the service's own, and not what the stand-in in the recording did.
        if not near(here, there if kind != "wrap_up" else SERVICE_WRAP_UP_SECONDS, play.lag)
    ] == []


@pytest.mark.parametrize("name", KILLED)
async def test_a_shape_loses_no_leg_when_the_service_is_killed_in_the_middle(
    name: str, survived: dict[str, Played], again: PlayAgain
) -> None:
    play = await again(kill_after=middle_of) or survived[name]
    assert play.error is None
    assert play.killed_at is not None
    assert against_cel(play) == []
    report = report_of(play)
    assert report.findings == []
    assert len(report.gaps) == 1
    books = books_of(play)
    assert play.left_open == {}
    found = recorded(books, play.has)
    assert any(call["gap"] for call in found.calls)
    assert all(call.hold_seconds is None for call in play.listed if call.gap)
    unknown = [call["id"] for call in found.calls if not call["gap"]]
    for span in found.intervals:
        measured = span["ended_at"] is not None
        assert measured is not span["unknown_end"], span
        if span["kind"] == "hold" and measured:
            assert span["ended_at"] <= play.killed_at, "nobody saw the end of this hold"
        if span["call_id"] in unknown:
            assert measured, "nothing of this call was missed"


def against_cel(play: Played) -> list[str]:
    """What does not fit between the legs and Asterisk's channels."""
    legs = [leg for leg in books_of(play).legs if play.has(leg)]
    counts = Counter(leg["uniqueid"] for leg in legs)
    faults = [f"channel {uniqueid} has no leg" for uniqueid in play.cel.keys() - counts.keys()]
    faults += [f"leg {uniqueid} has no channel" for uniqueid in counts.keys() - play.cel.keys()]
    faults += [f"channel {uniqueid} has {count} legs" for uniqueid, count in counts.items() if count > 1]
    return faults + [fault for leg in legs if leg["uniqueid"] in play.cel for fault in _times(play, leg)]


def _times(play: Played, leg: Row) -> list[str]:
    channel = play.cel[leg["uniqueid"]]
    return [
        f"{leg['channel']}: {name} is {leg[name]} here and {there} in CEL"
        for name, there in (
            ("started_at", channel.started_at),
            ("answered_at", channel.answered_at),
            ("ended_at", channel.ended_at),
        )
        if (leg[name] is None) is not (there is None) or abs((leg[name] or 0) - (there or 0)) > TOLERANCE
    ]


def report_of(play: Played) -> Report:
    """What `cti reconcile` says of it; every channel has been looked at."""
    assert play.report is not None
    assert (play.report.channels, play.report.matched) == (len(play.cel), len(play.cel))
    return play.report


def books_of(play: Played) -> Books:
    """The rows that the service wrote."""
    assert play.books is not None
    return play.books


def near(one: float | None, other: float | None, lag: float) -> bool:
    """Whether two plays of a script can differ by that."""
    if one is None or other is None:
        return one is other
    return abs(one - other) <= PLAYS_DIFFER + LAGS * lag
