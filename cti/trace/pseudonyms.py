"""Other numbers and names for the real ones, the same for the same, within one trace.

A number keeps its length and its shape: the plus, the zeros or the country code before it, and its first
digit. Numbers that differ only in what stands before them (`13800138000`, `+8613800138000`) stay the same
number. A name keeps its length and which of its letters are capitals. Everything else about them is drawn
from a secret that nobody keeps, so that a trace cannot be turned back, nor two traces be held against each
other.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Final

import phonenumbers

_RUN: Final = re.compile(r"\+?[0-9]{3,}")
#: One number is another with something before it when they have this many last digits in common.
_COMMON_DIGITS: Final = 7
_DIALLED: Final = re.compile(r"[+*#0-9]+")
#: Shorter words in the place of a number are of the dialplan: `s`, `h`, `i`.
_SHORTEST_NAME: Final = 3
_ATTEMPTS: Final = 1_000
_CHANNEL: Final = re.compile(
    r"(?P<technology>\w+)/(?P<resource>[^@]*?)(?P<context>@[^;]*?)?(?P<tail>(?:-[0-9a-f]{8})?(?:;[12])?)"
)
_TRUNK: Final = "trunk"
_CAPITALS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#: The first and the number of the characters that stand for letters of other scripts.
_HAN_FIRST: Final = 0x4E00
_HAN_COUNT: Final = 20_000
#: What stands where there is no number and no name.
NOBODY: Final = frozenset({"", "<unknown>", "s", "unknown", "anonymous"})


def numbers_in(text: str) -> list[str]:
    """The runs of digits in a text that may be somebody's number; shorter ones are keys and counts."""
    return _RUN.findall(text)


def without_count(channel: str) -> str:
    """A channel's name without the count that Asterisk puts at its end."""
    found = _CHANNEL.fullmatch(channel)
    return channel.removesuffix(found["tail"]) if found is not None else channel


class Pseudonyms:
    """What stands for what in one trace.

    ``secret`` must be new for each. ``numbers`` are all that will be asked for: none of them appears as what
    stands for another.
    """

    def __init__(self, secret: bytes, numbers: Iterable[str]) -> None:
        self._secret = secret
        self._numbers: dict[str, str] = {}
        self._taken = set(numbers)
        # Short ones first, so that what has something before it finds what it has it before.
        for number in sorted(self._taken, key=lambda one: (len(one), one)):
            self._learn(number)

    def number(self, text: str) -> str:
        """The text with something else for each number in it."""
        return _RUN.sub(lambda run: self._numbers.get(run[0]) or self._learn(run[0]), text)

    def number_or_name(self, text: str) -> str:
        """What stands for what is in the place of a number: some phones send a name there."""
        return (
            self.number(text) if len(text) < _SHORTEST_NAME or _DIALLED.fullmatch(text) else self.name(text)
        )

    def name(self, name: str) -> str:
        """What stands for a person's name."""
        if name in NOBODY:
            return name
        drawn = self._drawn("name", name)
        return "".join(_letter(letter, next(drawn)) for letter in self.number(name))

    def channel(self, channel: str) -> str:
        """The name of a channel or device with another number or name in it.

        What the board tells kinds of channels by stays: the technology, a trunk's name, a Local channel's
        context, and the count at the end.
        """
        found = _CHANNEL.fullmatch(channel)
        if found is None:
            return self.name(channel)
        parts = [self._part(part) for part in found["resource"].split("/")]
        context = self.number(found["context"] or "")
        return f"{found['technology']}/{'/'.join(parts)}{context}{found['tail']}"

    def _part(self, part: str) -> str:
        return self.number(part) if part.startswith(_TRUNK) or _RUN.fullmatch(part) else self.name(part)

    def _learn(self, number: str) -> str:
        other = self._numbers[number] = self._other(number)
        self._taken.add(other)
        return other

    def _other(self, number: str) -> str:
        for start in range(1, len(number) - _COMMON_DIGITS + 1):
            shorter = self._numbers.get(number[start:])
            if shorter is not None:
                return number[:start] + shorter
        drawn, kept = self._drawn("number", number), _kept(number)
        for attempt in count():
            head = number[: kept if attempt < _ATTEMPTS else 0]
            other = head + "".join(str(next(drawn) % 10) for _ in range(len(number) - len(head)))
            if other not in self._taken:
                return other
        raise AssertionError  # `count` does not end

    def _drawn(self, kind: str, text: str) -> Iterator[int]:
        for number in count():
            message = f"{kind} {number} {text}".encode("utf-8", "surrogatepass")
            yield from memoryview(hmac.digest(self._secret, message, hashlib.sha256)).cast("H")


def _kept(number: str) -> int:
    """How many characters of a number are its shape: what stands before the national number and a digit."""
    before = len(number) - len(number.lstrip("+0"))
    if number.startswith(("+", "00")):
        try:
            country = phonenumbers.parse("+" + number.lstrip("+0")).country_code
        except phonenumbers.NumberParseException:
            country = None
        before += len(str(country)) if country is not None else 0
    return min(before + 1, len(number) - 2)


def _letter(letter: str, drawn: int) -> str:
    if not letter.isalpha():
        return letter
    if letter.isascii():
        other = _CAPITALS[drawn % len(_CAPITALS)]
        return other if letter.isupper() else other.lower()
    return chr(_HAN_FIRST + drawn % _HAN_COUNT)
