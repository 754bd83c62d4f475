"""What is wrong with a campaign's definition as a whole, word for word right as it is. Pure."""

from collections.abc import Callable, Collection
from typing import Final

import msgspec

from cti.campaigns.definition_problem import DefinitionProblem
from cti.campaigns.forms.form_check import disposition_problems, form_problems
from cti.campaigns.model import CampaignDefinition, CampaignKind

_NEEDS_QUEUE: Final = frozenset(CampaignKind) - {CampaignKind.IVR}


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What a definition may name; ``e164`` reads a telephone number."""

    flows: Collection[str]
    queues: Collection[str]
    calendars: Collection[str]
    e164: Callable[[str], str | None]


def check(definition: CampaignDefinition, known: Known) -> tuple[CampaignDefinition, list[DefinitionProblem]]:
    """The definition with its caller ids in E.164, and all that is wrong with it."""
    problems = [
        *_who_speaks(definition),
        *_unknown(definition, known),
        *_numbers(definition),
        *disposition_problems(definition.dispositions, definition.client),
        *form_problems(definition.form),
    ]
    read = [known.e164(written) for written in definition.caller_ids]
    problems += [
        DefinitionProblem(path=("caller_ids", place), code="field.number")
        for place, e164 in enumerate(read)
        if e164 is None
    ]
    numbers = list(dict.fromkeys(e164 for e164 in read if e164 is not None))
    return msgspec.structs.replace(definition, caller_ids=numbers), problems


def _who_speaks(definition: CampaignDefinition) -> list[DefinitionProblem]:
    found = []
    kind = definition.kind
    if kind is CampaignKind.IVR and definition.flow is None:
        found.append(DefinitionProblem(path=("kind",), code="campaign.flow_needed"))
    if kind in _NEEDS_QUEUE and definition.queue is None:
        found.append(DefinitionProblem(path=("kind",), code="campaign.queue_needed"))
    if kind is CampaignKind.FIXED_RATIO and definition.ratio is None:
        found.append(DefinitionProblem(path=("kind",), code="campaign.ratio_needed"))
    if kind is not CampaignKind.FIXED_RATIO and definition.ratio is not None:
        found.append(DefinitionProblem(path=("ratio",), code="campaign.no_ratio"))
    if kind is not CampaignKind.IVR and definition.flow_retries:
        found.append(DefinitionProblem(path=("flow_retries",), code="campaign.only_of_flow"))
    return found


def _unknown(definition: CampaignDefinition, known: Known) -> list[DefinitionProblem]:
    named = (
        ("flow", definition.flow, known.flows),
        ("queue", definition.queue, known.queues),
        ("calendar", definition.calendar, known.calendars),
    )
    return [
        DefinitionProblem(path=(word,), code=f"campaign.unknown_{word}", params={"name": name})
        for word, name, there in named
        if name is not None and name not in there
    ]


def _numbers(definition: CampaignDefinition) -> list[DefinitionProblem]:
    found = []
    if not definition.title:
        found.append(DefinitionProblem(path=("title",), code="campaign.no_title"))
    window = definition.window
    if window.to <= window.from_:
        found.append(DefinitionProblem(path=("window", "to"), code="field.until_before_from"))
    if not window.days:
        found.append(DefinitionProblem(path=("window", "days"), code="campaign.no_day"))
    return found
