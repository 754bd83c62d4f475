"""The lint: each mistake is told with its line and column, and a flow without one is left alone."""

from collections.abc import Mapping

import pytest

from cti.flows.document import read
from cti.flows.lint import errors, lint
from cti.flows.model import Flow
from cti.flows.problem_texts import TEXTS
from cti.flows.problems import FlowProblem, Severity
from tests.unit.flows.flowkit import flow

PROMPTS = {
    ("hello", "zh-CN"),
    ("hello", "en"),
    ("half", "en"),
    ("flow/confirm", "en"),
    ("flow/confirm", "zh-CN"),
}
HEAD = """\
flow: main
kind: inbound
title: {zh-CN: 主菜单, en: Main menu}
start: ask
noinput: {prompt: [hello], goto: end}
nomatch: {goto: end}
steps:
  end: {exit: {}}
"""


def text_of(steps: str, head: str = HEAD) -> str:
    return head + "".join(f"  {line}\n" for line in steps.strip("\n").splitlines())


def problems_of(text: str, flows: Mapping[str, Flow] | None = None) -> list[FlowProblem]:
    document = read(text, "main.yaml")
    assert document.problems == []
    return lint(document, flows or {}, lambda name, language: (name, language) in PROMPTS)


def told(text: str, flows: Mapping[str, Flow] | None = None) -> list[str]:
    return [f"{found.line}:{found.column} {found.code}" for found in problems_of(text, flows)]


MENU = "{menu: {prompt: [hello], choices: {1: end}}}"
GOOD = """
ask:
  menu: {name: mark, kind: scale, prompt: [hello], choices: {1-5: look}}
look:
  lookup:
    source: customer
    into: customer
    default: {name: nobody}
    goto: account
account:
  field:
    prompt: [hello]
    confirm: [hello, {digits: value}]
    check: value != mark
    goto: note
note:
  record: {prompt: [hello], goto: task}
task:
  task: {kind: tip, recording: note, values: {mark: mark, name: customer.name, n: note.seconds}, goto: say}
say:
  prompt:
    say: [{number: mark}, {name: customer.name}, {digits: task.reference}, {digits: call.number}]
    goto: end
"""


def test_a_flow_without_a_mistake_is_left_alone() -> None:
    assert told(text_of(GOOD)) == []


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        # --- where it leads ---
        (
            "ask: {prompt: {say: [hello], goto: edn}}",
            ["8:3 flow.unreachable", "9:38 flow.unknown_step_but_near"],
        ),
        (f"ask: {MENU}\nold: {MENU}", ["10:3 flow.unreachable"]),
        ("ask: {branch: {cases: [{when: 1 == 1, goto: zzz}], otherwise: end}}", ["9:47 flow.unknown_step"]),
        # --- loops ---
        (
            "ask: {prompt: {say: [hello], goto: more}}\nmore: {prompt: {say: [hello], goto: ask}}",
            ["8:3 flow.unreachable", "9:3 flow.endless_loop"],
        ),
        # Keys lead out of it; who keys nothing hears it for ever.
        (
            "ask: {menu: {prompt: [hello], choices: {1: end}, noinput: {goto: ask}}}",
            ["9:3 flow.endless_loop"],
        ),
        # The flow's own way out is taken after the tries.
        ("ask: {menu: {prompt: [hello], choices: {1: ask}}}", []),
        # A count is a way out.
        (
            (
                "ask: {assign: {values: {n: 'default(n, 0) + 1'}, goto: more}}\n"
                "more: {branch: {cases: [{when: n > 3, goto: end}], otherwise: ask}}"
            ),
            [],
        ),
        # --- keys ---
        ("ask: {menu: {prompt: [hello], choices: {1-5: end, 3: end}}}", ["9:53 flow.keys_clash"]),
        ("ask: {menu: {prompt: [hello], choices: {5-1: end}}}", ["9:43 flow.keys_backwards"]),
        ("ask: {menu: {prompt: [hello], choices: {}}}", ["9:33 flow.no_choices"]),
        ("ask: {menu: {prompt: [], choices: {1: end}}}", ["9:16 flow.nothing_said"]),
        ("ask: {prompt: {say: [], goto: end}}", ["9:18 flow.nothing_said"]),
        # --- questions ---
        (
            "ask: {menu: {prompt: [hello], kind: scale, choices: {'*': end}}}",
            ["9:56 flow.answer_is_no_number"],
        ),
        (
            "ask: {menu: {prompt: [hello], kind: scale, choices: {1: {goto: end, value: one}}}}",
            ["9:56 flow.answer_is_no_number"],
        ),
        (
            "ask: {menu: {prompt: [hello], kind: yes_no, choices: {1: end, 2: end}}}",
            ["9:33 flow.no_yes_or_no"],
        ),
        (
            (
                "ask: {menu: {prompt: [hello], kind: yes_no, choices: {1: {goto: end, value: yes},"
                " 2: {goto: end, value: no}, 9: end}}}"
            ),
            [],
        ),
        (
            "ask: {field: {prompt: [hello], most_digits: 1, fewest_digits: 2, goto: end}}",
            ["9:3 flow.digits_order"],
        ),
        ("ask: {field: {prompt: [hello], least: 5, greatest: 2, goto: end}}", ["9:3 flow.range_order"]),
        (
            "ask: {field: {prompt: [hello], most_digits: 1, greatest: 10, goto: end}}",
            ["9:3 flow.greatest_never_keyed"],
        ),
        (
            "ask: {field: {prompt: [hello], kind: recommendation, goto: end}}",
            ["9:3 flow.recommendation_range"],
        ),
        ("ask: {field: {prompt: [hello], kind: yes_no, goto: end}}", ["9:3 flow.kind_needs_menu"]),
        (
            "ask: {record: {prompt: [hello], shortest_seconds: 9, longest_seconds: 9, goto: end}}",
            ["9:3 flow.never_long_enough"],
        ),
        (
            (
                "ask: {field: {prompt: [hello], name: q, goto: more}}\n"
                "more: {field: {prompt: [hello], name: q, kind: number, goto: end}}"
            ),
            ["10:3 flow.question_of_two_kinds"],
        ),
        ("ask: {task: {kind: tip, recording: note, goto: end}}", ["9:38 flow.unknown_recording"]),
        ("ask: {exit: {outcome: hung_up}}", ["8:3 flow.unreachable", "9:16 flow.reserved_outcome"]),
        (
            "ask: {menu: {prompt: [hello], title: {en: W}, choices: {1: {goto: end, label: {zh-CN: 一}}}}}",
            ["9:33 flow.language_missing", "9:74 flow.language_missing"],
        ),
        (
            "ask: {transfer: {ring_seconds: 9, goto: end, otherwise: end}}",
            ["9:9 word.one_of"],
        ),
        ("ask: {transfer: {agent: 7, number: call.number, goto: end, otherwise: end}}", []),
        (
            (
                "ask: {transfer: {agent: 7, goto: end, otherwise: end,"
                " values: {who: {value: call.number, title: {en: Number}}}}}"
            ),
            ["9:92 flow.language_missing"],
        ),
        # --- look-ups ---
        (
            "ask: {lookup: {source: table, into: t, arguments: {table: \"'x'\", kex: 1}, goto: end}}",
            ["9:42 flow.missing_argument", "9:68 flow.unknown_argument"],
        ),
        ("ask: {lookup: {source: http, into: t, arguments: {url: \"'crm'\", any: 1}, goto: end}}", []),
        ("ask: {lookup: {source: hours, into: t, goto: end}}", ["9:9 flow.missing_argument"]),
        (
            (
                "ask: {lookup: {source: customer, into: c, goto: say, default: {vip: true, name: x}}}\n"
                "say: {branch: {cases: [{when: c.name == 'x' and c.nmae == 1, goto: end}], otherwise: end}}"
            ),
            ["9:66 flow.default_never_found", "10:51 flow.unknown_field"],
        ),
        # Both are looked up, and one of the two has it.
        (
            (
                "ask: {lookup: {source: customer, into: c, goto: or}}\n"
                "or: {lookup: {source: subscription, into: c, goto: set}}\n"
                "set: {assign: {values: {c.mine: c.product, x: c.company, y: c.mine, z: c.found}, goto: end}}"
            ),
            [],
        ),
        (
            (
                "ask: {lookup: {source: http, into: c, arguments: {url: \"'crm'\"}, goto: set}}\n"
                "set: {assign: {values: {x: c.anything}, goto: end}}"
            ),
            [],
        ),
        # Only the database knows which tables there are.
        (
            (
                "ask: {lookup: {source: table, into: t, arguments: {table: \"'x'\", key: 1}, goto: set}}\n"
                "set: {assign: {values: {x: t.anything}, goto: end}}"
            ),
            [],
        ),
        # --- variables ---
        (
            "ask: {assign: {values: {x: mrak + 1, mark: 2}, goto: end}}",
            ["9:30 flow.unknown_variable_but_near"],
        ),
        ("ask: {assign: {values: {x: '1 + sales'}, goto: end}}", ["9:35 flow.unknown_variable"]),
        ("ask: {assign: {values: {x: call.numbr}, goto: end}}", ["9:30 flow.unknown_variable_but_near"]),
        ("ask: {assign: {values: {x: value}, goto: end}}", ["9:30 flow.unknown_variable"]),
        ("ask: {assign: {values: {call.number: 1}, goto: end}}", ["9:27 flow.reserved_variable"]),
        ("ask: {assign: {values: {from: 1}, goto: end}}", ["9:27 flow.reserved_variable"]),
        ("ask: {field: {name: length, prompt: [hello], goto: end}}", ["9:3 flow.reserved_variable"]),
        # --- secrets ---
        (
            (
                "ask: {field: {name: pin, secret: true, prompt: [hello], goto: send}}\n"
                "send: {send: {to: crm, values: {pin: pin}, goto: say}}\n"
                "say: {prompt: {say: [{digits: pin}], goto: end}}"
            ),
            ["10:40 flow.secret_told", "11:33 flow.secret_said"],
        ),
        # --- what is said ---
        (
            (
                "ask: {lookup: {source: customer, into: c, default: {name: x}, goto: say}}\n"
                "say: {prompt: {say: [{name: c.name}, {name: c.company}], goto: end}}"
            ),
            ["10:47 flow.spoken_without_otherwise"],
        ),
        # What a subscription's currency is, and whether it has words, nobody can tell before.
        (
            (
                "ask: {lookup: {source: subscription, into: s, default: {amount: 1}, goto: say}}\n"
                "say: {prompt: {say: [{money: s.amount, currency_of: s.currency}], goto: end}}"
            ),
            ["10:55 flow.spoken_without_otherwise"],
        ),
        (
            "ask: {exit: {say: [{money: 1, currency_of: \"'EUR'\"}, {money: 1, currency: CHF}]}}",
            ["8:3 flow.unreachable", "9:77 flow.unknown_currency"],
        ),
        # By another way than the key the answer is not known.
        (
            (
                "ask: {menu: {name: m, prompt: [hello], choices: {1: say}, noinput: {goto: say}}}\n"
                "say: {prompt: {say: [{number: m}], goto: end}}"
            ),
            ["10:33 flow.spoken_without_otherwise"],
        ),
        (
            (
                "ask: {menu: {name: m, prompt: [hello], choices: {1: say}, noinput: {goto: say}}}\n"
                "say: {prompt: {say: [{number: 'default(m, 0)'}], goto: end}}"
            ),
            [],
        ),
        ("ask: {prompt: {say: [{digits: call.queue}], goto: end}}", ["9:33 flow.spoken_without_otherwise"]),
        # --- prompts ---
        ("ask: {prompt: {say: [half], goto: end}}", ["9:24 flow.prompt_missing"]),
        ("ask: {prompt: {say: [none], goto: end}}", ["9:24 flow.unknown_prompt"]),
        ("ask: {prompt: {say: [{prompt: \"'none'\"}], goto: end}}", ["9:33 flow.unknown_prompt"]),
        ("ask: {prompt: {say: [{digits: '1', otherwise: half}], goto: end}}", ["9:49 flow.prompt_missing"]),
        ("ask: {record: {prompt: [hello], review: true, goto: end}}", ["9:35 flow.unknown_prompt"]),
        # --- sub-flows ---
        ("ask: {subdialog: {flow: nowhere, goto: end}}", ["9:21 flow.unknown_flow"]),
        ("ask: {subdialog: {flow: main, goto: end}}", ["9:21 flow.recursion"]),
        ("ask: {subdialog: {flow: back, goto: end}}", ["9:21 flow.recursion"]),
        (
            "ask: {subdialog: {flow: sub, values: {wrong: 1}, goto: end}}",
            ["9:21 flow.missing_input", "9:41 flow.unknown_input"],
        ),
        ("ask: {subdialog: {flow: sub, values: {needed: 1}, goto: end}}", []),
    ],
)
def test_a_mistake_is_told_with_its_place(steps: str, expected: list[str]) -> None:
    sub = flow({"a": {"exit": {}}}, name="sub", kind="subdialog", inputs={"needed": 1, "may": None})
    back = flow({"a": {"subdialog": {"flow": "main", "goto": "b"}}, "b": {"exit": {}}}, name="back")
    assert told(text_of(steps), {"sub": sub, "back": back}) == expected


def test_silence_and_wrong_keys_need_a_way_on() -> None:
    head = HEAD.replace("noinput: {prompt: [hello], goto: end}\nnomatch: {goto: end}\n", "")
    steps = f"ask: {MENU}\nnote: {{record: {{prompt: [hello], goto: ask}}}}"
    expected = ["7:3 flow.no_noinput", "7:3 flow.no_nomatch", "8:3 flow.no_noinput", "8:3 flow.unreachable"]
    assert told(text_of(steps, head)) == expected
    # A sub-flow has the ways of the flow that calls it.
    assert told(text_of(f"ask: {MENU}", head.replace("inbound", "subdialog"))) == []


def test_nobody_hears_what_is_said_after_a_hang_up() -> None:
    gone = "gone: {task: {kind: tip, goto: talk}}\ntalk: {prompt: {say: [hello], goto: end}}"
    head = HEAD.replace("start:", "hangup: gone\nstart:")
    assert told(text_of(f"ask: {MENU}\n{gone}", head)) == ["12:3 flow.audible_after_hangup"]


def test_a_survey_has_a_rating() -> None:
    head = HEAD.replace("inbound", "survey")
    assert told(text_of(f"ask: {MENU}", head)) == ["2:1 flow.survey_without_rating"]
    rating = "ask: {menu: {name: rating, kind: scale, prompt: [hello], choices: {1-5: end}}}"
    assert told(text_of(rating, head)) == []


def test_a_call_gives_what_it_has_and_nothing_else() -> None:
    head = HEAD.replace("steps:", "inputs: {call.number: '138', caller: '138', may: ~}\nsteps:")
    assert told(text_of(f"ask: {MENU}", head)) == ["7:30 flow.input_never_given"]
    assert told(text_of(f"ask: {MENU}", head.replace("inbound", "outbound"))) == []


TABLE = """
ask: {lookup: {source: table, into: t, arguments: {table: "'prices'", key: 1}, default: {tax: 0}, goto: set}}
set: {assign: {values: {x: t.price, y: t.pirce}, goto: end}}
"""


def test_columns_are_looked_for_where_it_is_known_which_a_table_has() -> None:
    tables = {"prices": ("price", "product")}
    found = lint(read(text_of(TABLE), "main.yaml"), {}, lambda *_: True, tables.get)
    assert [f"{one.line}:{one.column} {one.code}" for one in found] == [
        "9:92 flow.default_never_found",
        "10:42 flow.unknown_column",
    ]
    assert found[1].text("en") == (
        "There is no `t.pirce`: the table prices has the columns found, price, product, tax."
    )
    assert errors(found) == []


def test_a_table_whose_name_is_in_data_may_have_any_column() -> None:
    text = text_of(TABLE.replace("\"'prices'\"", "call.queue"))
    assert lint(read(text, "main.yaml"), {}, lambda *_: True, {"prices": ("price",)}.get) == []


def test_a_field_is_told_with_all_that_there_are() -> None:
    steps = "ask: {lookup: {source: staff, into: s, arguments: {staff: 1, pin: 2}, goto: set}}\n"
    (found,) = problems_of(text_of(steps + "set: {assign: {values: {x: s.nmae}, goto: end}}"))
    assert found.severity is Severity.ERROR
    assert found.line_of_text("en") == (
        "main.yaml:10:30: error: There is no `s.nmae`: a look-up of staff gives found, id, name, role. "
        "[flow.unknown_field]"
    )
    assert "查询 staff 只提供 found, id, name, role" in found.text("zh-CN")


def test_what_cannot_be_read_is_told_as_it_is() -> None:
    document = read("flow: [", "main.yaml")
    assert lint(document, {}) == document.problems


def test_warnings_do_not_keep_a_flow_from_being_used() -> None:
    found = problems_of(text_of(f"ask: {MENU}\nold: {MENU}"))
    assert [one.severity for one in found] == [Severity.WARNING]
    assert errors(found) == []
    assert found[0].line_of_text("en") == (
        "main.yaml:10:3: warning: Nothing leads to the step `old`. [flow.unreachable]"
    )
    assert found[0].line_of_text("zh-CN").startswith("main.yaml:10:3: 警告: ")


@pytest.mark.parametrize("code", TEXTS)
def test_every_problem_has_words_in_both_languages_about_the_same(code: str) -> None:
    english, chinese = TEXTS[code]
    assert english.endswith((".", "?"))
    assert chinese.endswith(("。", "？"))
    fields = [sorted({part.split("}")[0] for part in text.split("{")[1:]}) for text in (english, chinese)]
    assert fields[0] == fields[1]
