"""Whether somebody may be dialled now, and how that reads."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.dialling.rules.calling_window import CallingWindow
from cti.dialling.rules.decision_line import decision_line
from cti.dialling.rules.decision_record import Check, DecisionRecord, Refusal
from cti.dialling.rules.guards import Cap, CapUse, NumberFault
from cti.dialling.rules.may_dial import DialRules, Doubt, Look, Purpose, Renewal, may_dial
from cti.dialling.rules.outcome import Outcome
from cti.dialling.rules.retry import DAY, HOUR, MINUTE, Attempt, Closed
from cti.dialling.rules.whereabouts import zones_of
from cti.hours.model import Calendar, Span, SpecialDay
from cti.http.catalogue.problem_texts import PROBLEMS
from cti.http.principal import Language

RULES = DialRules(home_region="CN")
NUMBER = "+8613800138000"
NOON = datetime(2026, 11, 26, 12, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()


def look(**facts: Any) -> Look:
    """A contact of a running campaign at noon, with nothing against him."""
    nothing = {
        "at": NOON, "purpose": Purpose.CAMPAIGN, "number": NUMBER, "refused_level": None,
        "caller_id_is_ours": True, "kill_switch": False, "doubts": (), "under_way": False, "attempts": (),
        "caps": (),
    }  # fmt: skip
    return Look(**{**nothing, **facts})


def decide(window: CallingWindow | None = None, rules: DialRules = RULES, **facts: Any) -> DecisionRecord:
    return may_dial(look(**facts), rules, window or CallingWindow())


def refusal(window: CallingWindow | None = None, rules: DialRules = RULES, **facts: Any) -> Refusal | None:
    record = decide(window, rules, **facts)
    return None if record.hold is None else record.hold.refusal


def attempt(before: float, outcome: Outcome = Outcome.NO_ANSWER) -> Attempt:
    return Attempt(sent_at=NOON - before, ended_at=NOON - before, outcome=outcome)


def holiday_window() -> CallingWindow:
    closed = SpecialDay(title_zh="假", title_en="Day off")
    return CallingWindow(
        Calendar(
            id=1, name="c", title_zh="日", title_en="C", time_zone="UTC", week=((Span(540, 1200),),) * 7,
            days={"2026-11-26": closed},
        )
    )  # fmt: skip


def cap(kind: Cap) -> tuple[CapUse, ...]:
    return (CapUse(cap=kind, used=7, most=7),)


ABROAD = DialRules(home_region="CN", allowed_prefixes=("+1", "+61"))

#: What makes each refusal, and nothing else against him.
REFUSED: dict[Refusal, Callable[[], DecisionRecord]] = {
    Refusal.KILL_SWITCH: lambda: decide(kill_switch=True),
    Refusal.NOT_A_NUMBER: lambda: decide(number="+86110"),
    Refusal.SATELLITE: lambda: decide(number="+881612345678"),
    Refusal.PREMIUM: lambda: decide(number="+8616801234"),
    Refusal.SHARED_COST: lambda: decide(number="+864001234567"),
    Refusal.NO_TELEPHONE: lambda: decide(number="+868001234567"),
    Refusal.FOREIGN: lambda: decide(number="+14155552671"),
    Refusal.DO_NOT_CALL: lambda: decide(refused_level="client", refused_at=NOON - DAY),
    Refusal.NO_CONSENT: lambda: decide(needs_consent=True),
    Refusal.CALLER_ID: lambda: decide(caller_id_is_ours=False),
    Refusal.CLOSED: lambda: decide(closed=Closed.RETRIES_USED),
    Refusal.NOTHING_TO_RENEW: lambda: decide(renewal=Renewal.RENEWED),
    Refusal.NOT_RUNNING: lambda: decide(campaign_state="paused"),
    Refusal.DATABASE_AWAY: lambda: decide(doubts=(Doubt.DATABASE,)),
    Refusal.TELEPHONES_AWAY: lambda: decide(doubts=(Doubt.TELEPHONES,)),
    Refusal.LEDGER_AWAY: lambda: decide(doubts=(Doubt.LEDGER,)),
    Refusal.CLOCK_IN_DOUBT: lambda: decide(doubts=(Doubt.CLOCK,)),
    Refusal.STANDING_BY: lambda: decide(doubts=(Doubt.STANDING_BY,)),
    Refusal.UNDER_WAY: lambda: decide(under_way=True),
    Refusal.ZONE_UNKNOWN: lambda: decide(number="13800138000"),
    Refusal.OUTSIDE_HOURS: lambda: decide(at=NOON + 8.5 * HOUR),
    Refusal.HOURS_END: lambda: decide(at=NOON + 8 * HOUR - 24),
    Refusal.HOLIDAY: lambda: decide(holiday_window()),
    Refusal.NO_COMMON_HOURS: lambda: decide(rules=ABROAD, number="+12125551234", own_zone="Asia/Shanghai"),
    Refusal.NOT_YET: lambda: decide(not_before=NOON + HOUR),
    Refusal.AFTER_ABANDONED: lambda: decide(attempts=(attempt(DAY, Outcome.ABANDONED),)),
    Refusal.MOST_IN_DAY: lambda: decide(attempts=(attempt(HOUR), attempt(5 * HOUR), attempt(9 * HOUR))),
    Refusal.GAP: lambda: decide(attempts=(attempt(10 * MINUTE),)),
    Refusal.CAP_AGENT_IN_DAY: lambda: decide(caps=cap(Cap.AGENT_IN_DAY)),
    Refusal.CAP_CAMPAIGN_IN_DAY: lambda: decide(caps=cap(Cap.CAMPAIGN_IN_DAY)),
    Refusal.CAP_ALL_IN_DAY: lambda: decide(caps=cap(Cap.ALL_IN_DAY)),
    Refusal.CAP_CAMPAIGN_AT_ONCE: lambda: decide(caps=cap(Cap.CAMPAIGN_AT_ONCE)),
    Refusal.CAP_ALL_AT_ONCE: lambda: decide(caps=cap(Cap.ALL_AT_ONCE)),
    Refusal.NO_AGENT: lambda: decide(somebody_takes_it=False),
}  # fmt: skip


def test_who_has_nothing_against_him_is_dialled_and_the_record_says_what_he_was_held_against() -> None:
    record = decide(attempts=(attempt(5 * HOUR),), needs_consent=True, has_consent=True)
    assert record.dialled
    own = {Check.NOT_BEFORE, Check.RENEWAL, Check.AGAIN}
    assert [made.check for made in record.passed] == [check for check in Check if check not in own]
    figures = {made.check: made.figures for made in record.passed}
    assert figures[Check.WINDOW] == {"zone": "Asia/Shanghai", "zones": 1, "closes_at": NOON + 8 * HOUR}
    assert figures[Check.PHONE] == {"attempts": 1, "most": 3, "gap_minutes": 30}


def test_every_refusal_can_happen() -> None:
    assert set(REFUSED) == set(Refusal)


@pytest.mark.parametrize("expected", list(Refusal))
def test_each_reason_stops_the_call_by_itself(expected: Refusal) -> None:
    record = REFUSED[expected]()
    assert not record.dialled
    assert record.hold is not None
    assert record.hold.refusal is expected
    assert record.hold.until is None or record.hold.until > record.at


def test_every_fault_doubt_and_cap_is_a_refusal() -> None:
    assert {Refusal(fault.value) for fault in NumberFault}
    assert {Refusal(doubt.value) for doubt in Doubt}
    assert {Refusal(f"cap_{one.value}") for one in Cap}


@pytest.mark.parametrize("expected", list(Refusal))
@pytest.mark.parametrize("language", list(Language))
def test_each_reason_reads_as_one_line_with_every_figure(expected: Refusal, language: Language) -> None:
    assert f"dial.{expected.value}" in PROBLEMS
    record = REFUSED[expected]()
    line = decision_line(record, language, "Asia/Shanghai")
    assert "\n" not in line
    assert "{" not in line
    # A figure that nobody gave would read as a lone dash.
    assert not re.search(r"(?<![\w-])-(?![\w-])", line)
    assert bool(re.search(r"[\u4e00-\u9fff]", line)) is (language is Language.CHINESE)
    assert line.startswith("未拨打。" if language is Language.CHINESE else "Not dialled. ")


def test_no_text_is_left_of_a_reason_that_is_gone() -> None:
    assert {code for code in PROBLEMS if code.startswith("dial.")} == {
        "dial.refused",
        *(f"dial.{one.value}" for one in Refusal),
    }


def test_the_line_of_a_call_says_what_counts_and_the_line_of_none_says_when() -> None:
    english, chinese = Language.ENGLISH, Language.CHINESE
    dialled = decide(attempts=(attempt(5 * HOUR),))
    assert decision_line(dialled, english, "UTC") == (
        "Dialled: not on the do-not-call list; calling hours in Asia/Shanghai until 2026-11-26 20:00; "
        "1 of 3 calls in 24 hours before."
    )
    late = REFUSED[Refusal.OUTSIDE_HOURS]()
    assert decision_line(late, english, "UTC") == (
        "Not dialled. Outside calling hours: It is 2026-11-26 20:30 in Asia/Shanghai; "
        "calls are allowed again from 2026-11-27 09:00."
    )
    often = REFUSED[Refusal.MOST_IN_DAY]()
    assert decision_line(often, chinese, "Asia/Shanghai") == (
        "未拨打。呼叫次数已达上限：24 小时内已呼叫 3 次(上限 3 次)；2026-11-27 03:00 之前不再呼叫。"
    )


def test_who_renews_meanwhile_is_not_called_and_who_still_has_to_is() -> None:
    assert refusal(renewal=Renewal.DUE) is None
    for standing, english, chinese in (
        (Renewal.RENEWED, "Nothing to renew: The subscription has been renewed.", "无需续订：该订阅已续订。"),
        (Renewal.ENDED, "Nothing to renew: The subscription has ended.", "无需续订：该订阅已结束。"),
    ):
        record = decide(renewal=standing, not_before=NOON - DAY, flow_outcome="later")
        assert decision_line(record, Language.ENGLISH, "UTC") == f"Not dialled. {english}"
        assert decision_line(record, Language.CHINESE, "UTC") == f"未拨打。{chinese}"


def test_whom_the_flow_has_called_again_reads_so_in_one_line() -> None:
    record = decide(not_before=NOON - HOUR, flow_outcome="later", renewal=Renewal.DUE)
    assert decision_line(record, Language.ENGLISH, "UTC") == (
        "Dialled: not on the do-not-call list; called again after he asked for another time; "
        "calling hours in Asia/Shanghai until 2026-11-26 20:00; 0 of 3 calls in 24 hours before."
    )
    assert decision_line(record, Language.CHINESE, "UTC") == (
        "已拨打：不在谢绝来电名单中；因对方要求改日再打而再次呼叫；"
        "Asia/Shanghai 外呼时段至 2026-11-26 20:00；24 小时内此前呼叫 0 次(上限 3 次)。"
    )
    # An outcome of somebody's own flow stands as the flow says it.
    own = decision_line(decide(flow_outcome="no_time"), Language.ENGLISH, "UTC")
    assert "called again after no_time;" in own
    assert refusal(not_before=NOON + HOUR, flow_outcome="later") is Refusal.NOT_YET


def test_a_record_survives_being_written_down() -> None:
    for made in (decide(), REFUSED[Refusal.OUTSIDE_HOURS]()):
        assert msgspec.json.decode(msgspec.json.encode(made), type=DecisionRecord) == made


def test_what_lasts_is_named_before_what_passes() -> None:
    everything = {
        "kill_switch": True, "refused_level": "global", "needs_consent": True, "closed": Closed.FINAL,
        "campaign_state": "paused", "doubts": (Doubt.CLOCK,), "under_way": True, "at": NOON + 12 * HOUR,
        "not_before": NOON + 30 * HOUR, "attempts": (attempt(-11.9 * HOUR),), "caps": cap(Cap.ALL_IN_DAY),
        "somebody_takes_it": False,
    }  # fmt: skip
    named = []
    for fact in list(everything):
        found = refusal(**everything)
        assert found is not None
        named.append(found)
        del everything[fact]
    assert named == [
        Refusal.KILL_SWITCH, Refusal.DO_NOT_CALL, Refusal.NO_CONSENT, Refusal.CLOSED, Refusal.NOT_RUNNING,
        Refusal.CLOCK_IN_DOUBT, Refusal.UNDER_WAY, Refusal.OUTSIDE_HOURS, Refusal.NOT_YET, Refusal.GAP,
        Refusal.CAP_ALL_IN_DAY, Refusal.NO_AGENT,
    ]  # fmt: skip
    assert refusal(**everything) is None


def test_who_asked_to_be_called_is_called_at_his_hour_and_not_made_to_wait() -> None:
    asked = {
        "purpose": Purpose.CALLBACK, "at": NOON + 9 * HOUR,
        "attempts": (attempt(-8.9 * HOUR, Outcome.ABANDONED),),
    }  # fmt: skip
    assert refusal(**asked) is None
    assert refusal(**asked, refused_level="global") is Refusal.DO_NOT_CALL
    assert refusal(**asked, number="+881612345678") is Refusal.SATELLITE
    assert refusal(**asked, under_way=True) is Refusal.UNDER_WAY
    assert refusal(**asked, kill_switch=True) is Refusal.KILL_SWITCH
    thrice = tuple(Attempt(sent_at=NOON + hours * HOUR) for hours in (1, 2, 3))
    assert refusal(**{**asked, "attempts": thrice}) is Refusal.MOST_IN_DAY


def test_an_agent_who_dials_by_hand_is_held_to_the_same_rules_but_those_of_a_campaign() -> None:
    by_hand = {"purpose": Purpose.MANUAL}
    assert refusal(**by_hand, campaign_state="paused", closed=Closed.FINAL, needs_consent=True) is None
    assert refusal(**by_hand, at=NOON + 9 * HOUR) is Refusal.OUTSIDE_HOURS
    assert refusal(**by_hand, refused_level="campaign") is Refusal.DO_NOT_CALL
    assert refusal(**by_hand, attempts=(attempt(MINUTE),)) is Refusal.GAP
    # He is there for him, so a call that was abandoned is made up for.
    assert refusal(**by_hand, attempts=(attempt(DAY, Outcome.ABANDONED),)) is None


def test_who_hands_a_caller_on_is_held_to_what_keeps_the_bill_in_bounds_alone() -> None:
    handed_on = {"purpose": Purpose.TRANSFER}
    assert refusal(**handed_on, number="+14155552671") is Refusal.FOREIGN
    assert refusal(**handed_on, number="+864008001234") is Refusal.SHARED_COST
    assert refusal(**handed_on, kill_switch=True) is Refusal.KILL_SWITCH
    assert refusal(**handed_on, refused_level="global") is Refusal.DO_NOT_CALL
    spent = CapUse(cap=Cap.AGENT_IN_DAY, used=400, most=400)
    assert refusal(**handed_on, caps=(spent,)) is Refusal.CAP_AGENT_IN_DAY
    assert refusal(**handed_on, caps=cap(Cap.ALL_AT_ONCE)) is None
    thrice = tuple(attempt(minutes * MINUTE) for minutes in (1, 2, 3))
    assert refusal(**handed_on, at=NOON + 9 * HOUR, under_way=True, attempts=thrice) is None


def test_an_agent_who_is_reserved_makes_up_for_an_abandoned_call() -> None:
    abandoned = (attempt(DAY, Outcome.ABANDONED),)
    assert refusal(attempts=abandoned) is Refusal.AFTER_ABANDONED
    assert refusal(attempts=abandoned, agent_reserved=True) is None


NUMBERS = ["+8613800138000", "+12125551234", "+16155552234", "+61412345678", "+33612345678", "+34612345678"]
EVERYWHERE = DialRules(home_region="CN", allowed_prefixes=("+1", "+61", "+33", "+34"))
ZONES = ["Asia/Shanghai", "America/Los_Angeles", "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu"]


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(NUMBERS),
    st.one_of(st.none(), st.sampled_from(ZONES)),
    st.integers(1_700_000_000, 2_000_000_000),
    st.lists(st.tuples(st.floats(-60, 4 * DAY), st.sampled_from(Outcome)), max_size=5),
    st.booleans(),
)
def test_whoever_is_dialled_is_within_his_hours_and_his_limits(
    number: str, own: str | None, at: int, before: list[tuple[float, Outcome]], refused: bool
) -> None:
    attempts = tuple(Attempt(sent_at=at - ago, ended_at=at - ago, outcome=outcome) for ago, outcome in before)
    record = may_dial(
        look(
            number=number,
            own_zone=own,
            at=float(at),
            attempts=attempts,
            refused_level="global" if refused else None,
        ),
        EVERYWHERE,
        CallingWindow(),
    )
    if not record.dialled:
        return
    assert not refused
    for zone in zones_of(number, own):
        for instant in (at, at + 25):
            wall = datetime.fromtimestamp(instant, UTC).astimezone(ZoneInfo(zone))
            assert (9, 0, 0) <= (wall.hour, wall.minute, wall.second) <= (20, 0, 0)
    sent = [one for one in attempts if one.outcome is not Outcome.NOT_SENT]
    assert sum(at - one.sent_at < DAY for one in sent) < 3
    assert all(at - one.sent_at >= 30 * MINUTE for one in sent)
    assert all(at - one.sent_at >= 72 * HOUR for one in sent if one.outcome is Outcome.ABANDONED)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(NUMBERS),
    st.integers(1_700_000_000, 2_000_000_000),
    st.lists(st.tuples(st.floats(0, 4 * DAY), st.sampled_from(Outcome)), max_size=4),
)
def test_looking_again_when_the_record_says_so_comes_to_a_call(
    number: str, at: int, before: list[tuple[float, Outcome]]
) -> None:
    attempts = tuple(Attempt(sent_at=at - ago, ended_at=at - ago, outcome=outcome) for ago, outcome in before)
    window, now = CallingWindow(), float(at)
    for _ in range(12):
        record = may_dial(look(number=number, at=now, attempts=attempts), EVERYWHERE, window)
        if record.dialled:
            return
        assert record.hold is not None
        assert record.hold.until is not None
        assert record.hold.until > now
        if record.hold.refusal is Refusal.NO_COMMON_HOURS:
            return
        now = record.hold.until
    raise AssertionError(f"never dialled: {record}")


def test_it_does_not_ring_on_into_the_evening() -> None:
    closes = NOON + 8 * HOUR
    assert refusal(at=closes - 25) is None
    assert refusal(at=closes - 24.9) is Refusal.HOURS_END
    assert refusal(at=closes - 24.9, ring_seconds=15) is None
    assert refusal(at=closes) is Refusal.OUTSIDE_HOURS
