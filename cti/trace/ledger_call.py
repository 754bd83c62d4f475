"""The one event that holds others: all that CEL has of a call (`CtiLedgerCall`, in its header `Call`)."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from cti.trace.content import Content, content_of

#: What is kept of a call and of its legs, as far as it tells of persons.
_FIELDS: Final = {
    "caller_number": Content.NUMBER,
    "dialled_number": Content.NUMBER,
    "number": Content.NUMBER,
    "name": Content.NAME,
    "channel": Content.CHANNEL,
    "interface": Content.CHANNEL,
}
Replace = Callable[[Content, str], str]


def parts(text: str) -> Iterator[tuple[str, Content, str]]:
    """(name, what it holds, value) of everything in it that may tell of a person."""
    said = _read(text)
    for _, headers in said.get("rows", ()):
        for header, value in headers.items():
            content = content_of(header)
            if content is not None:
                yield header, content, value
    for record in _records(said):
        for name, content in _FIELDS.items():
            if record.get(name):
                yield name, content, record[name]
        for _, key, _ in record.get("choices") or ():
            yield "Choice", Content.NUMBER, key


def replaced(text: str, replace: Replace) -> str:
    """The same with other values in it; a header that is not known is left out."""
    said = _read(text)
    for row in said.get("rows", ()):
        row[1] = {
            header: replace(content, value)
            for header, value in row[1].items()
            if (content := content_of(header)) is not None
        }
    for record in _records(said):
        record.update(
            {name: replace(content, record[name]) for name, content in _FIELDS.items() if record.get(name)}
        )
        if record.get("choices"):
            record["choices"] = [
                (menu, replace(Content.NUMBER, key), at) for menu, key, at in record["choices"]
            ]
    return json.dumps(said, separators=(",", ":"))


def _read(text: str) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _records(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    known = said.get("known")
    return [*([known] if known else []), *said.get("unknown", ())]
