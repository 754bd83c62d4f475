"""PostgreSQL weighs a call as the rule does that says why, to the microsecond."""

import random
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import msgspec
import sqlalchemy as sa

from cti.db.engine import open_engine
from cti.dialling.records.suspicion_sql import SUSPICION_SQL
from cti.dialling.rules.machine_suspicion import (
    AT_ONCE_SECONDS,
    CALLED_BACK_SECONDS,
    LISTENS_SECONDS,
    MESSAGE_SECONDS,
    SLOW_SECONDS,
    MachineCall,
    reasons_of,
    suspicion_of,
)

#: The least by which two instants differ, in seconds.
LEAST = 1e-6
LIMITS = [limit + by for limit in (SLOW_SECONDS, LISTENS_SECONDS) for by in (-LEAST, 0.0, LEAST)]
LISTENED = (None, -LEAST, 1.8, *LIMITS)
LASTED = (None, -LEAST, 0.0, MESSAGE_SECONDS - LEAST, MESSAGE_SECONDS, 60.0)
LATER = (
    *(None, -LEAST, 0.0, AT_ONCE_SECONDS, AT_ONCE_SECONDS + LEAST),
    *(CALLED_BACK_SECONDS, CALLED_BACK_SECONDS + LEAST),
)
BOTH = (False, True)
INSTANTS = ("answered_at", "machine_at", "ended_at", "called_back_at", "person_at", "answered_elsewhere_at")
WEIGH = f"""
SELECT {SUSPICION_SQL} AS suspicion
FROM jsonb_to_recordset(CAST(:given AS jsonb)) AS known (
    number integer, leaves_message boolean, cancelled boolean,
    {", ".join(f"{name} timestamptz" for name in INSTANTS)}
) ORDER BY number
"""


def after(instant: datetime | None, seconds: float | None) -> datetime | None:
    return None if instant is None or seconds is None else instant + timedelta(seconds=seconds)


def known(dice: random.Random) -> list[dict[str, Any]]:
    """Calls at all limits, each at an instant of its own."""
    made = []
    for listened, lasted, later, message, cancelled, person, other in product(
        LISTENED, LASTED, LATER, BOTH, BOTH, BOTH, BOTH
    ):
        answered_at = datetime.fromtimestamp(dice.randrange(10**9, 2 * 10**9), UTC)
        answered_at += timedelta(microseconds=dice.randrange(10**6))
        machine_at = after(answered_at, listened)
        ended_at = after(machine_at or answered_at, lasted)
        made.append(
            {
                "answered_at": answered_at,
                "machine_at": machine_at,
                "ended_at": ended_at,
                "called_back_at": after(ended_at, later),
                "person_at": answered_at if person else None,
                "answered_elsewhere_at": answered_at if other else None,
                "leaves_message": message,
                "cancelled": cancelled,
            }
        )
    return made


def by_rule(words: dict[str, Any]) -> int:
    instants = {name: None if words[name] is None else words[name].timestamp() for name in INSTANTS}
    return suspicion_of(reasons_of(MachineCall(**{**words, **instants})))


async def test_all_limits_are_the_same_to_both(postgres_url: str) -> None:
    calls = known(random.Random(34))
    given = msgspec.json.encode([{"number": number, **words} for number, words in enumerate(calls)]).decode()
    async with open_engine(postgres_url) as engine, engine.connect() as connection:
        weighed = list(await connection.scalars(sa.text(WEIGH), {"given": given}))
    expected = [by_rule(words) for words in calls]
    assert [one for one in zip(calls, weighed, expected, strict=True) if one[1] != one[2]] == []
    assert set(expected) >= set(range(8))
