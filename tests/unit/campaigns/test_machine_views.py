"""What machine detection heard, as it is told: in both languages, and null where nothing was measured."""

import re
from datetime import UTC, datetime

import pytest

from cti.campaigns.machines.machine_lines import suspicion_line
from cti.campaigns.machines.machine_shapes import machines_view
from cti.campaigns.machines.machine_store import CallSpan, HeardCount
from cti.campaigns.model import MachineDetection
from cti.dialling.rules.machine_suspicion import Clue, Reason
from cti.http.principal import Language

SPAN = CallSpan(
    campaign_id=1, from_at=datetime(2026, 11, 1, tzinfo=UTC), to_at=datetime(2026, 12, 1, tzinfo=UTC)
)
AT = datetime(2026, 11, 20, 2, 31, tzinfo=UTC).timestamp()


def line(*reasons: tuple[Clue, float], language: Language = Language.ENGLISH) -> str:
    return suspicion_line(
        [Reason(clue=clue, weight=1, figure=figure) for clue, figure in reasons], language, "Asia/Shanghai"
    )


def test_a_line_says_why_on_the_readers_clock() -> None:
    said = line((Clue.CALLED_BACK, 170.0), (Clue.PERSON_ELSEWHERE, AT))
    assert said == "Called us 3 min later; another call to this number, 2026-11-20 10:31, was a person."
    assert line((Clue.CALLED_BACK, 42.0)) == "Called us 42 s later."
    assert line((Clue.CALLED_BACK, 7_300.0)) == "Called us 2 h later."
    assert "3.6 s" in line((Clue.SLOW, 3.62))
    assert "2.1 s" in line((Clue.BROKE_OFF, 2.1))
    assert line() == "Nothing speaks for a person."


@pytest.mark.parametrize("clue", Clue)
def test_every_clue_is_worded_in_both_languages(clue: Clue) -> None:
    chinese = line((clue, 3.0), language=Language.CHINESE)
    assert re.search(r"[\u4e00-\u9fff]", chinese)
    for said in (chinese, line((clue, 3.0))):
        assert "{" not in said


def count(
    machine: str | None, cause: str | None, calls: int, reviewed: int = 0, persons: int = 0
) -> HeardCount:
    return HeardCount(machine=machine, cause=cause, count=calls, reviewed=reviewed, persons=persons)


def test_figures_of_what_was_heard() -> None:
    counts = [
        count("HUMAN", "HUMAN", 60),
        count("MACHINE", "LONGGREETING", 25, 8, 1),
        count("MACHINE", "MAXWORDS", 10, 2, 1),
        count(None, None, 6),
        count("NOTSURE", "TOOLONG", 4),
        count("PERHAPS", None, 1),
    ]
    view = machines_view(SPAN, MachineDetection.HANG_UP, counts, 1.25)
    assert (view.answered, view.listened, view.untold) == (106, 100, 6)
    assert [(one.status, one.count, one.share) for one in view.heard] == [
        ("MACHINE", 35, 0.35), ("HUMAN", 60, 0.6), ("NOTSURE", 4, 0.04), ("HANGUP", 0, 0.0),
        ("PERHAPS", 1, 0.01),
    ]  # fmt: skip
    assert [(one.cause, one.count, one.reviewed, one.persons) for one in view.causes] == [
        ("HUMAN", 60, 0, 0), ("LONGGREETING", 25, 8, 1), ("MAXWORDS", 10, 2, 1), ("TOOLONG", 4, 0, 0),
        (None, 1, 0, 0),
    ]  # fmt: skip
    assert (view.machines, view.reviewed, view.persons) == (35, 10, 2)
    share = view.person_share
    assert (share.n, share.value, share.method, share.population) == (10, 0.2, "wilson", 35)
    assert share.low is not None
    assert share.high is not None
    # Of 35 ten are known, so the margins are narrower than Wilson's of ten of a multitude (5.7 % to 51 %).
    assert 0.057 < share.low < 0.2 < share.high < 0.51
    assert view.silence_seconds == 1.25


def test_once_all_were_reviewed_nothing_is_uncertain() -> None:
    view = machines_view(SPAN, MachineDetection.MESSAGE, [count("MACHINE", "MAXWORDS", 4, 4, 1)], None)
    assert (view.person_share.low, view.person_share.value, view.person_share.high) == (0.25, 0.25, 0.25)


def test_what_was_not_measured_is_null_and_never_zero() -> None:
    view = machines_view(SPAN, MachineDetection.OFF, [count(None, None, 12)], None)
    assert (view.answered, view.listened, view.untold) == (12, 0, 12)
    assert {(one.count, one.share) for one in view.heard} == {(None, None)}
    assert (view.machines, view.reviewed, view.persons, view.silence_seconds) == (None,) * 4
    assert (view.person_share.n, view.person_share.value, view.person_share.low) == (0, None, None)
    assert view.causes == []
