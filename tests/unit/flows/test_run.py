"""A run: from step to step, verb by verb, and what happens when nothing goes as it should."""

import msgspec
import pytest

from cti.flows import actions
from cti.flows.actions import (
    Answered,
    Ask,
    Connect,
    End,
    Failed,
    Find,
    Found,
    GiveUp,
    Mistaken,
    NotFound,
    OfferCallback,
    OpenTask,
    PassedValue,
    Play,
    RefuseCalls,
    Returned,
    SendMessage,
    SpeakLanguage,
    SwitchAnnouncement,
    WaitInQueue,
)
from cti.flows.deed_words import RefusalScope, TaskKind
from cti.flows.run import Run
from cti.flows.sources import LookUpSource
from cti.flows.state import StateInvalidError
from tests.unit.flows.flowkit import DONE, HUNG_UP, SILENT, Told, flow, heard, keyed, run

MENU = {"prompt": ["what"], "choices": {"1": "one", "2-4": {"goto": "two", "value": "many"}}}
ENDS = {"one": {"exit": {"outcome": "one"}}, "two": {"exit": {"say": ["bye"], "outcome": "two"}}}
MENU_FLOW = flow(
    {"ask": {"menu": MENU}, **ENDS, "late": {"exit": {"outcome": "late"}}},
    noinput={"prompt": ["nothing-heard"], "goto": "late"},
    nomatch={"prompt": ["wrong-key"]},
)


def told(*flows: object, **more: object) -> Told:
    return Told(run(*flows, **more))  # type: ignore[arg-type]


# --- menus ---


def test_an_answer_has_the_words_that_the_flow_has_for_it() -> None:
    title, label = {"en": "Topic", "zh-CN": "主题"}, {"en": "Sales", "zh-CN": "销售"}
    menu = {**MENU, "title": title, "choices": {"1": {"goto": "one", "label": label}, "2": "two"}}
    for key, called in (("1", label), ("2", {})):
        call = told(flow({"ask": {"menu": menu}, **ENDS}))
        call.take(keyed(key))
        [given] = [note for note in call.notes if isinstance(note, Answered)]
        assert (given.title, given.label) == (title, called)


def test_a_menu_asks_for_one_key_and_the_key_leads_on() -> None:
    call = told(MENU_FLOW)
    assert call.last == Ask(
        step="main/ask",
        notes=(actions.Entered(flow="main", step="ask", way="start"),),
        says=(actions.Utterance(kind=actions.UtteranceKind.PROMPT, value="what"),),
        bargein=True,
        most_keys=1,
        terminator="",
        first_key_seconds=5.0,
        next_key_seconds=5.0,
    )
    end = call.take(keyed("3"))
    assert isinstance(end, End)
    assert (end.outcome, heard(end), end.step) == ("two", ["bye"], "main/two")
    assert call.answers == [("ask", "many")]
    assert call.ways == ["ask by start", "two by 3"]
    assert call.run.outcome == "two"


def test_an_answer_is_noted_before_what_follows_is_heard() -> None:
    call = told(MENU_FLOW)
    end = call.take(keyed("2"))
    assert [type(note).__name__ for note in end.notes] == ["Answered", "Entered"]


def test_silence_is_told_and_asked_again_and_after_the_tries_its_way_is_taken_without_another_word() -> None:
    call = told(MENU_FLOW)
    again = call.take(SILENT)
    assert heard(again) == ["nothing-heard", "what"]
    call.take(SILENT)
    end = call.take(SILENT)
    assert isinstance(end, End)
    assert (end.outcome, heard(end)) == ("late", [])
    assert call.ways == ["ask by start", "late by noinput"]


def test_silence_and_wrong_keys_are_counted_each_by_itself() -> None:
    call = told(MENU_FLOW)
    call.take(SILENT, keyed("9"), SILENT)
    assert heard(call.take(keyed("*"))) == ["wrong-key", "what"]
    assert isinstance(call.take(keyed("12")), GiveUp)
    mistakes = [note.keys for note in call.notes if isinstance(note, Mistaken)]
    assert mistakes == ["", "9", "", "*", "12"]


def test_each_question_has_its_own_tries() -> None:
    again = {"prompt": ["again"], "choices": {"1": "one"}}
    call = told(flow({"ask": {"menu": {**MENU, "choices": {"1": "more"}}}, "more": {"menu": again}, **ENDS}))
    call.take(SILENT, SILENT, keyed("9"), keyed("9"), keyed("1"))
    for event in (SILENT, SILENT, keyed("9"), keyed("9")):
        assert heard(call.take(event))[-1:] == ["again"]
    assert isinstance(call.take(keyed("1")), End)


def test_wrong_keys_without_a_way_on_are_for_the_dialplan_and_not_for_the_way_of_errors() -> None:
    broken = flow({"ask": {"menu": {**MENU, "tries": 1}}, **ENDS}, error="one")
    call = told(broken)
    assert call.take(keyed("9")) == GiveUp(
        step="main/ask", reason="nomatch", notes=(Mistaken(flow="main", step="ask", keys="9"),)
    )
    assert call.run.outcome == "failed"


def test_a_steps_own_handler_goes_before_the_flows_word_by_word() -> None:
    own = {**MENU, "tries": 2, "noinput": {"prompt": ["hello"]}, "nomatch": {"goto": "one"}}
    call = told(
        flow(
            {"ask": {"menu": own}, **ENDS},
            noinput={"prompt": ["what"], "goto": "two"},
            nomatch={"prompt": ["x"]},
        )
    )
    assert heard(call.take(SILENT)) == ["hello", "what"]
    assert heard(call.take(keyed("9"))) == ["x", "what"]
    end = call.take(keyed("9"))
    assert isinstance(end, End)
    assert end.outcome == "one"


def test_a_choice_sets_variables_and_a_mark_is_a_number() -> None:
    steps = {
        "rating": {
            "menu": {
                "prompt": ["how"],
                "name": "service-rating",
                "kind": "scale",
                "choices": {"1-5": {"goto": "sum", "set": {"twice": "service_rating * 2"}}},
            }
        },
        "sum": {"exit": {"say": [{"number": "twice"}]}},
    }
    call = told(flow(steps))
    assert heard(call.take(keyed("4"))) == ["number:8"]
    assert call.answers == [("service-rating", "4")]
    assert call.run.variables == {"service_rating": 4, "twice": 8}


# --- fields ---

FIELD = {"prompt": ["account"], "goto": "one", "fewest_digits": 2, "most_digits": 4}


def test_a_field_takes_keys_that_fit() -> None:
    call = told(flow({"account": {"field": FIELD}, **ENDS}))
    assert isinstance(call.last, Ask)
    assert (call.last.most_keys, call.last.terminator, call.last.next_key_seconds) == (4, "#", 3.0)
    assert isinstance(call.take(keyed("0042")), End)
    assert call.answers == [("account", "0042")]
    assert call.run.variables == {"account": "0042"}


@pytest.mark.parametrize(
    ("more", "keys", "fits"),
    [
        ({}, "1", False),
        ({}, "12345", False),
        ({}, "1*", False),
        ({}, "١٢", False),
        ({"least": 20}, "19", False),
        ({"least": 20}, "20", True),
        ({"greatest": 20}, "21", False),
        ({"greatest": 20}, "020", True),
        ({"check": "value == '77'"}, "77", True),
        ({"check": "value == '77'"}, "78", False),
        ({"check": "value == account.pin"}, "1234", True),
        ({"check": "value < 50", "kind": "number"}, "0049", True),
    ],
)
def test_what_does_not_fit_a_field_is_a_mistake(more: dict[str, object], keys: str, fits: bool) -> None:
    call = told(flow({"account": {"field": {**FIELD, **more}}, **ENDS}), data={"account.pin": "1234"})
    assert isinstance(call.take(keyed(keys)), End) is fits


def test_nothing_before_the_terminator_is_a_wrong_key_unless_no_digit_is_enough() -> None:
    call = told(flow({"a": {"field": {**FIELD, "nomatch": {"prompt": ["wrong"]}}}, **ENDS}))
    assert heard(call.take(keyed("", terminated=True))) == ["wrong", "account"]
    call = told(flow({"a": {"field": {**FIELD, "fewest_digits": 0}}, **ENDS}))
    assert isinstance(call.take(keyed("", terminated=True)), End)


def test_a_field_is_confirmed_or_entered_again() -> None:
    confirmed = {**FIELD, "confirm": ["you-entered", {"digits": "value"}]}
    call = told(flow({"account": {"field": confirmed}, **ENDS}))
    assert heard(call.take(keyed("12"))) == ["you-entered", "digits:12", "flow/confirm"]
    assert call.answers == []
    assert heard(call.take(keyed("2"))) == ["account"]
    call.take(keyed("13"))
    assert heard(call.take(SILENT)) == ["you-entered", "digits:13", "flow/confirm"]
    assert isinstance(call.take(keyed("1")), End)
    assert call.answers == [("account", "13")]


def test_who_never_confirms_comes_to_an_end() -> None:
    confirmed = {**FIELD, "confirm": [{"digits": "value"}], "nomatch": {"goto": "two"}}
    call = told(flow({"account": {"field": confirmed}, **ENDS}))
    for _ in range(3):
        call.take(keyed("12"), keyed("2"))
    assert call.ways[-1] == "two by nomatch"


def test_a_secret_is_written_down_nowhere() -> None:
    secret = {
        **FIELD,
        "secret": True,
        "check": "value != '0000'",
        "confirm": [{"digits": "value"}],
        "goto": "copy",
    }
    steps = {
        "pin": {"field": secret},
        "copy": {"assign": {"values": {"copied": "pin + ''"}, "goto": "find"}},
        "find": {"lookup": {"source": "http", "into": "x", "goto": "send", "arguments": {"pin": "copied"}}},
        "send": {"send": {"to": "crm", "values": {"pin": "copied"}, "goto": "task"}},
        "task": {"task": {"kind": "callback", "values": {"pin": "pin"}, "goto": "join"}},
        "join": {"transfer": {"agent": "7", "values": {"pin": "copied"}, "goto": "sub", "otherwise": "sub"}},
        "sub": {"subdialog": {"flow": "sub", "values": {"given": "copied"}, "into": "back", "goto": "tell"}},
        "tell": {"prompt": {"say": ["it-is", {"digits": "back", "otherwise": "secret"}], "goto": "end"}},
        "end": {"exit": {}},
    }
    sub = flow({"out": {"exit": {"say": ["in-sub"], "result": "given"}}}, name="sub", kind="subdialog")
    main = flow(steps)
    call = told(main, sub)
    assert isinstance(call.last, Ask)
    assert call.last.secret
    call.take(keyed("0000"))
    call.take(keyed("1357"))
    assert heard(call.last) == ["flow/confirm"]
    assert b"1357" not in call.run.dump()
    find = call.take(keyed("1"))
    assert isinstance(find, Find)
    assert find.arguments == {"pin": "1357"}
    ended = {Find: Found(values={}), Connect: Returned(result="answered")}
    while not isinstance(call.last, End):
        assert b"1357" not in call.run.dump()
        assert "1357" not in str(call.run.variables)
        call.take(ended.get(type(call.last), DONE))
    assert [type(action) for action in call.actions[4:8]] == [SendMessage, OpenTask, Connect, Play]
    assert heard(call.actions[8]) == ["it-is", "secret"]
    shown = str([action for action in call.actions if not isinstance(action, Find)])
    assert "1357" not in shown
    assert "0000" not in shown
    assert call.answers == [("pin", "****")]


# --- what is said ---


def test_values_are_said_or_something_else_is() -> None:
    parts = [
        "hello",
        {"name": "customer.name", "otherwise": "dear-customer"},
        {"money": "price", "currency": "USD"},
        {"date": "ends_on", "otherwise": "soon"},
        {"number": "missing", "otherwise": "some"},
        {"number": "missing"},
        {"number": "'many'", "otherwise": "some"},
        {"digits": "'12;3'"},
        {"duration": "1e2"},
        {"time": "'18:30'"},
        {"date": "'tomorrow'", "otherwise": "soon"},
        {"prompt": "'branches/north'", "language": "en"},
        {"prompt": "'../etc/passwd'"},
    ]
    call = told(
        flow({"a": {"prompt": {"say": parts, "goto": "b"}}, "b": {"exit": {}}}),
        data={"customer.name": "王", "price": 98.50, "ends_on": "2026-12-31"},
    )
    assert heard(call.last) == [
        "hello",
        "name:王",
        "money:98.5",
        "date:2026-12-31",
        "some",
        "some",
        "duration:100",
        "time:18:30",
        "soon",
        "branches/north",
    ]
    assert isinstance(call.last, Play)
    assert [said.currency for said in call.last.says if said.currency] == ["USD"]
    assert [said.value for said in call.last.says if said.language == "en"] == ["branches/north"]
    assert [said.otherwise for said in call.last.says if said.otherwise] == ["dear-customer", "soon"]


@pytest.mark.parametrize(
    ("currency", "said"), [("USD", "USD"), (" hkd ", "HKD"), ("CHF", ""), ("", ""), (7, ""), (None, "")]
)
def test_an_amount_is_said_in_its_own_currency_or_not_at_all(currency: str | int | None, said: str) -> None:
    parts = [{"money": "price", "currency_of": "paid_in", "otherwise": "as-agreed"}]
    call = told(
        flow({"a": {"prompt": {"say": parts, "goto": "b"}}, "b": {"exit": {}}}),
        data={"price": 98, "paid_in": currency},
    )
    assert isinstance(call.last, Play)
    assert heard(call.last) == (["money:98"] if said else ["as-agreed"])
    assert call.last.says[0].currency == said


def test_a_key_that_breaks_a_prompt_off_is_forgotten_and_nothing_to_say_is_no_action() -> None:
    steps = {
        "a": {"prompt": {"say": [{"number": "missing"}], "goto": "b"}},
        "b": {"prompt": {"say": ["x"], "goto": "ask", "bargein": False}},
        "ask": {"menu": MENU},
        **ENDS,
    }
    call = told(flow(steps))
    assert call.last.step == "main/b"
    assert heard(call.take(keyed("1"))) == ["what"]


# --- data ---


def test_a_lookup_gives_variables_and_its_default_what_is_missing() -> None:
    lookup = {
        "source": "customer",
        "into": "customer",
        "goto": "b",
        "arguments": {"number": "call.number", "level": "2"},
        "default": {"name": "nobody", "vip": False},
        "otherwise": "c",
    }
    main = flow({"a": {"lookup": lookup}, "b": {"exit": {}}, "c": {"exit": {"outcome": "unknown"}}})
    call = told(main, data={"call.number": "+861", "customer.old": 1})
    assert call.last == Find(
        step="main/a",
        notes=call.last.notes,
        source=LookUpSource.CUSTOMER,
        arguments={"number": "+861", "level": 2},
        timeout_seconds=1.0,
    )
    call.take(Found(values={"name": None, "id": 7, "deep": ["no"]}))  # type: ignore[dict-item]
    assert call.run.variables == {
        "customer.name": "nobody",
        "customer.vip": False,
        "customer.id": 7,
        "customer.found": True,
    }
    assert call.ways[-1] == "b by goto"
    for nothing in (NotFound(), Failed(reason="away")):
        call = told(main)
        call.take(nothing)
        assert call.run.variables["customer.found"] is False
        assert call.ways[-1] == "c by otherwise"


def test_assign_and_branch() -> None:
    steps = {
        "a": {"assign": {"values": {"x": "1", "y": "x + 1"}, "goto": "b"}},
        "b": {
            "branch": {
                "cases": [{"when": "y > 2", "goto": "no"}, {"when": "y == 2", "goto": "yes"}],
                "otherwise": "no",
            }
        },
        "yes": {"exit": {"outcome": "yes"}},
        "no": {"exit": {"outcome": "no"}},
    }
    call = told(flow(steps))
    assert call.ways == ["a by start", "b by goto", "yes by case 2"]
    assert call.run.outcome == "yes"
    steps["a"]["assign"]["values"] = {"y": "missing"}  # type: ignore[index]
    assert told(flow(steps)).ways[-1] == "no by otherwise"


def test_a_language_that_is_known_is_spoken_from_then_on() -> None:
    steps = {
        "a": {"language": {"to": "en", "goto": "b"}},
        "b": {"language": {"of": "customer.language", "goto": "c"}},
        "c": {"exit": {}},
    }
    call = told(flow(steps), data={"customer.language": "tlh"})
    assert call.last == SpeakLanguage(step="main/a", notes=call.last.notes, language="en")
    assert isinstance(call.take(DONE), End)
    assert call.run.language == "en"


# --- where the call goes ---

QUEUE_FLOW = flow(
    {
        "q": {
            "queue": {
                "of": "team",
                "priority": 3,
                "longest_seconds": 60,
                "keys": {"1": "mail", "2": "cb"},
                "goto": "end",
                "otherwise": "mail",
            }
        },
        "mail": {"voicemail": {"prompt": ["leave"], "goto": "end"}},
        "cb": {"callback": {"goto": "end", "otherwise": "mail"}},
        "end": {"exit": {}},
    }
)


@pytest.mark.parametrize(
    ("event", "way"),
    [
        (Returned(result="answered"), "end by goto"),
        (Returned(result="key", key="1"), "mail by 1"),
        (Returned(result="key", key="2"), "cb by 2"),
        (Returned(result="key", key="3"), "mail by otherwise"),
        (Returned(result="timeout"), "mail by otherwise"),
        (Failed(reason="away"), "mail by otherwise"),
    ],
)
def test_back_from_a_queue(event: actions.Event, way: str) -> None:
    call = told(QUEUE_FLOW, data={"team": "sales"})
    assert call.last == WaitInQueue(
        step="main/q", notes=call.last.notes, queue="sales", longest_seconds=60, priority=3, keys="12"
    )
    call.take(event)
    assert call.ways[-1] == way


def test_a_queue_without_a_name_is_left_at_once() -> None:
    assert told(QUEUE_FLOW).ways[-1] == "mail by otherwise"


def test_a_callback_and_a_message_are_of_the_queue_that_was_left() -> None:
    call = told(QUEUE_FLOW, data={"team": "sales"})
    offer = call.take(Returned(result="key", key="2"))
    assert offer == OfferCallback(step="main/cb", notes=offer.notes, queue="sales", number="")
    call.take(Returned(result="refused"))
    task = call.take(actions.Recorded(recording="r1", seconds=9.5))
    assert task == OpenTask(
        step="main/mail",
        notes=task.notes,
        kind=TaskKind.VOICEMAIL,
        queue="sales",
        supervisor=False,
        values={"seconds": 9.5},
        recording="r1",
    )
    assert call.answers == [("mail", "r1")]
    assert isinstance(call.take(Found(values={"reference": "4711"})), End)
    assert call.run.variables["task.reference"] == "4711"


def test_silence_instead_of_a_message_is_no_task() -> None:
    call = told(QUEUE_FLOW)
    call.take(SILENT)
    assert call.ways[-1] == "end by noinput"


def test_a_message_of_who_hangs_up_while_speaking_is_a_task() -> None:
    call = told(QUEUE_FLOW)
    task = call.take(actions.Recorded(recording="r1", seconds=3))
    assert isinstance(task, OpenTask)
    end = call.take(DONE)
    assert isinstance(end, End)


@pytest.mark.parametrize(
    ("result", "way"), [("answered", "end"), ("busy", "no"), ("no_answer", "no"), ("nowhere", "no")]
)
def test_a_transfer(result: str, way: str) -> None:
    steps = {
        "t": {
            "transfer": {
                "agent": "branch.agent",
                "ring_seconds": 20,
                "values": {"topic": "'ads'"},
                "goto": "end",
                "otherwise": "no",
            }
        },
        "end": {"exit": {}},
        "no": {"exit": {}},
    }
    call = told(flow(steps), data={"branch.agent": 7})
    assert call.last == Connect(
        step="main/t",
        notes=call.last.notes,
        agent="7",
        extension="",
        number="",
        ring_seconds=20,
        values=(PassedValue(name="topic", value="ads"),),
    )
    call.take(Returned(result=result))
    assert call.run.place == f"main/{way}"
    assert told(flow(steps)).run.place == "main/no"


def test_what_is_passed_on_has_the_words_of_its_question_its_choice_or_its_own() -> None:
    property_, kind = {"en": "Property", "zh-CN": "房产"}, {"en": "Kind", "zh-CN": "类别"}
    choice = {"goto": "pin", "value": "property", "label": property_}
    steps = {
        "topic-of": {"menu": {"prompt": ["what"], "title": kind, "choices": {"1": choice}}},
        "pin": {"field": {"prompt": ["what"], "secret": True, "goto": "join"}},
        "join": {
            "transfer": {
                "extension": "'1001'",
                "values": {
                    "topic": "topic_of",
                    "as_it_is": "upper(topic_of)",
                    "who": {"value": "customer.name", "title": {"en": "Customer"}},
                    "nobody": "customer.company",
                    "pin": "pin",
                },
                "goto": "end",
                "otherwise": "end",
            }
        },
        "end": {"exit": {}},
    }
    call = told(flow(steps), data={"customer.name": "王芳"})
    join = call.take(keyed("1"), keyed("2718"))
    assert isinstance(join, Connect)
    assert join.values == (
        PassedValue(name="topic", value="property", title=kind, label=property_),
        PassedValue(name="as_it_is", value="PROPERTY"),
        PassedValue(name="who", value="王芳", title={"en": "Customer"}),
        PassedValue(name="pin", value="****"),
    )


def test_what_somebody_has_to_do_and_what_is_told_to_others() -> None:
    steps = {
        "send": {"send": {"to": "crm", "values": {"n": "1 + 1"}, "goto": "task"}},
        "task": {
            "task": {"kind": "complaint", "supervisor": True, "values": {"r": "rating"}, "goto": "refuse"}
        },
        "refuse": {"refuse": {"scope": "campaign", "goto": "switch"}},
        "switch": {"switch": {"announcement": "name", "on": "true", "goto": "end"}},
        "end": {"exit": {"say": [{"digits": "task.reference"}]}},
    }
    call = told(flow(steps), data={"rating": 1, "call.queue": "sales", "name": "outage"})
    call.take(DONE, Found(values={"reference": "42"}), DONE, DONE)
    assert next(action for action in call.actions if isinstance(action, SendMessage)).values == {"n": 2}
    task = next(action for action in call.actions if isinstance(action, OpenTask))
    assert (task.kind, task.queue, task.supervisor, task.values) == ("complaint", "sales", True, {"r": 1})
    refuse = next(action for action in call.actions if isinstance(action, RefuseCalls))
    assert refuse.scope is RefusalScope.CAMPAIGN
    switch = next(action for action in call.actions if isinstance(action, SwitchAnnouncement))
    assert (switch.announcement, switch.on) == ("outage", True)
    assert heard(call.last) == ["digits:42"]


# --- sub-flows ---

SUB = flow(
    {
        "ask": {"menu": {"prompt": ["sure"], "choices": {"1": "yes"}, "tries": 1}},
        "yes": {"exit": {"say": ["fine"], "result": "ask + given"}},
    },
    name="sure",
    kind="subdialog",
)
MAIN = flow(
    {
        "a": {"subdialog": {"flow": "sure", "values": {"given": "'!'"}, "into": "answer", "goto": "b"}},
        "b": {"exit": {"say": [{"name": "answer"}]}},
        "late": {"exit": {"outcome": "late"}},
        "wrong": {"exit": {"outcome": "wrong"}},
    },
    noinput={"goto": "late"},
    error="wrong",
)


def test_a_sub_flow_comes_back_with_its_result() -> None:
    call = told(MAIN, SUB)
    assert call.last.step == "sure/ask"
    assert heard(call.take(keyed("1"))) == ["fine"]
    assert heard(call.take(DONE)) == ["name:1!"]
    assert call.ways == ["a by start", "ask by start", "yes by 1", "b by returned"]
    assert call.run.variables == {"answer": "1!"}


def test_a_sub_flow_that_has_no_way_on_takes_that_of_the_flow_that_called_it() -> None:
    call = told(MAIN, SUB)
    call.take(SILENT)
    assert call.run.place == "main/late"
    call = told(MAIN, SUB)
    call.take(Failed(reason="no sound"))
    assert call.run.place == "main/wrong"


def test_a_flow_that_calls_itself_comes_to_an_end() -> None:
    endless = flow({"a": {"subdialog": {"flow": "main", "goto": "b"}}, "b": {"exit": {}}})
    assert told(endless).last == GiveUp(step="main/a", reason="limit.depth", notes=told(endless).last.notes)
    assert told(flow({"a": {"subdialog": {"flow": "gone", "goto": "a"}}})).run.outcome == "failed"


# --- what nobody wished for ---


def test_steps_are_limited_and_then_the_way_of_errors_is_taken_once() -> None:
    loop = {
        "a": {"assign": {"values": {"n": "default(n, 0) + 1"}, "goto": "a"}},
        "sorry": {"prompt": {"say": ["sorry"], "goto": "a"}},
    }
    call = told(flow(loop, error="sorry", limits={"steps": 10}))
    assert (call.run.variables, heard(call.last)) == ({"n": 10}, ["sorry"])
    end = call.take(DONE)
    assert isinstance(end, GiveUp)
    assert end.reason == "limit.steps"
    assert call.run.variables == {"n": 59}


def test_seconds_are_told_by_who_has_a_clock() -> None:
    call = told(flow({"ask": {"menu": MENU}, **ENDS}, error="two"))
    assert heard(call.take(actions.Expired())) == ["bye"]
    call = told(flow({"ask": {"menu": MENU}, **ENDS}))
    end = call.take(actions.Expired())
    assert isinstance(end, GiveUp)
    assert end.reason == "limit.seconds"


def test_after_a_hang_up_only_what_makes_no_sound_is_done() -> None:
    steps = {
        "ask": {"menu": {**MENU, "name": "mark"}},
        **ENDS,
        "gone": {"branch": {"cases": [{"when": "mark == 1", "goto": "one"}], "otherwise": "task"}},
        "task": {"task": {"kind": "callback", "goto": "talk"}},
        "talk": {"prompt": {"say": ["hello"], "goto": "never"}},
        "never": {"task": {"kind": "tip", "goto": "one"}},
    }
    call = told(flow(steps, hangup="gone"))
    assert isinstance(call.take(HUNG_UP), OpenTask)
    end = call.take(DONE)
    assert isinstance(end, End)
    assert (end.outcome, end.says) == ("hung_up", ())
    assert call.ways == ["ask by start", "gone by hangup", "task by otherwise"]


def test_an_exit_on_the_way_of_a_hang_up_gives_its_outcome() -> None:
    steps = {"a": {"prompt": {"say": ["x"], "goto": "one"}}, **ENDS, "plain": {"exit": {}}}
    for step, outcome in {"one": "one", "plain": "hung_up"}.items():
        call = told(flow(steps, hangup=step))
        call.take(HUNG_UP)
        assert call.run.outcome == outcome


def test_who_hangs_up_in_a_sub_flow_leaves_by_the_flow_that_has_a_way_for_it() -> None:
    gone = msgspec.structs.replace(MAIN, hangup="late")
    call = told(gone, SUB)
    call.take(HUNG_UP)
    assert call.ways[-1] == "late by hangup"
    assert call.run.outcome == "late"
    call = told(MAIN, SUB)
    call.take(HUNG_UP)
    assert (call.run.outcome, call.run.place) == ("hung_up", "sure/ask")


def test_a_run_that_is_over_stays_over() -> None:
    call = told(flow({"a": {"exit": {"outcome": "renewed"}}}))
    for event in (DONE, HUNG_UP, keyed("1")):
        assert call.take(event) == End(step="main/a", says=(), outcome="renewed")


def test_a_run_goes_on_elsewhere_from_what_it_wrote_down() -> None:
    first = run(QUEUE_FLOW, data={"team": "sales"}, language="en")
    first.begin()
    dumped = first.dump()
    assert b"\n" not in dumped
    second = Run.load(dumped, {"main": QUEUE_FLOW})
    assert second.language == "en"
    assert second.take(Returned(result="timeout")) == first.take(Returned(result="timeout"))


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"{}",
        b'{"frames":[],"call":{},"steps_left":1}',
        b'{"frames":[{"flow":"gone"}],"call":{},"steps_left":1}',
        b'{"frames":[{"flow":"main","step":"gone"}],"call":{},"steps_left":1}',
    ],
)
def test_what_is_no_state_is_refused(broken: bytes) -> None:
    with pytest.raises(StateInvalidError):
        Run.load(broken, {"main": QUEUE_FLOW})


def test_a_flow_that_leads_nowhere_is_given_up() -> None:
    assert told(flow({"a": {"prompt": {"say": [], "goto": "gone"}}})).run.outcome == "failed"
    assert told(flow({"a": {}})).run.outcome == "failed"
    assert (
        told(flow({"a": {"branch": {"cases": [{"when": "1 +", "goto": "a"}], "otherwise": "a"}}})).run.outcome
        == "failed"
    )
