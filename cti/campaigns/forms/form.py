"""What agents fill in when they speak with a campaign's contacts."""

from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from cti.campaigns.forms.dispositions import CODE_PATTERN, LONGEST_CODE
from cti.flows.words import Texts

FIELD_PATTERN: Final = r"^[a-z][a-z0-9_]*$"
LONGEST_FIELD_NAME: Final = 40
MOST_FIELDS: Final = 20
MOST_CHOICES: Final = 20
#: So that a form of texts alone, in Chinese, still fits into one request.
LONGEST_ANSWER: Final = 900
#: Beyond it JavaScript does not count exactly.
LARGEST_NUMBER: Final = 1e15

FieldName = Annotated[str, Meta(pattern=FIELD_PATTERN, max_length=LONGEST_FIELD_NAME)]
ChoiceCode = Annotated[str, Meta(pattern=CODE_PATTERN, max_length=LONGEST_CODE)]

#: What a field holds: of a date `2026-11-26`, of a choice its code.
Answer = str | int | float | bool


class FieldKind(StrEnum):
    """What a field takes."""

    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"
    YES_NO = "yes_no"
    DATE = "date"


class FormChoice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing to choose."""

    code: ChoiceCode
    title: Texts


class FormField(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One field; ``choices`` are those of the kind `choice`.

    Without an answer to what is ``required`` nobody is done with: dispositions that say that the contact is
    called again, or does not want to speak, need none.
    """

    name: FieldName
    title: Texts
    kind: FieldKind = FieldKind.TEXT
    choices: list[FormChoice] = []
    required: bool = False
