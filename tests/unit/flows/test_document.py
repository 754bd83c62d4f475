"""The text of a flow: what is read of it, and that all that is wrong is told with its exact place."""

from textwrap import dedent
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.flows import problems, words
from cti.flows.document import FlowInvalidError, flow_of, read
from cti.flows.model import FlowKind
from cti.flows.yaml_tree import LONGEST_TEXT
from tests.unit.flows.flowkit import flow
from tests.unit.flows.test_run_ends import ENDS, STEPS

HEAD = """\
flow: main
kind: inbound
title: {zh-CN: 主菜单, en: Main menu}
start: ask
"""
GOOD = (
    HEAD
    + """\
inputs:
  customer.name: 王小明
  zip: 0042
  ratio: 0.5
  nobody: ~
  answer: yes
  quoted: '7'
  vip: true
steps:
  ask:
    menu:
      prompt: [hello, {name: customer.name, otherwise: dear-customer}]
      choices:
        1: end
        "2": {goto: end, value: 08}
        3-5: {goto: end, value: on, set: {on: true, count: 1}}
        "*": end
      tries: 2
      timeout_seconds: 4
      bargein: false
  end:
    exit: {}
"""
)


LIMITS = HEAD + "steps: {}\nlimits: {"
UNKNOWN = ("expression.unknown_function", 6, 34)
NULL = ("expression.compared_with_null", 6, 34)


def codes(text: str) -> list[tuple[str, int, int]]:
    return [(found.code, found.line, found.column) for found in read(text).problems]


def test_texts_stay_texts_and_numbers_are_numbers_where_numbers_are_expected() -> None:
    found = flow_of(GOOD)
    menu = found.steps["ask"].menu
    assert menu is not None
    assert found.kind is FlowKind.INBOUND
    assert list(menu.choices) == ["1", "2", "3-5", "*"]
    assert menu.choices["1"] == "end"
    eight, many = menu.choices["2"], menu.choices["3-5"]
    assert not isinstance(eight, str)
    assert not isinstance(many, str)
    assert (eight.value, many.value, many.set) == ("08", "on", {"on": "true", "count": "1"})
    assert (menu.tries, menu.timeout_seconds, menu.bargein) == (2, 4.0, False)
    assert found.inputs == {
        "customer.name": "王小明",
        "zip": "0042",
        "ratio": 0.5,
        "nobody": None,
        "answer": "yes",
        "quoted": "7",
        "vip": True,
    }


def test_every_word_has_its_place() -> None:
    document = read(GOOD)
    found = {(mention.role, mention.text): mention.place for mention in document.mentions}
    assert found[words.Role.EXPRESSION, "customer.name"] == problems.Place(line=16, column=30)
    assert found[words.Role.PROMPT, "dear-customer"] == problems.Place(line=16, column=56)
    assert document.place("steps", "ask", "menu", "choices", "3-5") == problems.Place(line=20, column=9)
    assert document.place("steps", "ask", "menu", "noinput") == problems.Place(line=15, column=5)


def steps(text: str) -> str:
    return HEAD + "steps:\n" + "".join(f"  {line}\n" for line in dedent(text).splitlines())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("yaml.empty", 1, 1)]),
        ("# nothing", [("yaml.empty", 1, 1)]),
        ("flow: [", [("yaml.syntax", 2, 1)]),
        ("flow: a: b", [("yaml.syntax", 1, 8)]),
        ("a: 1\n---\nb: 2", [("yaml.several_documents", 2, 1)]),
        ("a: &x 1\nb: *x", [("yaml.alias", 1, 4)]),
        ("a: *", [("yaml.syntax", 1, 5)]),
        ("a: !!python/object:os.system x", [("yaml.tag", 1, 4)]),
        ("流: \x07", [("yaml.character", 1, 4)]),
        ("a: '\ud800'", [("yaml.character", 1, 5)]),
        ("[" * 100, [("yaml.too_deep", 1, 22)]),
        ("x" * (LONGEST_TEXT + 1), [("yaml.too_long", 1, 1)]),
        ("just words", [("value.mapping", 1, 1)]),
        ("- a", [("value.mapping", 1, 1)]),
        (HEAD, [("word.missing", 1, 1)]),
        (HEAD + "steps: {}\nflow: again", [("yaml.duplicate_key", 6, 1)]),
        (HEAD + "steps: {}\n[a]: x", [("yaml.key", 6, 1)]),
        (HEAD + "steps:", [("value.mapping", 5, 7)]),
        (LIMITS + "steps: many}", [("value.integer", 6, 17)]),
        (LIMITS + "seconds: '5'}", [("value.number", 6, 19)]),
        (LIMITS + "steps: 0, seconds: 0}", [("value.least", 6, 17), ("value.more_than", 6, 29)]),
        (LIMITS + "steps: 9999}", [("value.most", 6, 17)]),
        (HEAD + "steps: {}\nlimts: {}", [("word.unknown_but_near", 6, 1)]),
        (HEAD + "steps: {}\nzebra: {}", [("word.unknown", 6, 1)]),
        (HEAD + "steps: {Ask: {exit: {}}}", [("value.pattern", 5, 9)]),
        (HEAD.replace("inbound", "inbond") + "steps: {}", [("value.not_one_of", 2, 7)]),
        (HEAD.replace("en:", "de:") + "steps: {}", [("value.pattern", 3, 21)]),
        (HEAD.replace("Main menu", "''") + "steps: {}", [("value.shortest", 3, 25)]),
        (HEAD.replace("Main menu", "x" * 201) + "steps: {}", [("value.longest", 3, 25)]),
        (HEAD.replace("start: ask", "start:") + "steps: {}", [("value.empty", 4, 7)]),
        (steps("ask: {}"), [("word.one_of", 6, 8)]),
        (steps("ask: {exit: {}, refuse: {goto: ask}}"), [("word.only_one_of", 6, 8)]),
        (steps("ask: {ext: {}}"), [("word.unknown_but_near", 6, 9)]),
        (steps("ask: {prompt: {say: hello, goto: ask}}"), [("value.list", 6, 23)]),
        (steps("ask: {prompt: {say: [[a]], goto: ask}}"), [("value.text_or_mapping", 6, 24)]),
        (steps("ask: {prompt: {say: [{}], goto: ask}}"), [("word.one_of", 6, 24)]),
        (steps("ask: {prompt: {say: [a], goto: ask, bargein: yes}}"), [("value.truth", 6, 48)]),
        (steps("ask: {prompt: {say: [a], goto: [ask]}}"), [("value.text", 6, 34)]),
        (steps("ask: {menu: {prompt: [a], choices: {12: ask}}}"), [("value.pattern", 6, 39)]),
        (steps("ask: {language: {goto: ask, to: en, of: x}}"), [("word.only_one_of", 6, 19)]),
        (steps("ask: {assign: {values: {x: '1 *+* 2'}, goto: ask}}"), [("expression.syntax", 6, 35)]),
        (
            steps("ask: {assign: {values: {x: a + f(b)}, goto: ask}}"),
            [("expression.unknown_function", 6, 34)],
        ),
        (steps('ask: {assign: {values: {x: "a==null"}}}'), [("word.missing", 6, 17), NULL]),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, expected: list[tuple[str, int, int]]) -> None:
    assert codes(text) == expected
    with pytest.raises(FlowInvalidError) as refused:
        flow_of(text, "main.yaml")
    assert refused.value.message.startswith(f"main.yaml:{expected[0][1]}:{expected[0][2]}: error: ")
    for found in read(text).problems:
        for language in ("zh-CN", "en"):
            assert "{" not in found.text(language).replace("{0,63}", "").replace("{1,64}", "")


def test_everything_that_is_wrong_is_told_at_once() -> None:
    text = steps(
        """\
        ask:
          menu:
            prompt: [hello]
            choises: {1: end}
            tries: some
        bye:
          exit: {say: [Goodbye], outcom: renewed}
        """
    )
    assert codes(text) == [
        ("word.missing", 8, 7),
        ("word.unknown_but_near", 9, 7),
        ("value.integer", 10, 14),
        ("value.pattern", 12, 18),
        ("word.unknown_but_near", 12, 28),
    ]


def test_texts_for_people_say_what_is_known() -> None:
    found = read(HEAD.replace("inbound", "inbond") + "steps: {}", "main.yaml").problems[0]
    assert found.line_of_text("en") == (
        "main.yaml:2:7: error: `inbond` is not known here; inbound, survey, outbound, subdialog are."
        " [value.not_one_of]"
    )
    assert found.line_of_text("zh-CN").startswith("main.yaml:2:7: 错误: 这里不认识 `inbond`；")


class Plain(yaml.SafeDumper):
    """Writes everything out, however often it comes."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


@settings(max_examples=100, deadline=None)
@given(STEPS, ENDS)
def test_a_flow_written_down_is_read_as_what_it_was(written: dict[str, Any], ends: dict[str, Any]) -> None:
    expected = flow(written, start="a", **ends)
    head = {"flow": "main", "kind": "inbound", "title": {"en": "main"}, "start": "a"}
    text = yaml.dump({**head, "steps": written, **ends}, Dumper=Plain, allow_unicode=True, sort_keys=False)
    document = read(text)
    for found in document.problems:
        # What is drawn at random may have an expression that is none, or lack a word.
        assert found.code in ("expression.syntax", "word.one_of", "word.only_one_of")
    assert document.problems or document.flow == expected


@given(st.text(max_size=80) | st.text(alphabet="ab:-[]{}'\"\n \t#&*!|>?%@`1", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    for found in read(text).problems + read(HEAD + text).problems:
        assert found.line >= 1
        assert found.column >= 1
        assert found.line_of_text("zh-CN") != found.line_of_text("en")
