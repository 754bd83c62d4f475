"""What agents may say that came of a campaign's calls, and what it means for the contact."""

from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from cti.do_not_call.model import Level
from cti.flows.words import Texts

CODE_PATTERN: Final = r"^[a-z][a-z0-9]*([-_][a-z0-9]+)*$"
LONGEST_CODE: Final = 40
MOST_DISPOSITIONS: Final = 30
LEAST_AFTER_SECONDS: Final = 1_800
MOST_AFTER_SECONDS: Final = 31 * 86_400

#: A gap of half an hour is the least between two attempts, a month the most.
AfterSeconds = Annotated[int, Meta(ge=LEAST_AFTER_SECONDS, le=MOST_AFTER_SECONDS)]
DispositionCode = Annotated[str, Meta(pattern=CODE_PATTERN, max_length=LONGEST_CODE)]


class Next(StrEnum):
    """What a disposition means for the contact."""

    #: The campaign is done with him.
    DONE = "done"
    #: He is called again by the campaign.
    RETRY = "retry"
    #: An agent calls him back at the time that was agreed; the campaign does not.
    CALLBACK = "callback"
    #: He does not want to be called again.
    REFUSE = "refuse"
    #: This number is not his.
    WRONG_NUMBER = "wrong_number"


class CampaignDisposition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of a campaign's own dispositions.

    ``after_seconds`` is of `retry` alone, None is as soon as the gap between two attempts allows; ``level``
    is of `refuse` alone, and says for whom he is not called again: None is for nobody.
    """

    code: DispositionCode
    title: Texts
    next: Next = Next.DONE
    after_seconds: AfterSeconds | None = None
    level: Level | None = None


def code_of_call(campaign: str, code: str) -> str:
    """As a campaign's own disposition is called where calls of all campaigns stand together."""
    return f"{campaign}/{code}"
