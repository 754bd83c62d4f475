"""As what a number stands on the list. Pure."""

import re
from typing import Final

from cti.customers.numbers import parse_e164

#: A number of the dialplan that leads outside although it is no public one: local, without its area code.
_LOCAL: Final = re.compile(r"[0-9]{5,15}")


def listed_as(number: str, region: str) -> str | None:
    """The number in E.164; one that is no public number as it is dialled. None for extensions and the like:
    whom they ring is none of the list's business.
    """
    e164 = parse_e164(number, region)
    if e164 is not None:
        return e164
    bare = number.strip()
    return bare if _LOCAL.fullmatch(bare) else None
