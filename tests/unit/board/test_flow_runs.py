"""A caller's way through flows: what the board makes of what the service reports of it."""

import pytest

from cti.agents.model import AgentStatus
from cti.asterisk.events import AmiEvent, encode, parse
from cti.board.board import Board
from cti.board.facts import CallChanged
from cti.calls.flow_run import FlowRun
from cti.calls.menu_choice import ChoiceWords, MenuChoice, write_words
from tests.unit.board.scenario import Scenario

AT = 1_800_000_000.0
ONE = "n-1800000000.1"
TWO = "n-1800000001.2"
THREE = "n-1800000002.3"
FOUR = "n-1800000003.4"
PASSED = '[{"name": "topic", "value": "property"}]'


def event(kind: str, at: float, **headers: str | float) -> AmiEvent:
    return parse(encode(kind, AT + at, **headers))


def channel(uniqueid: str, at: float) -> AmiEvent:
    return event(
        "Newchannel", at, Uniqueid=uniqueid, Linkedid=uniqueid, Channel=f"PJSIP/trunk-{uniqueid[-1]}",
        ChannelState="4", Context="inbound", CallerIDNum="13800138000", Exten="4001",
    )  # fmt: skip


def hangup(uniqueid: str, at: float) -> AmiEvent:
    return event("Hangup", at, Uniqueid=uniqueid, Linkedid=uniqueid, Cause="16")


def flow(kind: str, at: float, uniqueid: str = ONE, run: int = 1, **headers: str | float) -> AmiEvent:
    base: dict[str, str | float] = {"Uniqueid": uniqueid, "Run": f"{uniqueid}.f{run}", "Flow": "main"}
    return event(f"CtiFlow{kind}", at, **(base | headers))


def started(at: float, uniqueid: str = ONE, run: int = 1) -> AmiEvent:
    return flow("Started", at, uniqueid, run, Kind="inbound", Version="0123456789ab", Language="en")


def step(at: float, ordinal: int, name: str, way: str = "goto", uniqueid: str = ONE) -> AmiEvent:
    return flow("Step", at, uniqueid, Ordinal=ordinal, Step=name, Way=way)


def answer(at: float, ordinal: int, value: str, kind: str = "choice", **more: str) -> AmiEvent:
    return flow(
        "Answer", at, Ordinal=ordinal, Step="menu", Question="what", QuestionKind=kind, Value=value, Keys="1",
        **more,
    )  # fmt: skip


def handed_over(at: float, to: str = "queue", **more: str) -> AmiEvent:
    return flow("HandedOver", at, To=to, Queue="sales", State="e30=", **more)


def rung(at: float, name: str, uniqueid: str = THREE) -> list[AmiEvent]:
    """The caller's leg has somebody rung."""
    headers = {"Uniqueid": uniqueid, "Linkedid": ONE, "Channel": f"PJSIP/{name}-3", "ChannelState": "0"}
    return [
        event("Newchannel", at, Context="phones", **headers),
        event("DialBegin", at, Uniqueid=ONE, DestUniqueid=uniqueid, DialString="13900139000@trunk"),
    ]


BEGIN = [channel(ONE, 0), started(0.1), step(0.1, 1, "menu", "start")]


def run_of(scenario: Scenario, uniqueid: str = ONE) -> FlowRun:
    return next(run for run in scenario.flow_runs.values() if uniqueid in run.id)


def test_a_run_has_steps_mistakes_and_answers_in_one_order() -> None:
    scenario = Scenario(
        [
            *BEGIN,
            flow("Mistake", 3, Ordinal=2, Step="menu", Keys="9"),
            answer(5, 3, "sales"),
            step(5, 4, "bye", "1"),
            flow("Ended", 6, Outcome="completed"),
            hangup(ONE, 7),
        ]
    )
    run = run_of(scenario)
    assert (run.flow, run.version, run.language) == ("main", "0123456789ab", "en")
    assert (run.started_at, run.ended_at, run.outcome) == (AT + 0.1, AT + 6, "completed")
    assert run.last_step == "main/bye"
    assert [(one.ordinal, one.way, one.mistake, one.keys) for one in scenario.flow_steps.values()] == [
        (1, "start", False, None),
        (2, None, True, "9"),
        (4, "1", False, None),
    ]
    [given] = scenario.flow_answers.values()
    assert (given.ordinal, given.question, given.value, given.version) == (3, "what", "sales", "0123456789ab")
    assert not scenario.anomalies


def test_an_agent_sees_what_the_caller_chose_but_not_what_else_he_keyed() -> None:
    scenario = Scenario([*BEGIN, answer(1, 2, "sales"), answer(2, 3, "622202", kind="digits")])
    [call] = scenario.board.calls()
    assert call.choices == [MenuChoice("what", "sales", AT + 1)]
    assert isinstance(scenario.facts[-2], CallChanged)


def test_what_the_flow_calls_a_choice_stays_with_it() -> None:
    words = write_words(ChoiceWords(title={"en": "Topic"}, label={"zh-CN": "销售"}))
    scenario = Scenario([*BEGIN, answer(1, 2, "sales", Words=words), answer(2, 3, "7")])
    [call] = scenario.board.calls()
    assert call.choices == [MenuChoice("what", "sales", AT + 1, words), MenuChoice("what", "7", AT + 2)]


def test_a_caller_who_hangs_up_in_the_middle_has_hung_up() -> None:
    run = run_of(Scenario([*BEGIN, hangup(ONE, 4)]))
    assert (run.outcome, run.ended_at) == ("hung_up", AT + 4)


def test_a_caller_who_was_handed_over_and_never_came_back_was_handed_over() -> None:
    scenario = Scenario([*BEGIN, handed_over(2)])
    run = run_of(scenario)
    assert (run.handed_to, run.state, run.queue) == ("queue", "e30=", "sales")
    scenario.feed([hangup(ONE, 60)])
    assert (run.outcome, run.ended_at, run.state) == ("handed_over", AT + 60, None)


def test_a_caller_who_comes_back_goes_on_with_his_run() -> None:
    scenario = Scenario([*BEGIN, handed_over(2)])
    found = scenario.board.flow_run(ONE, f"{ONE}.f1")
    assert found is not None
    assert found.state == "e30="
    assert found.last_ordinal == 1
    scenario.feed([step(60, 2, "rating", "returned"), hangup(ONE, 61)])
    run = run_of(scenario)
    assert (run.outcome, run.last_step, run.handed_to) == ("hung_up", "main/rating", "queue")


def test_the_services_own_word_counts_also_when_it_comes_after_the_end_of_the_call() -> None:
    scenario = Scenario([*BEGIN, hangup(ONE, 4)])
    scenario.feed([step(4.01, 2, "tidy", "hangup"), flow("Ended", 4.02, Outcome="completed")])
    run = run_of(scenario)
    assert (run.outcome, run.ended_at, run.last_step) == ("completed", AT + 4.02, "main/tidy")
    assert len(scenario.flow_steps) == 2
    assert not scenario.anomalies


def test_the_runs_of_a_channel_are_found_while_its_call_lives_and_after() -> None:
    scenario = Scenario([*BEGIN, channel(TWO, 1)])
    assert [run.outcome for run in scenario.board.runs_of(ONE)] == [None]
    assert scenario.board.runs_of(TWO) == []
    scenario.feed([hangup(ONE, 4), flow("Ended", 4.02, Outcome="completed")])
    assert [run.outcome for run in scenario.board.runs_of(ONE)] == ["completed"]


def test_a_run_that_the_service_lost_has_an_end_that_nobody_knows() -> None:
    scenario = Scenario([*BEGIN, flow("Ended", 30, Outcome="service_lost")])
    run = run_of(scenario)
    assert (run.outcome, run.ended_at) == ("service_lost", None)
    scenario.feed([hangup(ONE, 90)])
    assert (run.outcome, run.ended_at) == ("service_lost", None)


@pytest.mark.parametrize(("more", "outcome"), [([], "service_lost"), ([handed_over(2)], "handed_over")])
def test_a_call_that_ends_in_a_gap_takes_its_run_along(more: list[AmiEvent], outcome: str) -> None:
    gap = [
        event("CtiDisconnected", 10, Reason="eof"), event("CtiConnected", 20), event("CtiSnapshotBegin", 20),
        event("CtiSnapshotEnd", 21),
    ]  # fmt: skip
    run = run_of(Scenario([*BEGIN, *more, *gap]))
    assert (run.outcome, run.ended_at) == (outcome, None)


def test_what_a_flow_passes_on_stays_with_the_caller_and_with_the_run() -> None:
    scenario = Scenario([*BEGIN])
    facts = scenario.feed([handed_over(2, to="transfer", Passed=PASSED)])
    [call] = scenario.board.calls()
    assert call.passed == run_of(scenario).passed == PASSED
    assert isinstance(facts[-1], CallChanged)
    scenario.board = Board.load(scenario.board.dump())
    scenario.feed([step(30, 2, "not-reached", "otherwise"), handed_over(31)])
    [call] = scenario.board.calls()
    assert call.passed == PASSED, "whom the queue gives him next sees it too"
    scenario.feed([step(60, 3, "other", "goto"), handed_over(61, to="transfer", Passed="[]")])
    assert call.passed == "[]"


def test_an_agent_whom_a_flow_has_rung_at_a_phone_of_his_own_is_known() -> None:
    scenario = Scenario([*BEGIN, handed_over(2, to="transfer", AgentId="7")])
    assert scenario.board.agent(7) is None
    scenario.feed(rung(3, "trunk"))
    agent = scenario.board.agent(7)
    [call] = scenario.board.calls()
    assert agent is not None
    assert (agent.state.status, agent.call_id, agent.queues) == (AgentStatus.RINGING, call.id, [])
    headers = {"Uniqueid": THREE, "Linkedid": ONE, "Channel": "PJSIP/trunk-3"}
    scenario.feed([event("Newstate", 5, ChannelState="6", **headers)])
    assert agent.state.status is AgentStatus.TALKING
    scenario.feed([event("Hangup", 9, Cause="16", **headers), *rung(10, "trunk", FOUR)])
    assert agent.state.status is AgentStatus.LOGGED_OUT, "a phone is rung in his name once"
    assert scenario.spans()[0][:2] == ("agent 7", "ring")
    assert not scenario.anomalies


def test_who_is_signed_in_at_the_phone_that_rings_has_the_call_whoever_was_meant() -> None:
    signed_in = event(
        "QueueMemberAdded", 1, Queue="sales", MemberName="agent-5", Interface="PJSIP/1001", Paused="0"
    )
    scenario = Scenario([*BEGIN, signed_in, handed_over(2, to="transfer", AgentId="7"), *rung(3, "1001")])
    agent = scenario.board.agent(5)
    assert agent is not None
    assert agent.state.status is AgentStatus.RINGING
    assert scenario.board.agent(7) is None


def test_a_second_run_on_the_same_channel_is_one_of_its_own() -> None:
    scenario = Scenario([*BEGIN, flow("Ended", 2, Outcome="completed"), started(3, run=2)])
    assert [run.outcome for run in scenario.flow_runs.values()] == ["completed", None]
    scenario.feed([hangup(ONE, 4)])
    assert [run.outcome for run in scenario.flow_runs.values()] == ["completed", "hung_up"]


def test_a_flow_that_begins_before_ami_tells_of_its_channel_loses_nothing() -> None:
    scenario = Scenario([*BEGIN[1:], answer(0.2, 2, "sales")])
    assert not scenario.facts
    scenario.board = Board.load(scenario.board.dump())
    scenario.feed([channel(ONE, 0.3)])
    assert run_of(scenario).started_at == AT + 0.3, "no earlier than its call"
    assert [one.value for one in scenario.flow_answers.values()] == ["sales"]
    assert not scenario.anomalies


def test_when_calls_become_one_the_runs_of_both_are_the_one_calls() -> None:
    scenario = Scenario([*BEGIN, channel(TWO, 1), started(1, TWO), step(1, 1, "menu", "start", TWO)])
    merged = event("Newstate", 2, Uniqueid=TWO, Linkedid=ONE, Channel="PJSIP/trunk-2", ChannelState="6")
    scenario.feed([merged])
    [call] = scenario.board.calls()
    assert {run.call_id for run in scenario.board.flow_runs()} == {call.id}
    scenario.feed([hangup(TWO, 3)])
    assert run_of(scenario, TWO).outcome == "hung_up"
    assert run_of(scenario, ONE).outcome is None, "the other caller is still there"


def test_steps_keep_the_clock_with_which_the_run_began() -> None:
    scenario = Scenario([*BEGIN, event("CtiClockStepped", 3605, By="3600"), answer(3606, 2, "sales")])
    [given] = scenario.flow_answers.values()
    assert given.at == AT + 6


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (flow("Step", 1, run=2, Ordinal=2, Step="menu", Way="1"), "no such run of a flow"),
        (flow("Step", 1, Step="menu", Way="1"), "has no Ordinal"),
        (flow("Step", 1, Ordinal=2, Way="1"), "has no Step"),
        (flow("Answer", 1, Ordinal=2, Step="menu"), "has no Question"),
        (flow("HandedOver", 1), "has no To"),
        (flow("Ended", 1), "has no Outcome"),
        (event("CtiFlowStarted", 1, Uniqueid=ONE, Run=f"{ONE}.f2"), "has no Flow"),
    ],
)
def test_what_makes_no_sense_is_said_and_changes_nothing(wrong: AmiEvent, reason: str) -> None:
    scenario = Scenario(BEGIN)
    scenario.feed([wrong])
    assert [one.reason for one in scenario.anomalies] == [reason]
    assert len(scenario.flow_runs) == 1
    assert len(scenario.flow_steps) == 1


def test_told_twice_is_counted_once() -> None:
    told = [
        *BEGIN, flow("Mistake", 3, Ordinal=2, Step="menu", Keys=""), answer(5, 3, "sales"), handed_over(6),
        step(20, 4, "bye", "returned"), flow("Ended", 21, Outcome="completed"), hangup(ONE, 22),
    ]  # fmt: skip
    once, twice = Scenario(told), Scenario([copy for one in told for copy in (one, one)])
    for name in ("flow_runs", "flow_steps", "flow_answers", "calls"):
        assert getattr(once, name) == getattr(twice, name)
    assert not twice.anomalies


def test_runs_of_calls_that_are_over_are_forgotten_in_time() -> None:
    board = Board("lab")
    for number in range(2000):
        uniqueid = f"n-1800000000.{number}"
        for one in (channel(uniqueid, number), started(number, uniqueid), hangup(uniqueid, number)):
            board.apply(one)
    assert len(board._state.late_runs) == 512
