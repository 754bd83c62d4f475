"""A flow tried without a phone: the dialogue, the record, and going on from one word to the next."""

import base64
from collections.abc import Mapping

import msgspec
import pytest

from cti.flows.actions import Utterance, UtteranceKind
from cti.flows.caller_words import UnfitWordError
from cti.flows.dialogue_text import dialogue_text
from cti.flows.graph import edges
from cti.flows.model import Flow
from cti.flows.sayings import text_of_one
from cti.flows.simulation import Deed, Dialogue, act, simulate, start
from cti.flows.state import StateInvalidError
from tests.unit.flows.flowkit import flow

TEXTS = {
    "how": {"zh-CN": "请评分。", "en": "Your rating?"},
    "nothing": {"zh-CN": "没有收到。", "en": "Nothing heard."},
    "bye": {"en": "Goodbye."},
}


def texts(name: str) -> Mapping[str, str]:
    return TEXTS.get(name, {})


RATING = {"prompt": ["how"], "kind": "scale", "choices": {"1-2": "task", "3-5": "queue"}}
MAIN = flow(
    {
        "find": {
            "lookup": {"source": "customer", "into": "customer", "goto": "rating", "otherwise": "rating"}
        },
        "rating": {"menu": {**RATING, "noinput": {"prompt": ["nothing"], "goto": "end"}}},
        "task": {
            "task": {"kind": "callback", "queue": "a", "values": {"queue": "customer.name"}, "goto": "record"}
        },
        "record": {"record": {"prompt": ["how"], "review": True, "goto": "pin"}},
        "pin": {
            "field": {
                "prompt": ["how"],
                "secret": True,
                "most_digits": 4,
                "check": "value == '0000'",
                "goto": "english",
            }
        },
        "english": {"language": {"to": "en", "goto": "say"}},
        "say": {"prompt": {"say": [{"digits": "task.reference"}], "goto": "end"}},
        "queue": {"queue": {"name": "sales", "keys": {"1": "end"}, "goto": "join", "otherwise": "back"}},
        "back": {"callback": {"goto": "end", "otherwise": "end"}},
        "join": {"transfer": {"agent": "7", "goto": "end", "otherwise": "end"}},
        "end": {"exit": {"say": ["bye"], "outcome": "rated"}},
    }
)
FLOWS: dict[str, Flow] = {"main": MAIN}


def tried(words: str, **more: object) -> Dialogue:
    return simulate(FLOWS, "main", words, texts=texts, **more)  # type: ignore[arg-type]


def path(dialogue: Dialogue) -> list[str]:
    return [f"{way.step} by {way.way}" for way in dialogue.ways]


def test_a_dialogue_has_what_was_said_what_was_keyed_and_what_became_of_it() -> None:
    dialogue = tried("noinput 9 1 record 3 1234 0000#", data={"customer.name": "王"})
    assert path(dialogue)[:3] == ["find by start", "rating by goto", "task by 1"]
    assert path(dialogue)[-2:] == ["say by goto", "end by goto"]
    assert dialogue.answers == {"rating": "1", "record": "", "pin": "****"}
    task = next(deed for deed in dialogue.deeds if deed.action == "OpenTask")
    assert task == Deed(
        action="OpenTask",
        step="main/task",
        details={
            "kind": "callback",
            "queue": "a",
            "values.queue": "王",
            "supervisor": False,
            "recording": "",
        },
    )
    assert dialogue.outcome == "rated"
    assert dialogue.language == "en"
    assert dialogue.expected == []
    says = [text for exchange in dialogue.exchanges for text in exchange.says]
    assert says[:4] == ["请评分。", "没有收到。", "请评分。", "请评分。"]
    assert says[-2:] == ["1 0 0 1", "Goodbye."]
    assert "1234" not in str(dialogue)
    assert "0000" not in str(dialogue.exchanges)


@pytest.mark.parametrize(
    ("words", "last"),
    [
        ("4 timeout refused", "end by otherwise"),
        ("4 full accepted", "end by goto"),
        ("4 1", "end by 1"),
        ("4 answered busy", "end by otherwise"),
        ("4 answered answered", "end by goto"),
        ("noinput noinput noinput", "end by noinput"),
        ("notfound 4", "queue by 4"),
        ("4 hangup", "queue by 4"),
    ],
)
def test_others_do_what_the_words_say(words: str, last: str) -> None:
    assert path(tried(words))[-1] == last


def test_a_look_up_finds_what_the_data_have_and_nothing_without_any() -> None:
    assert path(tried("", data={"customer.name": "x"}))[1] == "rating by goto"
    assert path(tried(""))[1] == "rating by otherwise"
    assert path(tried("notfound", data={"customer.name": "x"}))[1] == "rating by otherwise"


def test_what_nobody_can_tell_goes_its_own_way_where_a_flow_has_one() -> None:
    assert path(tried("fail"))[1] == "rating by otherwise"
    found = {"source": "customer", "into": "customer", "goto": "end", "otherwise": "nobody", "failed": "away"}
    ends = {name: {"exit": {"outcome": name}} for name in ("end", "nobody", "away")}
    flows = {"main": flow({"find": {"lookup": found}, **ends})}
    outcomes = [simulate(flows, "main", words, texts=texts).outcome for words in ("fail", "notfound")]
    assert outcomes == ["away", "nobody"]
    ways = {(edge.target, edge.way) for edge in edges(flows["main"])}
    assert ways == {("end", "goto"), ("nobody", "otherwise"), ("away", "failed")}


def test_a_hang_up_comes_where_the_caller_is_needed() -> None:
    dialogue = tried("1 hangup")
    assert (dialogue.outcome, path(dialogue)[-1]) == ("hung_up", "record by goto")
    assert tried("hangup").outcome == "hung_up"


def test_something_of_ours_can_fail() -> None:
    assert tried("fail fail").outcome == "failed"
    assert tried("notfound expire").outcome == "failed"


def test_it_waits_where_the_words_end() -> None:
    dialogue = tried("4")
    assert (dialogue.outcome, dialogue.expected) == (
        "",
        ["answered", "timeout", "full", "empty", "1", "hangup"],
    )


@pytest.mark.parametrize(
    ("words", "step"),
    [
        ("12", "main/rating"),
        ("answered", "main/rating"),
        ("1 5", "main/record"),
        ("1 record:x", "main/record"),
        ("1 record 1 12345", "main/pin"),
        ("4 busy", "main/queue"),
        ("4 2", "main/queue"),
    ],
)
def test_a_word_that_fits_nothing_is_refused_with_those_that_do(words: str, step: str) -> None:
    with pytest.raises(UnfitWordError) as refused:
        tried(words)
    assert refused.value.step == step
    assert "hangup" in refused.value.expected


def test_word_by_word_it_is_the_same_as_at_once() -> None:
    words = "noinput 9 1 record 3 1234 0000# "
    dialogue = start(FLOWS, "main", texts=texts)
    exchanges = list(dialogue.exchanges)
    for word in words.split():
        assert dialogue.outcome == ""
        dialogue = act(FLOWS, dialogue.state, word, texts=texts)
        # The first is the one that waited, now with the word.
        before, now = exchanges.pop(), dialogue.exchanges[0]
        exchanges.append(msgspec.structs.replace(before, told=now.told))
        assert (before.step, before.says) == (now.step, now.says)
        exchanges += dialogue.exchanges[1:]
    assert dialogue.state == ""
    assert exchanges == tried(words).exchanges


@pytest.mark.parametrize(
    "state", ["", "?", "e30=", base64.b64encode(b'{"run":{},"action":{}}').decode(), "A" * 300_000]
)
def test_a_state_of_nobody_is_refused(state: str) -> None:
    with pytest.raises(StateInvalidError):
        act(FLOWS, state, "1", texts=texts)


def test_a_forged_state_takes_no_more_steps_than_the_flow_has() -> None:
    steps = {
        "a": {"menu": {"prompt": ["how"], "choices": {"1": "b"}}},
        "b": {"assign": {"values": {}, "goto": "b"}},
    }
    loop = {"loop": flow(steps, name="loop")}
    held = msgspec.json.decode(base64.urlsafe_b64decode(start(loop, "loop", texts=texts).state))
    held["run"]["steps_left"] = 10**12
    forged = base64.urlsafe_b64encode(msgspec.json.encode(held)).decode()
    dialogue = act(loop, forged, "1", texts=texts)
    assert dialogue.outcome == "failed"
    assert len(dialogue.ways) <= loop["loop"].limits.steps


@pytest.mark.parametrize(
    ("kind", "value", "language", "text"),
    [
        ("prompt", "how", "en", "Your rating?"),
        ("prompt", "none", "en", "[none]"),
        ("digits", "0042", "en", "0 0 4 2"),
        ("money", "98.5", "en", "98.5 CNY"),
        ("duration", "20", "en", "1 min"),
        ("duration", "150", "zh-CN", "2 分钟"),
        ("date", "2026-12-31", "en", "2026-12-31"),
    ],
)
def test_what_is_heard_can_be_read(kind: str, value: str, language: str, text: str) -> None:
    said = Utterance(kind=UtteranceKind(kind), value=value, currency="CNY")
    assert text_of_one(said, language, texts) == text


def test_a_dialogue_is_printed_in_both_languages() -> None:
    text = dialogue_text(tried("noinput 4", language="en"), "en")
    assert (
        text
        == """\
[main/find] by start
  ● Find(source=customer, timeout_seconds=1)
[main/rating] by otherwise
  » Your rating?
  « noinput
      (silence)
  » Nothing heard.
  » Your rating?
  « 4
      answer rating = 4
[main/queue] by 4
  ● WaitInQueue(queue=sales, priority=0, keys=1)
  … waits for: answered, timeout, full, empty, 1, hangup

Answers:
  rating: 4
Asked of others:
  Find(source=customer, timeout_seconds=1)
  WaitInQueue(queue=sales, priority=0, keys=1)"""
    )
    assert "结果：rated" in dialogue_text(tried("noinput noinput noinput"), "zh-CN")
