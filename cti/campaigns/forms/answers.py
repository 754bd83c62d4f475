"""What an agent has filled in, held against the campaign's form. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import msgspec

from cti.campaigns.forms.form import LARGEST_NUMBER, LONGEST_ANSWER, Answer, FieldKind, FormField

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class AnswerFault(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with the answer to a field; ``code`` is one of the catalogue of problems."""

    name: str
    code: str
    params: dict[str, str] = {}


def read_answers(
    form: Sequence[FormField], given: Mapping[str, Answer | None], *, complete: bool
) -> tuple[dict[str, Answer], list[AnswerFault]]:
    """The answers in the order of the form, and all that is wrong with them. None and blank texts are no
    answers; with ``complete`` what is required must be there.
    """
    known = {field.name for field in form}
    faults = [AnswerFault(name=name, code="field.unknown") for name in given if name not in known]
    answers: dict[str, Answer] = {}
    for field in form:
        answer = given.get(field.name)
        if isinstance(answer, str):
            answer = answer.strip() or None
        if answer is None:
            if complete and field.required:
                faults.append(AnswerFault(name=field.name, code="field.missing"))
            continue
        fault = _fault(field, answer)
        if fault is None:
            answers[field.name] = answer
        else:
            faults.append(fault)
    return answers, faults


def _fault(field: FormField, answer: Answer) -> AnswerFault | None:
    code, params = None, {}
    match field.kind:
        case FieldKind.YES_NO:
            code = None if isinstance(answer, bool) else "field.wrong_type"
        case FieldKind.NUMBER:
            if isinstance(answer, bool | str):
                code = "field.wrong_type"
            elif abs(answer) > LARGEST_NUMBER:
                code, params = "field.out_of_range", {"limit": f"{LARGEST_NUMBER:.0f}"}
        case FieldKind.CHOICE:
            allowed = [choice.code for choice in field.choices]
            if answer not in allowed:
                code, params = "field.not_allowed", {"allowed": ", ".join(allowed)}
        case FieldKind.DATE:
            code = None if isinstance(answer, str) and _is_date(answer) else "field.date"
        case FieldKind.TEXT:
            if not isinstance(answer, str):
                code = "field.wrong_type"
            elif len(answer) > LONGEST_ANSWER:
                code, params = "field.too_long", {"limit": str(LONGEST_ANSWER)}
    return None if code is None else AnswerFault(name=field.name, code=code, params=params)


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
