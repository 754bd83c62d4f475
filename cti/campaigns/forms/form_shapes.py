"""A campaign's dispositions and its form as the API takes them."""

from typing import Annotated

from pydantic import Field

from cti.campaigns.forms.dispositions import (
    CODE_PATTERN,
    LEAST_AFTER_SECONDS,
    LONGEST_CODE,
    MOST_AFTER_SECONDS,
    Next,
)
from cti.campaigns.forms.form import FIELD_PATTERN, LONGEST_FIELD_NAME, MOST_CHOICES, FieldKind
from cti.do_not_call.model import Level
from cti.http.principal import Language
from cti.http.shapes import Body, Line

Code = Annotated[str, Field(pattern=CODE_PATTERN, max_length=LONGEST_CODE)]
Title = Annotated[dict[Annotated[Language, Field(strict=False)], Line], Field(min_length=1)]


class DispositionPart(Body):
    """What agents may say that came of a call, and what it means for the contact."""

    code: Code
    title: Title
    next: Next = Field(Next.DONE, strict=False)
    after_seconds: int | None = Field(None, ge=LEAST_AFTER_SECONDS, le=MOST_AFTER_SECONDS)
    level: Annotated[Level, Field(strict=False)] | None = None


class ChoicePart(Body):
    """One thing to choose."""

    code: Code
    title: Title


class FieldPart(Body):
    """One field of the form."""

    name: str = Field(pattern=FIELD_PATTERN, max_length=LONGEST_FIELD_NAME)
    title: Title
    kind: FieldKind = Field(FieldKind.TEXT, strict=False)
    choices: list[ChoicePart] = Field(default_factory=list, max_length=MOST_CHOICES)
    required: bool = False
