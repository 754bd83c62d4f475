"""A dialogue of a simulation as lines to read. Pure."""

from collections.abc import Iterator, Mapping
from typing import Final

from cti.flows.expression import text_of
from cti.flows.simulation import Deed, Dialogue, Exchange

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "by": "by",
        "silence": "(silence)",
        "fits_nothing": "fits nothing",
        "answer": "answer",
        "waits": "waits for: {expected}",
        "outcome": "Outcome: {outcome}",
        "answers": "Answers:",
        "done": "Asked of others:",
    },
    "zh-CN": {
        "by": "经由",
        "silence": "（无按键）",
        "fits_nothing": "不适用",
        "answer": "回答",
        "waits": "等待：{expected}",
        "outcome": "结果：{outcome}",
        "answers": "回答：",
        "done": "交给他人的事项：",
    },
}


def dialogue_text(dialogue: Dialogue, language: str) -> str:
    """What was said and keyed, line by line, then what the record has of it."""
    words = _WORDS[language]
    lines = [line for exchange in dialogue.exchanges for line in _exchange(exchange, words)]
    if dialogue.expected:
        lines.append("  … " + words["waits"].format(expected=", ".join(dialogue.expected)))
    lines.append("")
    if dialogue.answers:
        lines.append(words["answers"])
        lines += [f"  {question}: {value}" for question, value in dialogue.answers.items()]
    if dialogue.deeds:
        lines.append(words["done"])
        lines += [f"  {_deed(deed)}" for deed in dialogue.deeds]
    if dialogue.outcome:
        lines.append(words["outcome"].format(outcome=dialogue.outcome))
    return "\n".join(lines)


def _exchange(exchange: Exchange, words: Mapping[str, str]) -> Iterator[str]:
    for keys in exchange.mistakes:
        yield f"      {keys}: {words['fits_nothing']}" if keys else f"      {words['silence']}"
    for answer in exchange.answers:
        yield f"      {words['answer']} {answer.question} = {answer.value}"
    for way in exchange.ways:
        yield f"[{way.flow}/{way.step}] {words['by']} {way.way}"
    for text in exchange.says:
        yield f"  » {text}"
    if exchange.deed is not None:
        yield f"  ● {_deed(exchange.deed)}"
    if exchange.told:
        yield f"  « {exchange.told}"


def _deed(deed: Deed) -> str:
    details = ", ".join(
        f"{name}={text_of(value)}" for name, value in deed.details.items() if value is not None
    )
    return f"{deed.action}({details})"
