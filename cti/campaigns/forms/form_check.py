"""What is wrong with a campaign's dispositions and its form, word for word right as they are. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from cti.campaigns.definition_problem import DefinitionProblem, Path
from cti.campaigns.forms.dispositions import MOST_DISPOSITIONS, CampaignDisposition, Next
from cti.campaigns.forms.form import MOST_CHOICES, MOST_FIELDS, FieldKind, FormField
from cti.do_not_call.model import Level

#: Of which one is no choice.
_LEAST_CHOICES: Final = 2


def disposition_problems(
    dispositions: Sequence[CampaignDisposition], client: str | None
) -> Iterator[DefinitionProblem]:
    """Of the dispositions of a campaign that is made on behalf of ``client``."""
    yield from _too_many(("dispositions",), dispositions, MOST_DISPOSITIONS)
    yield from _repeated(("dispositions",), "code", [one.code for one in dispositions])
    for place, one in enumerate(dispositions):
        path: Path = ("dispositions", place)
        if not one.title:
            yield DefinitionProblem(path=(*path, "title"), code="campaign.no_title")
        if one.after_seconds is not None and one.next is not Next.RETRY:
            yield DefinitionProblem(path=(*path, "after_seconds"), code="campaign.only_of_retry")
        if one.level is not None and one.next is not Next.REFUSE:
            yield DefinitionProblem(path=(*path, "level"), code="campaign.only_of_refuse")
        if one.level is Level.CLIENT and client is None:
            yield DefinitionProblem(path=(*path, "level"), code="campaign.client_needed")


def form_problems(form: Sequence[FormField]) -> Iterator[DefinitionProblem]:
    """Of the fields of a form."""
    yield from _too_many(("form",), form, MOST_FIELDS)
    yield from _repeated(("form",), "name", [field.name for field in form])
    for place, field in enumerate(form):
        path: Path = ("form", place)
        if not field.title:
            yield DefinitionProblem(path=(*path, "title"), code="campaign.no_title")
        if field.kind is not FieldKind.CHOICE:
            if field.choices:
                yield DefinitionProblem(path=(*path, "choices"), code="campaign.only_of_choice")
            continue
        if len(field.choices) < _LEAST_CHOICES:
            yield DefinitionProblem(path=(*path, "choices"), code="campaign.choices_needed")
        yield from _too_many((*path, "choices"), field.choices, MOST_CHOICES)
        yield from _repeated((*path, "choices"), "code", [choice.code for choice in field.choices])
        for number, choice in enumerate(field.choices):
            if not choice.title:
                yield DefinitionProblem(path=(*path, "choices", number, "title"), code="campaign.no_title")


def _too_many(path: Path, items: Sequence[object], most: int) -> Iterator[DefinitionProblem]:
    if len(items) > most:
        yield DefinitionProblem(path=path, code="field.too_long", params={"limit": str(most)})


def _repeated(path: Path, word: str, names: Sequence[str]) -> Iterator[DefinitionProblem]:
    for place, name in enumerate(names):
        if name in names[:place]:
            yield DefinitionProblem(
                path=(*path, place, word), code="campaign.repeated", params={"name": name}
            )
