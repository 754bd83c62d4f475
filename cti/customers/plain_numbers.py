"""Numbers that are written plainly, read in a microsecond: a list has a million of them.

`cti.customers.numbers.normalise` asks a library that looks at every form in which a number can be written and
takes some hundred microseconds. Most lists write their numbers as digits, with or without the country code or
the zero before the area code; for these the answer follows from the numbering plan of the one country alone.
What is not plainly a number of it is left to `normalise`, so that both always say the same.
"""

import re
from functools import lru_cache
from typing import Final

import msgspec
import phonenumbers
from phonenumbers import PhoneMetadata

from cti.customers.numbers import WITHHELD_DIGITS, parse_e164

_PLAIN: Final = re.compile(r"\+?[0-9][0-9 \-]{3,25}[0-9]", re.ASCII)
_SEPARATORS: Final = str.maketrans("", "", " -")
_KINDS: Final = (
    "fixed_line",
    "mobile",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "personal_number",
    "pager",
    "uan",
    "voip",
    "voicemail",
)


class Plan(msgspec.Struct, frozen=True):
    """What of a country's numbering plan a plain number needs."""

    country_code: str
    international_prefix: re.Pattern[str]
    national_prefix: re.Pattern[str] | None
    general: re.Pattern[str]
    #: By how many digits a number has.
    valid: dict[int, re.Pattern[str]]


def plain_e164(written: str, region: str) -> str | None:
    """As `parse_e164`: the number in E.164 when it is a public one, otherwise None."""
    if _PLAIN.fullmatch(written) is not None:
        digits = written.translate(_SEPARATORS)
        plan = _plan(region)
        if plan is not None and digits not in WITHHELD_DIGITS:
            national = _national(plan, digits)
            if national is not None:
                return f"+{plan.country_code}{national}"
    return parse_e164(written, region)


def _national(plan: Plan, digits: str) -> str | None:
    """The digits after the country code when they are plainly a number of this plan."""
    code = plan.country_code
    if digits.startswith("+"):
        rest = digits[1:].removeprefix(code)
        return rest if digits.startswith(code, 1) and _is_valid(plan, rest) else None
    if plan.international_prefix.match(digits):
        return None
    if _is_valid(plan, digits):
        return digits
    if digits.startswith("0"):
        rest = digits[1:]
        prefix = plan.national_prefix.match(digits) if plan.national_prefix is not None else None
        return rest if prefix is not None and prefix[0] == "0" and _is_valid(plan, rest) else None
    rest = digits.removeprefix(code)
    is_bare = digits.startswith(code) and plan.general.fullmatch(digits) is None
    return rest if is_bare and _is_valid(plan, rest) else None


def _is_valid(plan: Plan, national: str) -> bool:
    """Whether it stands for itself, with nothing before it that would be cut off."""
    kind = plan.valid.get(len(national))
    if kind is None or national.startswith("0") or kind.fullmatch(national) is None:
        return False
    return plan.national_prefix is None or plan.national_prefix.match(national) is None


@lru_cache
def _plan(region: str) -> Plan | None:
    """The plan of a region; None where several share a country code and this is not the first of them."""
    metadata = PhoneMetadata.metadata_for_region(region)
    if metadata is None or metadata.country_code is None or metadata.international_prefix is None:
        return None
    if phonenumbers.region_code_for_country_code(metadata.country_code) != region:
        return None
    general = metadata.general_desc.national_number_pattern if metadata.general_desc is not None else None
    if general is None:
        return None
    by_length: dict[int, list[str]] = {}
    for kind in _KINDS:
        described = getattr(metadata, kind)
        if described is not None and described.national_number_pattern:
            for length in described.possible_length:
                by_length.setdefault(length, []).append(described.national_number_pattern)
    parsing = metadata.national_prefix_for_parsing
    return Plan(
        country_code=str(metadata.country_code),
        international_prefix=re.compile(metadata.international_prefix),
        national_prefix=re.compile(parsing) if parsing else None,
        general=re.compile(general),
        # What is a number of some kind must be one of the plan as a whole, too.
        valid={
            length: re.compile(f"(?={general}$)(?:{'|'.join(f'(?:{one})' for one in patterns)})")
            for length, patterns in by_length.items()
        },
    )
