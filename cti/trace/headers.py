"""An event without what it tells of persons.

A header that is not named in `cti.trace.content` is left out: what nobody has looked at may hold anything.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from cti.agents.model import agent_id_of
from cti.asterisk.events import AmiEvent, parse
from cti.trace import ledger_call
from cti.trace.content import Content, content_of
from cti.trace.pseudonyms import Pseudonyms, numbers_in, without_count

_ESCAPED: Final = {
    "\\": r"\\",
    "\r": r"\r",
    "\n": r"\n",
    "\t": r"\t",
    "\a": r"\a",
    "\b": r"\b",
    "\f": r"\f",
    "\v": r"\v",
}
_TO_ESCAPE: Final = re.compile("[\\\\\r\n\t\a\b\f\v]")
_OTHER_CONTROL: Final = re.compile("[\x00-\x1f\x7f]")


def parts(event: AmiEvent) -> Iterator[tuple[str, Content, str]]:
    """(header, what it holds, value) of all that is known of an event."""
    for header, value in event.headers.items():
        content = content_of(header)
        if content is Content.LEDGER:
            yield from ledger_call.parts(value)
        elif content is not None:
            yield header, content, value


def personal(event: AmiEvent) -> Iterator[tuple[Content, str]]:
    """What the event's headers say of persons."""
    for _, content, value in parts(event):
        if content not in (Content.PLAIN, Content.STATE) and not _is_agent(content, value):
            yield content, without_count(value) if content is Content.CHANNEL else value


def numbers_of(events: Iterable[AmiEvent]) -> set[str]:
    """All runs of digits in the headers of some events that may be somebody's number."""
    return {number for event in events for _, value in personal(event) for number in numbers_in(value)}


def without_persons(block: bytes, at: float, pseudonyms: Pseudonyms) -> bytes:
    """An event's block with pseudonyms in it, and with the instant ``at`` when it carries none."""
    event = parse(block)
    lines = [f"Event: {event.name}"]
    if event.at <= 0.0:
        lines.append(f"Timestamp: {at:.6f}")
    for header in _in_order(block):
        content = content_of(header)
        if content is None or (header == "Timestamp" and event.at <= 0.0):
            continue
        value = _replaced(content, event.get(header), pseudonyms)
        lines.append(f"{header}: {_escaped(value)}")
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "replace")


def _replaced(content: Content, value: str, pseudonyms: Pseudonyms) -> str:
    match content:
        case Content.NUMBER:
            return pseudonyms.number_or_name(value)
        case Content.CHANNEL:
            return pseudonyms.channel(value)
        case Content.NAME:
            return pseudonyms.name(value)
        case Content.MEMBER if not _is_agent(content, value):
            return pseudonyms.name(value)
        case Content.STATE:
            return ""
        case Content.LEDGER:
            return ledger_call.replaced(value, lambda inner, text: _replaced(inner, text, pseudonyms))
    return value


def _in_order(block: bytes) -> dict[str, None]:
    """The names of a block's headers as they stand in it; of one that is sent twice the first counts."""
    lines = block.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    return dict.fromkeys(line.partition(": ")[0] for line in lines)


def _is_agent(content: Content, value: str) -> bool:
    return content is Content.MEMBER and agent_id_of(value) is not None


def _escaped(value: str) -> str:
    escaped = _TO_ESCAPE.sub(lambda found: _ESCAPED[found[0]], value)
    return _OTHER_CONTROL.sub(" ", escaped)
