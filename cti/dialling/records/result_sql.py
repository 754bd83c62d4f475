"""What agents said of attempts, as parts of queries on `attempts`: of several agents the last counts."""

from typing import Any, Final

import sqlalchemy as sa

from cti.campaigns.forms.dispositions import Next
from cti.dialling.records.tables import attempt_results, attempts

_results: Final = attempt_results.c


def _last_said(column: sa.ColumnElement[Any], name: str) -> sa.Label[Any]:
    return (
        sa.select(column)
        .where(_results.attempt_id == attempts.c.id)
        .order_by(_results.saved_at.desc(), _results.agent_id.desc())
        .limit(1)
        .correlate(attempts)
        .scalar_subquery()
        .label(name)
    )


#: What it means for the contact; NULL: nobody said anything, or the outcome decides.
NEXT_SAID: Final = _last_said(_results.next, "next_said")
SECONDS_SAID: Final = _last_said(_results.after_seconds, "seconds_said")
#: Whether the number is not the contact's; NULL: nobody said anything, or the outcome decides.
SAID_WRONG_NUMBER: Final = _last_said(_results.next == Next.WRONG_NUMBER.value, "said_wrong_number")
#: As the campaign calls it.
DISPOSITION_SAID: Final = _last_said(_results.disposition, "disposition")
ANSWERS_SAID: Final = _last_said(_results.answers, "answers")
