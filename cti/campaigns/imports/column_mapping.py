"""What the columns of a contact file are: said by a person, or guessed from their names and cells. Pure."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from cti.campaigns.model import DETAIL_PATTERN, LONGEST_DETAIL_NAME, MOST_DETAILS
from cti.customers.plain_numbers import plain_e164


class Target(StrEnum):
    """What a column may be, besides a detail (`details.product`) that the flow is given under its name."""

    PHONE = "phone"
    PHONE_2 = "phone_2"
    PHONE_3 = "phone_3"
    NAME = "name"
    LANGUAGE = "language"
    TIME_ZONE = "time_zone"
    #: The customer's key in an external system.
    CUSTOMER = "customer"
    CONSENT = "consent"
    PRIORITY = "priority"


_TARGETS: Final = frozenset(target.value for target in Target)
DETAIL: Final = "details."
_DETAIL_NAME: Final = re.compile(DETAIL_PATTERN)
_NOT_WORD: Final = re.compile(r"[^a-z0-9]+")
_NOT_LETTER: Final = re.compile(r"[\s_\-.()（）*:：#]+")

#: As columns are called in the files that people have.
_NAMES: Final[dict[Target, frozenset[str]]] = {
    Target.PHONE: frozenset(
        {
            *("phone", "phonenumber", "mobile", "mobilephone", "mobilenumber", "cell", "cellphone", "tel"),
            *(
                "telephone",
                "number",
                "msisdn",
                "phone1",
                "contactnumber",
                "手机",
                "手机号",
                "手机号码",
                "电话",
            ),
            *("电话号码", "联系电话", "联系方式", "移动电话", "号码", "电话1", "手机1", "被叫号码"),
        }
    ),
    Target.PHONE_2: frozenset(
        {"phone2", "otherphone", "homephone", "电话2", "手机2", "备用电话", "其他电话"}
    ),
    Target.PHONE_3: frozenset({"phone3", "workphone", "officephone", "电话3", "手机3", "办公电话", "座机"}),
    Target.NAME: frozenset(
        {
            "name",
            "fullname",
            "customername",
            "contact",
            "contactname",
            "姓名",
            "客户姓名",
            "客户名称",
            "联系人",
        }
    ),
    Target.LANGUAGE: frozenset({"language", "lang", "locale", "语言", "语种"}),
    Target.TIME_ZONE: frozenset({"timezone", "tz", "zone", "时区"}),
    Target.CUSTOMER: frozenset(
        {"customer", "customerid", "customerref", "externalref", "客户编号", "客户号", "客户id", "会员号"}
    ),
    Target.CONSENT: frozenset({"consent", "permission", "optin", "同意", "授权", "同意凭证", "授权依据"}),
    Target.PRIORITY: frozenset({"priority", "优先级"}),
}
#: What a file of refused rows begins with, in either language: whoever puts it right need not take them away.
_REFUSAL_COLUMNS: Final = ({"Line", "Reason"}, {"行", "原因"})
_BY_NAME: Final = {name: target for target, names in _NAMES.items() for name in names}


class MappingProblem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a column's part of a mapping (the empty name: with all of it)."""

    column: str
    code: str
    params: dict[str, str] = {}


def check_mapping(mapping: Mapping[str, str], columns: Sequence[str]) -> list[MappingProblem]:
    """All that is wrong with what a person said of the columns of a file."""
    found = []
    taken: dict[str, str] = {}
    for column, target in mapping.items():
        if column not in columns:
            found.append(MappingProblem(column=column, code="mapping.unknown_column"))
        elif not is_target(target):
            allowed = ", ".join([*Target, f"{DETAIL}…"])
            found.append(MappingProblem(column=column, code="field.not_allowed", params={"allowed": allowed}))
        elif target in taken:
            other = {"target": target, "other": taken[target]}
            found.append(MappingProblem(column=column, code="mapping.repeated", params=other))
        taken.setdefault(target, column)
    if Target.PHONE not in mapping.values():
        found.append(MappingProblem(column="", code="mapping.no_phone"))
    details = sum(target.startswith(DETAIL) for target in mapping.values())
    if details > MOST_DETAILS:
        most = {"limit": str(MOST_DETAILS)}
        found.append(MappingProblem(column="", code="mapping.many_details", params=most))
    return found


def is_target(text: str) -> bool:
    """Whether a column can be this."""
    if text.startswith(DETAIL):
        name = text.removeprefix(DETAIL)
        return len(name) <= LONGEST_DETAIL_NAME and _DETAIL_NAME.fullmatch(name) is not None
    return text in _TARGETS


def guess_mapping(columns: Sequence[str], rows: Sequence[Sequence[str]], region: str) -> dict[str, str]:
    """What the columns seem to be, by their names and the first rows. A column of which neither says anything
    that can be kept is left out.
    """
    found: dict[str, str] = {}
    left_out = set(columns[:2]) if set(columns[:2]) in _REFUSAL_COLUMNS else set()
    for column in columns:
        target = _BY_NAME.get(_NOT_LETTER.sub("", column).lower())
        if target is not None and target not in found.values():
            found[column] = target
    if Target.PHONE not in found.values():
        place = _most_numbers(columns, rows, region)
        if place is not None:
            found[columns[place]] = Target.PHONE
    for column in columns:
        name = _NOT_WORD.sub("_", column.lower()).strip("_")[:LONGEST_DETAIL_NAME]
        target_name = f"{DETAIL}{name}"
        free = column not in found and column not in left_out and target_name not in found.values()
        if free and column.isascii() and _DETAIL_NAME.fullmatch(name) and len(found) < MOST_DETAILS:
            found[column] = target_name
    return {column: found[column] for column in columns if column in found}


def _most_numbers(columns: Sequence[str], rows: Sequence[Sequence[str]], region: str) -> int | None:
    """The first of the columns that have most telephone numbers; None when fewer than half of them are."""
    counts = [
        sum(plain_e164(row[place], region) is not None for row in rows if place < len(row))
        for place in range(len(columns))
    ]
    most = max(counts, default=0)
    return counts.index(most) if most and most * 2 >= len(rows) else None
