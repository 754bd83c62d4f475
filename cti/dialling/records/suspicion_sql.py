"""How much speaks for a person, as an expression of SQL over columns that are called like the fields of
`cti.dialling.rules.machine_suspicion.MachineCall`: so all calls of a span are weighed where they are. The
rules are those of that module, to the last bit of an instant; a test holds the two together.
"""

from typing import Final

from cti.dialling.rules.machine_suspicion import (
    AT_ONCE_SECONDS,
    AT_ONCE_WEIGHT,
    CALLED_BACK_SECONDS,
    LISTENS_SECONDS,
    MESSAGE_SECONDS,
    SLOW_SECONDS,
    WEIGHTS,
    Clue,
)


def _seconds(begin: str, end: str) -> str:
    """From one instant to another, reckoned as Python does; NULL when one is not known."""
    begin_at, end_at = (f"CAST(extract(epoch FROM {at}) AS double precision)" for at in (begin, end))
    return f"({end_at} - {begin_at})"


_CALLED_BACK: Final = _seconds("ended_at", "called_back_at")
_BROKE_OFF: Final = _seconds("coalesce(machine_at, answered_at)", "ended_at")
_LISTENED: Final = _seconds("answered_at", "machine_at")

#: 0 where nothing speaks for a person, or is not known.
SUSPICION_SQL: Final = f"""(
    CASE WHEN {_CALLED_BACK} BETWEEN 0 AND {AT_ONCE_SECONDS}
            THEN {AT_ONCE_WEIGHT} - CAST(leaves_message AS integer)
        WHEN {_CALLED_BACK} BETWEEN 0 AND {CALLED_BACK_SECONDS}
            THEN {WEIGHTS[Clue.CALLED_BACK]} - CAST(leaves_message AS integer)
        ELSE 0 END
    + CASE WHEN person_at IS NULL THEN 0 ELSE {WEIGHTS[Clue.PERSON_ELSEWHERE]} END
    + CASE WHEN leaves_message AND NOT cancelled
            AND {_BROKE_OFF} >= 0 AND {_BROKE_OFF} < {MESSAGE_SECONDS}
        THEN {WEIGHTS[Clue.BROKE_OFF]} ELSE 0 END
    + CASE WHEN answered_elsewhere_at IS NULL THEN 0 ELSE {WEIGHTS[Clue.ANSWERED_ELSEWHERE]} END
    + CASE WHEN {_LISTENED} BETWEEN {SLOW_SECONDS} AND {LISTENS_SECONDS}
        THEN {WEIGHTS[Clue.SLOW]} ELSE 0 END)"""
