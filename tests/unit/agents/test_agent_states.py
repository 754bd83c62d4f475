"""An agent's state follows from his legs, queues, pause and wrap-up."""

from cti.agents import states
from cti.agents.model import AgentStatus, SystemReason, agent_id_of, member_name
from cti.agents.states import AgentRecord, DeviceLeg, LegUse, QueueCall

CALL = QueueCall(call_id="c", call_started_at=0.0, leg_id="l", leg_started_at=1.0, queue="sales")


def agent(*, queues: int = 1, pause: str | None = None) -> AgentRecord:
    record = states.new_record(7, 0.0)
    record.agent.queues = [f"q{number}" for number in range(queues)]
    record.agent.interface = "PJSIP/1"
    record.agent.pause_reason = pause
    states.settle(record, 1.0)
    return record


def leg(use: LegUse, call_id: str = "c") -> DeviceLeg:
    return DeviceLeg(call_id=call_id, use=use)


def status(record: AgentRecord, at: float = 2.0) -> AgentStatus:
    states.settle(record, at)
    return record.agent.state.status


def test_an_agent_without_queues_is_logged_out_and_with_them_ready_or_paused() -> None:
    assert status(agent(queues=0)) is AgentStatus.LOGGED_OUT
    assert status(agent()) is AgentStatus.READY
    paused = agent(pause="lunch")
    assert status(paused) is AgentStatus.PAUSED
    assert paused.agent.state.reason == "lunch"


def test_a_leg_comes_before_everything_else() -> None:
    record = agent(queues=0, pause="lunch")
    record.legs["a"] = leg(LegUse.RINGING)
    assert status(record) is AgentStatus.RINGING
    record.legs["a"] = leg(LegUse.UP)
    assert status(record) is AgentStatus.TALKING
    assert record.agent.state.reason is None
    del record.legs["a"]
    assert status(record) is AgentStatus.LOGGED_OUT


def test_of_several_legs_the_one_he_talks_on_counts() -> None:
    record = agent()
    record.legs = {"a": leg(LegUse.HELD, "one"), "b": leg(LegUse.RINGING, "two")}
    assert status(record) is AgentStatus.HOLD
    record.legs["b"] = leg(LegUse.UP, "two")
    assert status(record) is AgentStatus.TALKING
    assert (record.agent.call_id, record.agent.leg_id) == ("two", "b")


def test_each_state_begins_when_the_one_before_ends() -> None:
    record = agent()
    before = record.agent.state
    record.legs["a"] = leg(LegUse.RINGING)
    assert states.settle(record, 5.0) is before
    assert before.ended_at == record.agent.state.started_at == 5.0
    assert states.settle(record, 6.0) is None


def test_a_clock_that_steps_back_makes_no_state_that_ends_before_it_began() -> None:
    record = agent()
    record.legs["a"] = leg(LegUse.UP)
    ended = states.settle(record, -100.0)
    assert ended is not None
    assert ended.ended_at == ended.started_at


def test_wrap_up_lasts_until_another_pause_reason_or_none() -> None:
    for reason, then in ((None, AgentStatus.READY), ("lunch", AgentStatus.PAUSED)):
        record = agent(pause=SystemReason.WRAP_UP)
        assert states.begin_wrap_up(record, CALL, 10.0)
        assert status(record) is AgentStatus.WRAP_UP
        assert states.pause(record, SystemReason.WRAP_UP, 11.0) == (False, None)
        assert status(record) is AgentStatus.WRAP_UP
        assert states.pause(record, reason, 12.0) == (True, None)
        assert status(record) is then


def test_a_pause_that_was_asked_for_during_the_talk_comes_after_the_wrap_up() -> None:
    record = agent()
    record.legs["a"] = leg(LegUse.UP)
    states.pause(record, SystemReason.WRAP_UP, 2.0)
    states.pause(record, "lunch", 3.0)
    assert status(record) is AgentStatus.TALKING
    del record.legs["a"]
    assert states.begin_wrap_up(record, CALL, 4.0)
    assert status(record) is AgentStatus.WRAP_UP
    assert record.agent.pause_reason == "lunch"


def test_an_agent_whom_nobody_paused_is_ready_after_his_call() -> None:
    record = agent()
    assert not states.begin_wrap_up(record, CALL, 10.0)
    assert status(record) is AgentStatus.READY


def test_the_pause_of_a_very_short_call_begins_the_wrap_up_late() -> None:
    record = agent()
    states.begin_wrap_up(record, CALL, 10.0)
    assert states.pause(record, SystemReason.WRAP_UP, 10.1) == (False, CALL)
    assert status(record) is AgentStatus.WRAP_UP
    assert states.pause(record, None, 12.0) == (True, None)
    assert states.pause(record, SystemReason.WRAP_UP, 13.0) == (False, None)


def test_getting_ready_forgets_missed_offers() -> None:
    record = agent()
    record.agent.missed_offers = 3
    states.pause(record, "missed-offers", 1.0)
    assert record.agent.missed_offers == 3
    states.pause(record, None, 2.0)
    assert record.agent.missed_offers == 0


def test_an_agent_goes_by_a_name_that_says_nothing_of_him() -> None:
    assert agent_id_of(member_name(42)) == 42
    for name in ("", "agent-", "agent-x", "agent-²", "42", "agent-1234567890"):
        assert agent_id_of(name) is None
