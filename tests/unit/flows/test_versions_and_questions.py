"""How a version is named, and what a flow asks."""

import pytest

from cti.flows.document import flow_of
from cti.flows.question_list import questions_of
from cti.flows.question_words import QuestionKind
from cti.flows.version import version_of

FLOW = """
flow: poll
kind: outbound
title: {en: Poll, zh-CN: 调查}
start: topic
steps:
  topic:
    menu:
      prompt: [topic]
      title: {en: Which topic?, zh-CN: 哪个话题?}
      choices:
        "1": {goto: mark, value: north, label: {en: North, zh-CN: 北方}}
        "8": mark
        "9": topic
  mark:
    menu:
      prompt: [mark]
      name: rating
      kind: scale
      choices: {"1-5": age}
  again:
    menu:
      prompt: [mark]
      name: rating
      kind: scale
      title: {en: Your mark, zh-CN: 评分}
      choices: {"1-5": age, "9": again}
  age:
    field: {prompt: [age], goto: nps, kind: number, least: 0, greatest: 120}
  nps:
    field: {prompt: [nps], goto: bye, kind: recommendation, least: 0, greatest: 10}
  bye:
    exit: {}
"""


@pytest.mark.parametrize(
    "same", ["flow: a\r\nkind: b\r\n", "flow: a\rkind: b", "\ufeffflow: a\nkind: b\n\n\n"]
)
def test_how_lines_end_makes_no_version(same: str) -> None:
    assert version_of(same) == version_of("flow: a\nkind: b")


@pytest.mark.parametrize("other", ["flow: a\nkind: c", "flow: a\n\nkind: b", "flow: a\nkind: b "])
def test_another_text_is_another_version(other: str) -> None:
    assert version_of(other) != version_of("flow: a\nkind: b")


def test_questions_come_in_the_flow_s_order_with_what_can_be_answered() -> None:
    asked = questions_of(flow_of(FLOW))
    assert list(asked) == ["topic", "rating", "age", "nps"]
    assert [(one.value, one.label.get("en")) for one in asked["topic"].answers] == [
        ("north", "North"),
        ("8", None),
    ]
    assert asked["topic"].title["zh-CN"] == "哪个话题?"
    assert [one.value for one in asked["rating"].answers] == ["1", "2", "3", "4", "5"]
    assert (asked["rating"].kind, asked["rating"].title["en"]) == (QuestionKind.SCALE, "Your mark")
    assert asked["age"].answers == []
    assert [one.value for one in asked["nps"].answers] == [str(mark) for mark in range(11)]
