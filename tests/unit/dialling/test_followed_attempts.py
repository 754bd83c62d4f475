"""What becomes of attempts of agents and callbacks, as the board shows their legs."""

from typing import Any

import pytest

from cti.calls.model import Leg, LegEnding, LegKind
from cti.dialling.manual.followed import Followed
from cti.dialling.rules.attempt import AttemptState
from cti.dialling.rules.outcome import Outcome

ID = "at-abc"
NOW = 2_000.0


def leg(uniqueid: str = ID, kind: LegKind = LegKind.DEVICE, **changes: Any) -> Leg:
    values = {"started_at": 1_000.0, "outgoing": True, **changes}
    return Leg(
        id=f"b-{uniqueid}", call_id="c", call_started_at=1_000.0, node="lab", boot="b", uniqueid=uniqueid,
        linkedid=ID, channel="PJSIP/x", kind=kind, **values,
    )  # fmt: skip


def called(**changes: Any) -> Leg:
    return leg("lab-1.2", LegKind.TRUNK, **changes)


def over(at: float, cause: int | None = 16, **changes: Any) -> dict[str, Any]:
    return {"ended_at": at, "ending": LegEnding.HANGUP, "hangup_cause": cause, **changes}


def followed(*legs: Leg, by_agent: bool = True) -> Followed:
    attempt = Followed(id=ID, by_agent=by_agent)
    for one in legs:
        attempt.see(one)
    return attempt


def test_while_the_agents_own_phone_rings_nothing_is_known() -> None:
    attempt = followed(leg())
    assert (attempt.state, attempt.ending(NOW)) == (AttemptState.SENDING, None)


def test_an_agent_who_does_not_pick_up_has_called_nobody() -> None:
    assert followed(leg(**over(1_020.0))).ending(NOW) == (Outcome.NOT_SENT, NOW)
    attempt = followed()
    attempt.failed = Outcome.NOT_SENT
    assert attempt.ending(NOW) == (Outcome.NOT_SENT, NOW)


def test_it_rings_is_answered_and_is_with_the_agent_at_once() -> None:
    assert followed(leg(), called()).state is AttemptState.RINGING
    assert followed(leg(), called(answered_at=1_010.0)).state is AttemptState.BRIDGED
    attempt = followed(leg(), called(answered_at=1_010.0, **over(1_100.0)))
    assert attempt.ending(NOW) == (Outcome.ANSWERED, 1_100.0)


def test_the_call_goes_on_when_the_agent_has_handed_it_on() -> None:
    attempt = followed(leg(**over(1_050.0)), called(answered_at=1_010.0))
    assert attempt.ending(NOW) is None


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        (over(1_012.0, 17, sip_status=486), Outcome.BUSY),
        (over(1_012.0, 1, sip_status=404), Outcome.WRONG_NUMBER),
        (over(1_012.0, 16), Outcome.CANCELLED),
        (over(1_012.0, 0, sip_status=487), Outcome.CANCELLED),
        (over(1_060.0, 16), Outcome.NO_ANSWER),
        (over(1_012.0, None, ending=LegEnding.RECONCILED), Outcome.UNKNOWN),
    ],
)
def test_who_did_not_answer_has_an_outcome_of_the_network_or_was_given_up(
    end: dict[str, Any], outcome: Outcome
) -> None:
    assert followed(leg(), called(**end)).ending(NOW) == (outcome, end["ended_at"])


def test_of_a_callback_the_channel_is_the_persons_and_the_queue_tells_that_an_agent_had_him() -> None:
    attempt = followed(leg(kind=LegKind.TRUNK, answered_at=1_010.0), by_agent=False)
    assert attempt.state is AttemptState.ANSWERED
    attempt.connected_at = 1_020.0
    assert attempt.state is AttemptState.BRIDGED
    alone = followed(leg(kind=LegKind.TRUNK, answered_at=1_010.0, **over(1_040.0)), by_agent=False)
    assert alone.ending(NOW) == (Outcome.ABANDONED, 1_040.0)
    at_once = followed(leg(kind=LegKind.TRUNK, answered_at=1_010.0, **over(1_011.0)), by_agent=False)
    assert at_once.ending(NOW) == (Outcome.HUNG_UP, 1_011.0)
    alone.connected_at = 1_020.0
    assert alone.ending(NOW) == (Outcome.ANSWERED, 1_040.0)


def test_an_end_that_is_not_known_is_now() -> None:
    gone = called(answered_at=1_010.0, ending=LegEnding.ASTERISK_STOPPED)
    assert followed(leg(), gone).ending(NOW) == (Outcome.ANSWERED, NOW)


def test_it_rings_until_somebody_answers_or_nothing_is_to_come() -> None:
    for attempt in (followed(), followed(leg()), followed(leg(), called())):
        assert attempt.rings
    answered = followed(leg(), called(answered_at=1_010.0))
    for attempt in (answered, followed(leg(**over(1_020.0))), followed(leg(), called(**over(1_020.0)))):
        assert not attempt.rings
    refused = followed()
    refused.failed = Outcome.NOT_SENT
    assert not refused.rings


def test_what_is_hung_up_while_it_rings_is_the_agents_own_channel_and_otherwise_the_persons() -> None:
    assert followed().channel is None
    own, person = leg(), called()
    assert followed(own, person).channel is own
    assert followed(leg(**over(1_020.0)), person).channel is person


def test_what_we_gave_up_is_cancelled_and_said_to_be() -> None:
    # It had rung for as long as an agent lets it ring, and was hung up in the last moment.
    attempt = followed(leg(), called(**over(1_060.0)))
    attempt.cancelled = True
    assert attempt.ending(NOW) == (Outcome.CANCELLED, 1_060.0)
    assert attempt.news()[-1].cancelled
