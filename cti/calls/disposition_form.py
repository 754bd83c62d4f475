"""What an agent may say of his call, and what he fills in: as his page shows it, in his language."""

from collections.abc import Sequence

import msgspec

from cti.agents.store import Choice
from cti.campaigns.forms.dispositions import Next, code_of_call
from cti.campaigns.forms.form import Answer, FieldKind
from cti.campaigns.model import CampaignDefinition
from cti.http.language import text_in
from cti.http.principal import Language


class OfferedDisposition(msgspec.Struct, frozen=True, kw_only=True):
    """One to choose; ``next`` is what it means for the campaign's contact, null where it means nothing."""

    code: str
    title: str
    next: Next | None


class OfferedField(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a campaign's form."""

    name: str
    title: str
    kind: FieldKind
    choices: list[Choice]
    required: bool


class DispositionForm(msgspec.Struct, frozen=True, kw_only=True):
    """All of it; ``campaign`` (its title) and ``script`` are null when it is no campaign's call. ``answers``
    are those that the agent has saved, null when he has saved nothing.
    """

    campaign: str | None
    script: str | None
    dispositions: list[OfferedDisposition]
    form: list[OfferedField]
    answers: dict[str, Answer] | None


def general_form(offered: Sequence[Choice]) -> DispositionForm:
    """Of a call that is no campaign's."""
    return DispositionForm(campaign=None, script=None, dispositions=_general(offered), form=[], answers=None)


def campaign_form(
    definition: CampaignDefinition,
    offered: Sequence[Choice],
    answers: dict[str, Answer] | None,
    language: Language,
) -> DispositionForm:
    """Of a campaign's call; ``offered`` are the queue's, for a campaign that has none of its own."""
    own = [
        OfferedDisposition(
            code=code_of_call(definition.campaign, one.code),
            title=text_in(one.title, language) or one.code,
            next=one.next,
        )
        for one in definition.dispositions
    ]
    return DispositionForm(
        campaign=text_in(definition.title, language) or definition.campaign,
        script=text_in(definition.script or {}, language),
        dispositions=own or _general(offered),
        form=[
            OfferedField(
                name=field.name,
                title=text_in(field.title, language) or field.name,
                kind=field.kind,
                choices=[
                    Choice(code=choice.code, title=text_in(choice.title, language) or choice.code)
                    for choice in field.choices
                ],
                required=field.required,
            )
            for field in definition.form
        ],
        answers=answers,
    )


def _general(offered: Sequence[Choice]) -> list[OfferedDisposition]:
    return [OfferedDisposition(code=one.code, title=one.title, next=None) for one in offered]
