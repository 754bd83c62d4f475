"""What a caller hears, as the sounds that are played one after the other. Pure: no disk, no clock.

The name of a sound is what Asterisk plays: ``cti/<prompt>`` in the language of the channel, ``cti-zh/…`` and
``cti-en/…`` in that language whatever the channel's is. Values are said in a closed set of small sounds
(``number/…``) by the grammar of their language; a name out of data has a sound of its own (``said/…``), which
`cti.prompts.synthesis` makes.
"""

import hashlib
import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, tzinfo
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Final, Protocol

from cti.errors import CtiError
from cti.flows.actions import Utterance, UtteranceKind
from cti.flows.words import NAME_PATTERN
from cti.prompts import chinese, english
from cti.prompts.languages import ASTERISK_LANGUAGES

#: Longest name, in characters, and telephone number or reference.
LONGEST_NAME: Final = 60
_LONGEST_VALUE: Final = 1000
_MOST_DIGITS: Final = 40
_TOO_LARGE: Final = 10**12
_MOST_SECONDS: Final = 60 * 60 * 24


class Grammar(Protocol):
    """How a language says values: each as names of words."""

    @property
    def WORDS(self) -> frozenset[str]: ...  # noqa: N802
    @property
    def CURRENCIES(self) -> frozenset[str]: ...  # noqa: N802
    def number(self, value: Decimal) -> list[str]: ...
    def money(self, cents: int, currency: str) -> list[str]: ...
    def day(self, value: date) -> list[str]: ...
    def clock(self, value: time) -> list[str]: ...
    def minutes(self, value: int) -> list[str]: ...


_GRAMMARS: Final[Mapping[str, Grammar]] = {"zh-CN": chinese, "en": english}
_KEYS: Final = {**{str(n): str(n) for n in range(10)}, "+": "plus", "*": "star", "#": "hash"}
#: Stand between digits and are not said.
_BETWEEN: Final = frozenset(" -.()/")
_SAID: Final = "said/"


class Unspeakable(CtiError):  # noqa: N818
    """Something cannot be said, and there is no prompt that stands for it."""

    code = "prompts.unspeakable"

    def __init__(self, utterance: Utterance, language: str, why: str, *, missing: str = "") -> None:
        # A value may be a person's name or number, which belongs into no log.
        what = utterance.value[:80] if utterance.kind is UtteranceKind.PROMPT else "a value"
        super().__init__(f"{utterance.kind} {what!r} cannot be said in {language}: {why}")
        self.utterance = utterance
        self.language = language
        self.why = why
        #: The sound that is not there; empty when the value itself has no words.
        self.missing = missing


class _NoWords(Exception):  # noqa: N818
    """Why a value has none; ``missing`` is the sound that is not there."""

    def __init__(self, why: str, missing: str = "") -> None:
        super().__init__(why)
        self.missing = missing


def sounds(
    utterance: Utterance, language: str, known: Callable[[str], bool], *, zone: tzinfo | None = None
) -> list[str]:
    """The sounds of an utterance for a channel that is in ``language``; never none.

    ``known`` says whether a sound of that name can be played. An instant is said as in ``zone``, without one
    as it is written. What cannot be said gives way to its ``otherwise``.

    Raises:
        Unspeakable: neither the value nor its ``otherwise`` can be said.
    """
    spoken_in = utterance.language or language
    try:
        names = _prompts(utterance, spoken_in, zone)
        found = [sound_name(name, spoken_in, language) for name in names]
        for sound in found:
            if not known(sound):
                raise _NoWords(f"there is no sound {sound}", sound)
    except _NoWords as why:
        stand_ins = [one for one in (spoken_in, language) if one in ASTERISK_LANGUAGES]
        for stand_in in stand_ins if utterance.otherwise else []:
            if known(name := sound_name(utterance.otherwise, stand_in, language)):
                return [name]
        raise Unspeakable(utterance, spoken_in, str(why), missing=why.missing) from None
    return found


def spoken_text(
    utterance: Utterance,
    language: str,
    texts: Callable[[str], Mapping[str, str]],
    *,
    zone: tzinfo | None = None,
) -> str:
    """What a caller whose call is in ``language`` hears, word by word: `一百六十八元`, `six thirty p.m.`.

    ``texts`` gives a prompt's text by language.

    Raises:
        Unspeakable: neither the value nor its ``otherwise`` has a text.
    """
    spoken_in = utterance.language or language
    try:
        names = _prompts(utterance, spoken_in, zone)
        if utterance.kind is UtteranceKind.NAME:
            return sayable(utterance.value)
        said = [texts(name).get(spoken_in) for name in names]
        if None in said:
            raise _NoWords("there is no text")
    except _NoWords as why:
        for stand_in in (spoken_in, language):
            if text := texts(utterance.otherwise).get(stand_in):
                return text
        raise Unspeakable(utterance, spoken_in, str(why)) from None
    return ("" if spoken_in == "zh-CN" else " ").join(text for text in said if text)


def _prompts(utterance: Utterance, language: str, zone: tzinfo | None) -> list[str]:
    """The prompts that say an utterance, whether they have sounds or not; never none."""
    if language not in ASTERISK_LANGUAGES:
        raise _NoWords("it is no language of ours")
    if not utterance.value:
        raise _NoWords("there is no value")
    if len(utterance.value) > _LONGEST_VALUE:
        raise _NoWords("it is too long")
    if utterance.kind is UtteranceKind.PROMPT:
        if not re.fullmatch(NAME_PATTERN, utterance.value):
            raise _NoWords("it is no name of a prompt")
        return [utterance.value]
    if utterance.kind is UtteranceKind.NAME:
        return [_said(utterance.value, language)]
    return [f"number/{word}" for word in _words(utterance, language, zone)]


def sound_name(prompt: str, language: str, channel_language: str) -> str:
    """What Asterisk plays for a prompt in ``language`` on a channel that is in ``channel_language``."""
    folder = "cti" if language == channel_language else f"cti-{ASTERISK_LANGUAGES[language]}"
    return f"{folder}/{prompt}"


def said(text: str, language: str) -> str:
    """The prompt that says a `sayable` name; opaque, so that no outside text is in the name of a file."""
    return f"{_SAID}{hashlib.sha256(f'{language}|{text}'.encode()).hexdigest()[:24]}"


def sayable(name: str) -> str:
    """A name without what is no text (control characters, signs of layout), at most `LONGEST_NAME` long;
    empty when it has neither letter nor digit.
    """
    text = unicodedata.normalize("NFC", "".join(c if _is_text(c) else " " for c in name))
    text = " ".join(text.split())[:LONGEST_NAME].strip()
    return text if any(c.isalnum() for c in text) else ""


def _said(name: str, language: str) -> str:
    if text := sayable(name):
        return said(text, language)
    raise _NoWords("nothing of the name can be said")


def _is_text(character: str) -> bool:
    # "<", ">" and "[" would be markup and phonemes to a synthetic voice.
    return unicodedata.category(character)[0] not in "CZS" and character not in "<>[]{}\\"


def _words(utterance: Utterance, language: str, zone: tzinfo | None) -> list[str]:
    grammar, value = _GRAMMARS[language], utterance.value.strip()
    match utterance.kind:
        case UtteranceKind.DIGITS:
            return _digits(value)
        case UtteranceKind.NUMBER:
            return grammar.number(_decimal(value))
        case UtteranceKind.MONEY:
            if utterance.currency not in grammar.CURRENCIES:
                raise _NoWords(f"the currency {utterance.currency[:10]!r} is not known")
            return grammar.money(_cents(value, utterance.currency), utterance.currency)
        case UtteranceKind.DATE:
            return grammar.day(_date(value, zone))
        case UtteranceKind.TIME:
            return grammar.clock(_time(value, zone))
        case _:
            return grammar.minutes(_minutes(value))


def _digits(value: str) -> list[str]:
    said = [key for key in value if key not in _BETWEEN]
    if not said or len(said) > _MOST_DIGITS or any(key not in _KEYS for key in said):
        raise _NoWords("it is not made of digits")
    return [_KEYS[key] for key in said]


def _decimal(value: str) -> Decimal:
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise _NoWords("it is no number") from None
    if not number.is_finite() or abs(number) >= _TOO_LARGE:
        raise _NoWords("it is too large")
    rounded = number.quantize(Decimal("0.000001"), ROUND_HALF_UP)
    if abs(rounded) >= _TOO_LARGE:
        raise _NoWords("it is too large")
    return rounded or Decimal(0)  # no minus zero


def _cents(value: str, currency: str) -> int:
    number = _decimal(value)
    subunits = 1 if currency == "JPY" else 100
    return int((number * subunits).quantize(Decimal(1), ROUND_HALF_UP)) * (100 // subunits)


def _instant(value: str, zone: tzinfo | None) -> datetime:
    instant = datetime.fromisoformat(value)
    return instant.astimezone(zone) if zone is not None and instant.tzinfo is not None else instant


def _date(value: str, zone: tzinfo | None) -> date:
    try:
        return _instant(value, zone).date() if len(value) > len("2026-12-31") else date.fromisoformat(value)
    except (ValueError, OverflowError):
        raise _NoWords("it is no date") from None


def _time(value: str, zone: tzinfo | None) -> time:
    try:
        if "T" in value or " " in value:
            return _instant(value, zone).time()
        return time.fromisoformat(value)
    except (ValueError, OverflowError):
        raise _NoWords("it is no time") from None


def _minutes(value: str) -> int:
    seconds = _decimal(value)
    if not 0 <= seconds <= _MOST_SECONDS:
        raise _NoWords("it is no duration of at most a day")
    return max(1, math.ceil(seconds / 60))


def words(language: str) -> frozenset[str]:
    """The prompts of which values are made in a language."""
    return frozenset(f"number/{word}" for word in _GRAMMARS[language].WORDS)
