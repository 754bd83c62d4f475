"""What of a campaign may be changed where it stands, and what a change is. Pure."""

from collections.abc import Collection, Iterator
from typing import Any, Final

import msgspec

from cti.campaigns.definition_problem import DefinitionProblem
from cti.campaigns.model import Campaign, CampaignDefinition, CampaignState
from cti.campaigns.runs.running import caller_id_hindrances

#: Who speaks with people: calls in flight were begun for him.
_WHO_SPEAKS: Final = ("kind", "flow", "queue")
#: What decides when somebody may be called, and whether at all: under others he is looked at anew.
_WHEN: Final = ("calendar", "window", "client", "needs_consent")


class WordChange(msgspec.Struct, frozen=True, kw_only=True):
    """One word of a definition that is another now; ``pointer`` is a JSON Pointer, as in `/window/to`. None
    is a word that says nothing.
    """

    pointer: str
    before: Any
    after: Any


def word_changes(before: CampaignDefinition, after: CampaignDefinition) -> list[WordChange]:
    """All that differs, part by part."""
    return list(_differences("", msgspec.to_builtins(before), msgspec.to_builtins(after)))


def touches_calls(before: CampaignDefinition, after: CampaignDefinition) -> bool:
    """Whether it changes who speaks with those who are being called."""
    return any(getattr(before, word) != getattr(after, word) for word in _WHO_SPEAKS)


def looks_anew(before: CampaignDefinition, after: CampaignDefinition) -> bool:
    """Whether those who were not to be called now may be under the new definition."""
    return any(getattr(before, word) != getattr(after, word) for word in _WHEN)


def against_change(
    campaign: Campaign, wanted: CampaignDefinition, *, in_flight: int, own_numbers: Collection[str]
) -> list[DefinitionProblem]:
    """All that keeps a campaign from this definition where it stands; ``in_flight`` counts its calls that are
    not over, ``own_numbers`` (E.164) are ours.
    """
    before = campaign.definition
    found = []
    running = campaign.state is CampaignState.RUNNING
    if running or in_flight:
        code = "campaign.fixed_while_running" if running else "campaign.fixed_in_flight"
        found += [
            DefinitionProblem(path=(word,), code=code, params={"calls": str(in_flight)})
            for word in _WHO_SPEAKS
            if getattr(before, word) != getattr(wanted, word)
        ]
    if running and before.caller_ids != wanted.caller_ids:
        # What could not be started is not run either.
        found += [
            DefinitionProblem(path=("caller_ids",), code=one.code, params=one.params)
            for one in caller_id_hindrances(wanted, own_numbers)
        ]
    return found


def _differences(pointer: str, before: Any, after: Any) -> Iterator[WordChange]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for word in dict.fromkeys((*before, *after)):
            yield from _differences(f"{pointer}/{word}", before.get(word), after.get(word))
    else:
        yield WordChange(pointer=pointer, before=before, after=after)
