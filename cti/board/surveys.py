"""Satisfaction surveys as the service reports them from the dialplan, and those that were never offered."""

from typing import Final

from cti.asterisk.events import AmiEvent
from cti.board.facts import (
    Fact,
    SurveyChanged,
    SurveyEnded,
    SurveyStarted,
)
from cti.board.state import (
    CallTrack,
    LegTrack,
    State,
    anomaly,
    call_of,
    find_call,
    instant_of,
    number_of,
)
from cti.calls.model import (
    LegEnding,
    Survey,
    SurveyOutcome,
)

_RATINGS: Final = frozenset({1, 2, 3, 4, 5})
_OUTCOMES: Final = {outcome.value: outcome for outcome in SurveyOutcome}


def started(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """The survey begins to play."""
    owner = call_of(state, event, out)
    if owner is None or (owner.survey is not None and owner.survey.outcome is None):
        return
    survey = _survey(state, owner)
    survey.language = event.get("Language") or owner.call.language
    survey.questions = number_of(event.get("Questions")) or 1
    out.append(SurveyStarted(at=state.at, survey=survey))


def _survey(state: State, owner: CallTrack) -> Survey:
    owner.surveys += 1
    call = owner.call
    owner.survey = Survey(
        id=f"{call.id}.s{owner.surveys}",
        call_id=call.id,
        call_started_at=call.started_at,
        leg_id=owner.agent_leg_id,
        agent_id=call.agent_id,
        queue=call.queue,
        language=call.language,
        started_at=instant_of(state, call),
        clock_step_seconds=call.clock_step_seconds,
    )
    return owner.survey


def answered(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """The caller keyed a rating."""
    owner = call_of(state, event, out)
    if owner is None:
        return
    survey, rating = owner.survey, number_of(event.get("Rating"))
    question = event.get("Question") or "1"
    if survey is None or rating not in _RATINGS or question not in ("1", "2"):
        out.append(anomaly(state, event, "is no answer to a survey", event.get("Uniqueid") or None))
        return
    if question == "1":
        survey.rating = rating
    else:
        survey.second_rating = rating
    out.append(SurveyChanged(at=state.at, survey=survey))


def ended(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """The survey is over, in the service's own words.

    When the caller hung up, they may come after his call has left the board: its end has ended the survey.
    """
    uniqueid = event.get("Uniqueid")
    if state.leg_id(uniqueid) in state.gone and find_call(state, uniqueid) is None:
        return
    owner = call_of(state, event, out)
    if owner is None:
        return
    survey, outcome = owner.survey, _OUTCOMES.get(event.get("Outcome"))
    if survey is None or outcome is None:
        out.append(anomaly(state, event, "ends no survey", event.get("Uniqueid") or None))
    elif survey.outcome is not outcome:
        _end(state, survey, outcome, out)


def never_offered(
    state: State, owner: CallTrack, out: list[Fact], *, agent_id: int | None = None, queue: str = ""
) -> None:
    """The caller hung up on the agent."""
    if owner.survey is not None:
        return
    survey = _survey(state, owner)
    survey.agent_id = agent_id or survey.agent_id
    survey.queue = queue or survey.queue
    _end(state, survey, SurveyOutcome.CALLER_HUNG_UP_FIRST, out)


def end_of_leg(state: State, track: LegTrack, out: list[Fact]) -> None:
    """The caller is gone in the middle of the survey, and nothing was heard of its end.

    When that was in a gap, the service was away, and the survey with it.
    """
    owner = state.calls[track.leg.call_id]
    survey = owner.survey
    if survey is None or survey.outcome is not None or owner.live_legs > 1:
        return
    gap = track.leg.ending is LegEnding.RECONCILED
    unanswered = SurveyOutcome.FAILED if gap else SurveyOutcome.HUNG_UP
    _end(state, survey, survey.answered or unanswered, out)


def _end(state: State, survey: Survey, outcome: SurveyOutcome, out: list[Fact]) -> None:
    survey.outcome = outcome
    survey.ended_at = max(instant_of(state, survey), survey.started_at)
    out.append(SurveyEnded(at=state.at, survey=survey))
