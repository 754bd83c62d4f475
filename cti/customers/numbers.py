"""Telephone numbers: E.164 inside, whatever people and networks write outside.

What arrives as a caller's number is anything: national and international forms, extensions, SIP addresses,
the word "anonymous" in several languages, or rubbish. Reading it never raises.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

from cti.calls.model import NumberState
from cti.customers.model import Number

LONGEST_DISPLAY: Final = 40
_LONGEST_READ: Final = 200
#: Up to here a number without area or country code is an extension, a service number or a local one.
_LONGEST_LOCAL: Final = 8
_LONGEST_E164: Final = 15
_SHORTEST_SECRET: Final = 7

_WITHHELD_WORDS: Final = frozenset(
    {
        *("anonymous", "unknown", "restricted", "private", "unavailable", "withheld", "blocked", "hidden"),
        *("nonumber", "notavailable", "idunavailable", "outofarea", "numberwithheld", "unknownnumber"),
        *("privatenumber", "callerunknown", "payphone", "asterisk", "null", "none", "undefined", "n/a", "na"),
        *("s", "p", "o", "未知", "匿名", "私人号码", "隐藏号码", "未知号码", "无号码", "保密", "不详"),
    }
)
#: The words again as networks spell them on a telephone's keys: ANONYMOUS, RESTRICTED, UNAVAILABLE, UNKNOWN,
#: BLOCKED.
WITHHELD_DIGITS: Final = frozenset({"266696687", "7378742833", "86282452253", "8656696", "2562533"})
_WITHHELD_HOST: Final = "anonymous.invalid"

_ADDRESS: Final = re.compile(r"^(?:sips?|tel):(.*)$", re.IGNORECASE | re.DOTALL)
_EXTENSION: Final = re.compile(r"^[0-9*#]{1,8}$")
_WRITTEN_NUMBER: Final = re.compile(r"^\+?[0-9*#()./ \-\u2010-\u2015]+$")
_NOT_DIGIT: Final = re.compile(r"[^0-9]")
#: A number as data may have it; not a date.
_WRITTEN_VALUE: Final = re.compile(r"(?!\d{4}-\d{2}-\d{2}$)\+?[0-9 ()-]{7,24}", re.ASCII)
_MASKABLE: Final = re.compile(r"^[+0-9*#(). \-]+$")

_WITHHELD: Final = Number(e164=None, state=NumberState.WITHHELD, display="")


def normalise(raw: str | None, default_region: str) -> Number:
    """Reads a number as people or networks write it; never raises.

    Args:
        raw: what was sent or typed; None and the empty text count as withheld.
        default_region: ISO 3166 region (`CN`) in which a number without country code is read.
    """
    if raw is None:
        return _WITHHELD
    if len(raw) > _LONGEST_READ:
        return _invalid(raw)
    return _read(raw, default_region)


def parse_e164(raw: str, default_region: str) -> str | None:
    """The number in E.164 when it is a public one, otherwise None: for what is stored under a customer."""
    return normalise(raw, default_region).e164


def display(e164: str, default_region: str) -> str:
    """How people of the region write it: national for their own numbers, international for others."""
    return _read(e164, default_region).display or e164


def mask(number: str | None) -> str | None:
    """The number with its middle hidden: `+86138****5678`.

    Short ones (extensions) stay as they are; text that is no number is hidden whole.
    """
    if not number:
        return number
    if not _MASKABLE.match(number):
        return "****"
    count = sum(c.isdigit() for c in number)
    if count < _SHORTEST_SECRET:
        return number
    head, tail = max(0, count - 8), min(4, count - 5)
    shown, seen = [], 0
    for character in number:
        if character.isdigit():
            seen += 1
            shown.append(character if seen <= head or seen > count - tail else "*")
        elif seen < head or seen > count - tail:
            shown.append(character)
    return "".join(shown)


def mask_digits(text: str | None) -> str | None:
    """What a caller keyed or chose, with its middle hidden where it is digits enough to be a number."""
    return mask(text) if text is not None and text.lstrip("+").isdecimal() else text


def mask_value(value: str | float | bool | None) -> str | int | float | bool | None:
    """A value of which nobody knows what it is, masked where it is written like a number."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return value
    return mask(str(value)) if _WRITTEN_VALUE.fullmatch(str(value)) else value


def search_prefixes(typed: str, default_region: str) -> tuple[str, ...]:
    """The E.164 prefixes that what somebody typed so far may stand for; empty when it is no number.

    `138` is looked for as a number at home (`+86138`) and as one with its country code (`+138`).
    """
    text = unicodedata.normalize("NFKC", typed).strip()
    if len(text) > LONGEST_DISPLAY or not _WRITTEN_NUMBER.match(text):
        return ()
    digits = _NOT_DIGIT.sub("", text)
    if not digits:
        return ()
    if text.startswith("+"):
        return (f"+{digits}",)
    if digits.startswith("00"):
        return (f"+{digits[2:]}",) if len(digits) > 2 else ()
    country = phonenumbers.country_code_for_region(default_region)
    national = f"+{country}{digits.removeprefix('0')}"
    return (national,) if digits.startswith("0") else (national, f"+{digits}")


@lru_cache(maxsize=4096)
def _read(raw: str, default_region: str) -> Number:
    text = unicodedata.normalize("NFKC", raw)
    text = "".join(c for c in text if unicodedata.category(c) != "Cf").strip()
    if any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in text):
        return _invalid(raw)
    text = _user_part(text)
    if _is_withheld(text):
        return _WITHHELD
    text = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
    if not _WRITTEN_NUMBER.match(text):
        return _invalid(raw)
    digits = _NOT_DIGIT.sub("", text)
    if not digits or len(digits) > _LONGEST_E164 + 5:
        return _invalid(raw)
    parsed = _public_number(text, digits, default_region)
    if parsed is not None:
        return Number(
            e164=phonenumbers.format_number(parsed, PhoneNumberFormat.E164),
            state=NumberState.KNOWN,
            display=_display(parsed, default_region),
        )
    bare = re.sub(r"[^0-9*#]", "", text)
    if not text.startswith("+") and _EXTENSION.match(bare):
        return Number(e164=None, state=NumberState.KNOWN, display=bare)
    return _invalid(raw)


def _user_part(text: str) -> str:
    """The number in `"Name" <sip:number;parameters@host:port>`, or the text itself."""
    if text.endswith(">") and "<" in text:
        text = text[text.rindex("<") + 1 : -1].strip() or text
    address = _ADDRESS.match(text)
    if address is None:
        return text
    user, at, host = address[1].partition("@")
    if at and host.lower().startswith(_WITHHELD_HOST):
        return ""
    return user.partition(";")[0].partition(":")[0] if at else user.partition(";")[0]


def _is_withheld(text: str) -> bool:
    word = re.sub(r"[\s<>._\"'\-]", "", text).lower()
    if word in _WITHHELD_WORDS or not word:
        return True
    digits = word.removeprefix("+")
    return digits in WITHHELD_DIGITS or (digits.isdigit() and not digits.strip("0") and len(digits) != 2)


def _public_number(text: str, digits: str, region: str) -> phonenumbers.PhoneNumber | None:
    if "*" in text or "#" in text:
        return None
    parsed = _parsed(text, region)
    if parsed is not None and phonenumbers.is_valid_number(parsed):
        return parsed
    if not text.startswith("+"):
        # Trunks often leave the plus away.
        with_country = _parsed(f"+{digits}", region)
        if with_country is not None and phonenumbers.is_valid_number(with_country):
            return with_country
        if len(digits) <= _LONGEST_LOCAL:
            return None
    # Numbering plans grow faster than the library's tables, so a number that merely could exist is one, too.
    possible = parsed is not None and (
        phonenumbers.is_possible_number_with_reason(parsed) == ValidationResult.IS_POSSIBLE
        and len(phonenumbers.format_number(parsed, PhoneNumberFormat.E164)) <= 1 + _LONGEST_E164
    )
    return parsed if possible else None


def _parsed(text: str, region: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except NumberParseException:
        return None


def _display(parsed: phonenumbers.PhoneNumber, region: str) -> str:
    home = parsed.country_code == phonenumbers.country_code_for_region(region)
    form = PhoneNumberFormat.NATIONAL if home else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, form)


def _invalid(raw: str) -> Number:
    printable = "".join(c for c in raw[: _LONGEST_READ * 2] if c.isprintable())
    shown = printable if len(printable) <= LONGEST_DISPLAY else printable[: LONGEST_DISPLAY - 1] + "…"
    return Number(e164=None, state=NumberState.INVALID, display=shown)
