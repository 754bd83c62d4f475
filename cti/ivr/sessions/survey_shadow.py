"""A flow that is a survey is written down as one too, so that surveys are one list whoever asked.

Its questions `rating` and `second_rating` are the survey's.
"""

from collections.abc import Callable, Mapping
from typing import Final

from cti.calls.flow_run import SERVICE_LOST
from cti.calls.model import SurveyOutcome
from cti.flows.actions import Answered, Entered, Mistaken, Note
from cti.flows.model import Flow, FlowKind

_QUESTIONS: Final = {"rating": 1, "second_rating": 2}
_MARKS: Final = frozenset("12345")
_START: Final = "start"


class SurveyShadow:
    """Follows one run; ``write`` writes an event about its channel."""

    def __init__(self, flows: Mapping[str, Flow], write: Callable[..., int]) -> None:
        self._surveys = {name for name, flow in flows.items() if flow.kind is FlowKind.SURVEY}
        self._write = write
        self._is_open = False
        self._questions = 1
        self._answered: set[int] = set()
        self._last_mistake: str | None = None

    def note(self, notes: tuple[Note, ...], *, queue: str, language: str, questions: int) -> None:
        """Takes what has just been written down of the run."""
        if not self._surveys:
            return
        for note in notes:
            match note:
                case Entered() if note.flow in self._surveys:
                    if not self._is_open and note.way == _START:
                        self._begin(queue, language, questions)
                case Entered() if self._is_open:
                    self.ended("")  # back in the flow that called it
                case Answered() if self._is_open and note.question in _QUESTIONS and note.value in _MARKS:
                    question = _QUESTIONS[note.question]
                    self._write("CtiSurveyAnswer", Question=question, Rating=note.value)
                    self._answered.add(question)
                    self._last_mistake = None
                case Mistaken() if self._is_open:
                    self._last_mistake = note.keys

    def _begin(self, queue: str, language: str, questions: int) -> None:
        self._is_open = True
        self._questions = questions
        self._answered.clear()
        self._last_mistake = None
        self._write("CtiSurveyStarted", Queue=queue, Language=language, Questions=questions)

    def ended(self, outcome: str) -> None:
        """The run is over, or the survey within it; ``outcome`` is the run's."""
        if self._is_open:
            self._is_open = False
            self._write("CtiSurveyEnded", Outcome=self._outcome(outcome).value)

    def _outcome(self, outcome: str) -> SurveyOutcome:
        amount = SurveyOutcome.of_answers(self._questions, self._answered)
        if amount is not None:
            return amount
        if outcome == SurveyOutcome.HUNG_UP:
            return SurveyOutcome.HUNG_UP
        if outcome in (SurveyOutcome.FAILED, SERVICE_LOST):
            return SurveyOutcome.FAILED
        return SurveyOutcome.WRONG_KEY if self._last_mistake else SurveyOutcome.NO_INPUT
