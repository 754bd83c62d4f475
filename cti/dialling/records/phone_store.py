"""What is known of telephones when somebody is looked at; functions that take a connection."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.dialling.rules.attempt import AttemptState
from cti.dialling.rules.outcome import Outcome
from cti.dialling.rules.retry import DAY, Attempt
from cti.do_not_call.counts import COUNTS_SQL, LISTED_SQL

_PHONES: Final = sa.bindparam("phones", type_=sa.ARRAY(sa.Text))
#: An attempt lasts no longer than a day.
_ATTEMPTS: Final = sa.text(
    """
SELECT phone, state, outcome, coalesce(sent_at, reserved_at) AS began_at, ended_at
FROM attempts
WHERE phone = ANY(:phones) AND outcome IS DISTINCT FROM 'not_sent' AND reserved_at > :since
"""
).bindparams(_PHONES)
#: The widest level of each, and its first reason.
_REFUSED: Final = sa.text(
    f"""
SELECT DISTINCT ON (do_not_call_entries.number)
    do_not_call_entries.number, do_not_call_entries.level, do_not_call_entries.added_at
FROM {LISTED_SQL}
WHERE do_not_call_entries.number = ANY(:phones) AND {COUNTS_SQL}
    AND (do_not_call_entries.level, coalesce(do_not_call_entries.name, '')) IN (
        ('global', ''), ('client', CAST(:client AS text)), ('campaign', CAST(:campaign AS text))
    )
ORDER BY do_not_call_entries.number,
    array_position(ARRAY['global', 'client', 'campaign'], do_not_call_entries.level),
    do_not_call_entries.added_at
"""  # noqa: S608  (constants of ours)
).bindparams(_PHONES)


class PhoneKnown(msgspec.Struct, frozen=True, kw_only=True):
    """One telephone, over all campaigns; ``refused_at`` is epoch seconds."""

    #: As far back as the limits reach.
    attempts: tuple[Attempt, ...] = ()
    #: Whether an attempt on it is not over.
    under_way: bool = False
    #: The widest level at which it is not to be called; None when it may be.
    refused_level: str | None = None
    refused_at: float | None = None


async def read_phones(
    connection: AsyncConnection,
    phones: Sequence[str],
    now: float,
    *,
    reach_seconds: float,
    campaign: str | None = None,
    client: str | None = None,
) -> dict[str, PhoneKnown]:
    """What is known of each, for a campaign and its client by name (or for none: by hand).

    ``reach_seconds`` is how far back limits reach: `AttemptLimits.reach_seconds`.
    """
    since = datetime.fromtimestamp(now - reach_seconds - DAY, UTC)
    made: defaultdict[str, list[sa.Row[Any]]] = defaultdict(list)
    for row in await connection.execute(_ATTEMPTS, {"phones": list(phones), "since": since}):
        made[row.phone].append(row)
    asked = {"phones": list(phones), "client": client, "campaign": campaign}
    refused = {row.number: row for row in await connection.execute(_REFUSED, asked)}
    return {phone: _known(made.get(phone, []), refused.get(phone)) for phone in dict.fromkeys(phones)}


def _known(made: Sequence[sa.Row[Any]], refused: sa.Row[Any] | None) -> PhoneKnown:
    return PhoneKnown(
        attempts=tuple(
            Attempt(
                sent_at=row.began_at.timestamp(),
                ended_at=None if row.ended_at is None else row.ended_at.timestamp(),
                outcome=None if row.outcome is None else Outcome(row.outcome),
            )
            for row in made
        ),
        under_way=any(AttemptState(row.state).is_open for row in made),
        refused_level=None if refused is None else refused.level,
        refused_at=None if refused is None else refused.added_at.timestamp(),
    )
