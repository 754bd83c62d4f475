"""What keeps the telephone bill in bounds: which numbers are called at all, and how many calls are. Pure.

Nothing is called beyond the home region unless its prefix is allowed, and nothing that costs more than calls
usually cost, whoever asks for it: a caller can send any number as his own, a list can be bought, a password
can be stolen.
"""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec
import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType

#: Whom a call costs what calls usually cost.
_ORDINARY: Final = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.VOIP,
    }
)
#: Country codes that belong to no country: satellites, and services of the whole world.
_NO_COUNTRY: Final = "001"
#: Satellite telephones with numbers of China, which the library takes for mobiles.
_SATELLITES: Final = ("+861349", "+86174")
_DIALLED: Final = re.compile(r"\+?[0-9]{3,20}", re.ASCII)
_PREFIX: Final = re.compile(r"\+[1-9][0-9]{0,14}", re.ASCII)


class NumberFault(StrEnum):
    """Why a number is not called, whoever asks for it."""

    #: Nobody has it: too short, too long, or not given out.
    NOT_A_NUMBER = "not_a_number"
    SATELLITE = "satellite"
    #: Costs more: premium rate.
    PREMIUM = "premium"
    #: Costs more: shared cost, in China 400.
    SHARED_COST = "shared_cost"
    #: Nobody's telephone: toll free, pagers, voice mail, numbers that lead anywhere.
    NO_TELEPHONE = "no_telephone"
    #: Another country than ours, or than those that are allowed.
    FOREIGN = "foreign"


_COSTLY: Final = {
    PhoneNumberType.PREMIUM_RATE: NumberFault.PREMIUM,
    PhoneNumberType.SHARED_COST: NumberFault.SHARED_COST,
}


class Cap(StrEnum):
    """What there are at most so many of."""

    AGENT_IN_DAY = "agent_in_day"
    CAMPAIGN_IN_DAY = "campaign_in_day"
    ALL_IN_DAY = "all_in_day"
    CAMPAIGN_AT_ONCE = "campaign_at_once"
    ALL_AT_ONCE = "all_at_once"

    @property
    def is_of_day(self) -> bool:
        """Whether it counts the calls of a day, and not those that go on."""
        return self in (Cap.AGENT_IN_DAY, Cap.CAMPAIGN_IN_DAY, Cap.ALL_IN_DAY)


class CapUse(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a cap is used, as the transaction that claims counts it; ``most`` None is no cap."""

    cap: Cap
    used: int
    most: int | None


def number_fault(
    number: str, *, home_region: str, allowed_prefixes: Iterable[str] = ()
) -> NumberFault | None:
    """Why a number is not called; None when nothing is wrong with it.

    Args:
        number: E.164, or as it is dialled at home.
        home_region: ISO 3166 region. Not its country code: +1 is the United States, and twenty islands.
        allowed_prefixes: E.164, for what else is called (`+44`, `+1876`); never for what costs more.
    """
    if not _DIALLED.fullmatch(number):
        # The library also reads letters, extensions and whole addresses.
        return NumberFault.NOT_A_NUMBER
    try:
        parsed = phonenumbers.parse(number, home_region)
    except NumberParseException:
        return NumberFault.NOT_A_NUMBER
    e164 = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    allowed = [one for one in allowed_prefixes if _PREFIX.fullmatch(one) and e164.startswith(one)]
    if _is_satellite(parsed, e164):
        return NumberFault.SATELLITE
    kind = phonenumbers.number_type(parsed)
    if kind == PhoneNumberType.UNKNOWN:
        return None if _is_new_range(parsed, allowed) else NumberFault.NOT_A_NUMBER
    if kind not in _ORDINARY:
        return _COSTLY.get(kind, NumberFault.NO_TELEPHONE)
    if phonenumbers.region_code_for_number(parsed) != home_region and not allowed:
        return NumberFault.FOREIGN
    return None


def cap_reached(uses: Iterable[CapUse]) -> CapUse | None:
    """The first cap that lets no further call through."""
    return next((use for use in uses if use.most is not None and use.used >= use.most), None)


def _is_satellite(parsed: PhoneNumber, e164: str) -> bool:
    no_country = phonenumbers.region_code_for_country_code(parsed.country_code or 0) == _NO_COUNTRY
    return no_country or e164.startswith(_SATELLITES)


def _is_new_range(parsed: PhoneNumber, allowed: Iterable[str]) -> bool:
    """Whether somebody allowed a range that the library does not know yet: more than a whole country."""
    country = f"+{parsed.country_code}"
    return phonenumbers.is_possible_number(parsed) and any(len(prefix) > len(country) for prefix in allowed)
