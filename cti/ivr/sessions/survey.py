"""The satisfaction survey: what is played and asked next, given what the caller keyed. Pure.

The first question asks for a rating from 1 to 5, the second (when the queue has it) too. A wrong key and
silence each get two more tries per question. Every step says what to record before anything else is played,
so that a rating is never lost to a caller who hangs up while he is thanked.
"""

from typing import Final

import msgspec

from cti.calls.model import SurveyOutcome
from cti.ivr.sessions.prompts import Prompt

RATING_KEYS: Final = frozenset("12345")
#: How often a question is asked again, for wrong keys and for silence each.
MORE_TRIES: Final = 2

_QUESTIONS: Final = {1: Prompt.SURVEY_QUESTION_1, 2: Prompt.SURVEY_QUESTION_2}


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What to do next, in this order: record ``rating`` (of ``rated``), play ``prompts``, then await a key.

    ``outcome`` is set on the last step, after which no key is awaited.
    """

    prompts: tuple[Prompt, ...]
    rated: int | None = None
    rating: int | None = None
    outcome: SurveyOutcome | None = None


class Survey:
    """One caller's way through the survey; each method says what happened and answers with the next step."""

    def __init__(self, *, questions: int) -> None:
        if questions not in _QUESTIONS:
            raise ValueError(f"a survey has 1 or 2 questions, not {questions}")
        self.questions = questions
        self._question = 1
        self._wrong_keys = 0
        self._silences = 0
        self._outcome: SurveyOutcome | None = None

    @property
    def question(self) -> int:
        """The question that is being asked, 1 or 2."""
        return self._question

    @property
    def outcome(self) -> SurveyOutcome | None:
        """How it ended; None while it goes on."""
        return self._outcome

    def begin(self) -> Step:
        """The caller has just been handed over by the agent."""
        return Step(prompts=(Prompt.SURVEY_INTRO, _QUESTIONS[1]))

    def keyed(self, key: str) -> Step:
        """The caller pressed a key."""
        self._check_goes_on()
        if key not in RATING_KEYS:
            self._wrong_keys += 1
            again = self._wrong_keys <= MORE_TRIES
            return self._once_more(Prompt.SURVEY_WRONG_KEY, SurveyOutcome.WRONG_KEY, again)
        rated, rating = self._question, int(key)
        if rated < self.questions:
            self._question += 1
            self._wrong_keys = self._silences = 0
            return Step(prompts=(_QUESTIONS[self._question],), rated=rated, rating=rating)
        self._outcome = SurveyOutcome.COMPLETED
        return Step(prompts=(Prompt.SURVEY_THANKS,), rated=rated, rating=rating, outcome=self._outcome)

    def no_input(self) -> Step:
        """The caller pressed nothing in time."""
        self._check_goes_on()
        self._silences += 1
        again = self._silences <= MORE_TRIES
        return self._once_more(Prompt.SURVEY_NO_INPUT, SurveyOutcome.NO_INPUT, again)

    def hung_up(self) -> SurveyOutcome:
        """The caller is gone; a survey whose last answer is in was completed all the same."""
        return self._stop(SurveyOutcome.HUNG_UP)

    def failed(self) -> SurveyOutcome:
        """It cannot go on for a reason of ours."""
        return self._stop(SurveyOutcome.FAILED)

    def _once_more(self, told: Prompt, outcome: SurveyOutcome, again: bool) -> Step:
        if again:
            return Step(prompts=(told, _QUESTIONS[self._question]))
        return Step(prompts=(Prompt.GOODBYE,), outcome=self._stop(outcome))

    def _stop(self, outcome: SurveyOutcome) -> SurveyOutcome:
        if self._outcome is None:
            answered = range(1, self._question)
            self._outcome = SurveyOutcome.of_answers(self.questions, answered) or outcome
        return self._outcome

    def _check_goes_on(self) -> None:
        if self._outcome is not None:
            raise RuntimeError(f"the survey is over ({self._outcome})")
