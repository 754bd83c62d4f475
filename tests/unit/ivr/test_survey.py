"""The survey, step by step, and that no caller can lead it astray."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.calls.model import SurveyOutcome
from cti.ivr.sessions.prompts import Prompt
from cti.ivr.sessions.survey import Step, Survey
from cti.prompts import table
from cti.prompts.languages import language_of


def test_one_question_answered_is_a_completed_survey() -> None:
    survey = Survey(questions=1)
    assert survey.begin() == Step(prompts=(Prompt.SURVEY_INTRO, Prompt.SURVEY_QUESTION_1))
    assert survey.keyed("5") == Step(
        prompts=(Prompt.SURVEY_THANKS,), rated=1, rating=5, outcome=SurveyOutcome.COMPLETED
    )


def test_the_second_question_follows_the_first_and_then_the_thanks() -> None:
    survey = Survey(questions=2)
    survey.begin()
    assert survey.keyed("1") == Step(prompts=(Prompt.SURVEY_QUESTION_2,), rated=1, rating=1)
    assert survey.keyed("3") == Step(
        prompts=(Prompt.SURVEY_THANKS,), rated=2, rating=3, outcome=SurveyOutcome.COMPLETED
    )


@pytest.mark.parametrize("key", ["0", "6", "9", "*", "#", ""])
def test_a_wrong_key_is_told_and_asked_twice_more_then_it_ends_as_wrong_key(key: str) -> None:
    survey = Survey(questions=1)
    survey.begin()
    again = Step(prompts=(Prompt.SURVEY_WRONG_KEY, Prompt.SURVEY_QUESTION_1))
    assert [survey.keyed(key) for _ in range(3)] == [
        again,
        again,
        Step(prompts=(Prompt.GOODBYE,), outcome=SurveyOutcome.WRONG_KEY),
    ]


def test_silence_is_asked_twice_more_then_it_ends_as_no_input() -> None:
    survey = Survey(questions=2)
    survey.begin()
    again = Step(prompts=(Prompt.SURVEY_NO_INPUT, Prompt.SURVEY_QUESTION_1))
    assert [survey.no_input() for _ in range(3)] == [
        again,
        again,
        Step(prompts=(Prompt.GOODBYE,), outcome=SurveyOutcome.NO_INPUT),
    ]


def test_a_right_key_after_two_wrong_ones_and_two_silences_counts() -> None:
    survey = Survey(questions=1)
    survey.begin()
    for _ in range(2):
        survey.keyed("9")
        survey.no_input()
    assert survey.keyed("4").rating == 4


def test_each_question_has_its_own_tries() -> None:
    survey = Survey(questions=2)
    survey.begin()
    survey.keyed("9")
    survey.keyed("9")
    survey.keyed("2")
    assert survey.keyed("9").outcome is None
    assert survey.keyed("9").outcome is None
    assert survey.keyed("9").outcome is SurveyOutcome.PARTIAL


@pytest.mark.parametrize(
    ("questions", "keys", "outcome"),
    [
        (1, "", SurveyOutcome.HUNG_UP),
        (1, "9", SurveyOutcome.HUNG_UP),
        (2, "", SurveyOutcome.HUNG_UP),
        (2, "5", SurveyOutcome.PARTIAL),
        (2, "55", SurveyOutcome.COMPLETED),
        (1, "5", SurveyOutcome.COMPLETED),
    ],
)
def test_a_hang_up_keeps_what_was_answered(questions: int, keys: str, outcome: SurveyOutcome) -> None:
    survey = Survey(questions=questions)
    survey.begin()
    for key in keys:
        survey.keyed(key)
    assert survey.hung_up() is outcome
    assert survey.failed() is outcome


def test_a_survey_that_is_over_takes_no_key() -> None:
    survey = Survey(questions=1)
    survey.begin()
    survey.keyed("5")
    with pytest.raises(RuntimeError, match="over"):
        survey.keyed("5")


@given(st.sampled_from([1, 2]), st.lists(st.sampled_from([*"0123456789*#", None]), max_size=40))
def test_whatever_is_keyed_the_survey_ends_soon_and_knows_what_it_heard(
    questions: int, inputs: list[str | None]
) -> None:
    survey = Survey(questions=questions)
    step, ratings, asked = survey.begin(), {}, 1
    for key in inputs:
        if step.outcome is not None:
            break
        asked += 1
        step = survey.no_input() if key is None else survey.keyed(key)
        if step.rated is not None:
            assert step.rated not in ratings
            ratings[step.rated] = step.rating
            assert key == str(step.rating)
    assert asked <= questions * 6 + 1
    outcome = step.outcome or survey.hung_up()
    assert (outcome is SurveyOutcome.COMPLETED) == (len(ratings) == questions)
    assert (outcome is SurveyOutcome.PARTIAL) == (0 < len(ratings) < questions)


def test_every_prompt_of_the_hooks_is_in_the_table() -> None:
    assert {prompt.value for prompt in Prompt} <= set(table.shipped().names())


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("zh", "zh-CN"),
        ("zh_CN", "zh-CN"),
        ("zh-CN", "zh-CN"),
        ("EN", "en"),
        ("en_US", "en"),
        ("fr", None),
        ("", None),
    ],
)
def test_asterisks_names_of_languages_are_understood(theirs: str, ours: str | None) -> None:
    assert language_of(theirs) == ours
