"""The ways that calls took through a flow, read from PostgreSQL: one by one, or counted."""
# ruff: noqa: S608  (what is put into the statements stands in this file)

from collections import defaultdict
from datetime import datetime
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.flows.actions import Answered, Entered, Mistaken
from cti.flows.drawing import Traffic
from cti.flows.question_words import QuestionKind
from cti.flows.retrace import Trace

_DEFAULT_LANGUAGE: Final = "zh-CN"


class RecordedRun(msgspec.Struct, frozen=True, kw_only=True):
    """A call's way through a flow, as it was recorded."""

    run_id: str
    call_id: str
    started_at: datetime
    version: str
    last_step: str | None
    trace: Trace


#: The last runs that are over.
_RUNS: Final = """
SELECT r.id, r.started_at, r.call_id, r.version, r.language, r.outcome, r.last_step FROM flow_runs r
WHERE r.flow = :flow AND (:version IS NULL OR r.version = :version) AND r.outcome IS NOT NULL
ORDER BY r.started_at DESC, r.id DESC LIMIT :limit
"""
_OF_RUN: Final = """{a}.run_id = r.id AND {a}.run_started_at = r.started_at AND {a}.at >= r.started_at
    AND {a}.at < r.started_at + interval '7 days'"""
_NOTES: Final = f"""
WITH r AS ({_RUNS})
SELECT r.id, s.ordinal, s.flow, s.step, s.way, NULL AS question, NULL AS kind, NULL AS value, s.keys
FROM r JOIN flow_steps s ON {_OF_RUN.format(a="s")}
UNION ALL
SELECT r.id, a.ordinal, a.flow, a.step, NULL, a.question, a.kind, a.value, a.keys
FROM r JOIN flow_answers a ON {_OF_RUN.format(a="a")}
ORDER BY 1, 2
"""
#: Within the flow itself: a way into a sub-flow and back again is one from step to step.
_WAYS: Final = f"""
WITH r AS ({_RUNS})
SELECT from_step, way, count(DISTINCT id) AS count FROM (
    SELECT r.id, s.way, lag(s.step) OVER (PARTITION BY r.id ORDER BY s.ordinal) AS from_step
    FROM r JOIN flow_steps s ON {_OF_RUN.format(a="s")} AND NOT s.mistake AND s.flow = :flow) w
WHERE from_step IS NOT NULL GROUP BY 1, 2
"""
_STOPS: Final = f"""
WITH r AS ({_RUNS})
SELECT r.last_step, count(*) FILTER (WHERE r.outcome = 'hung_up') AS hung_up, count(*) AS count FROM r
GROUP BY 1
"""
_RECENT: Final = """
SELECT flow, count(*) AS calls FROM flow_runs WHERE started_at >= now() - interval '7 days' GROUP BY flow
"""


async def read_runs(
    connection: AsyncConnection, flow: str, *, version: str | None = None, limit: int
) -> list[RecordedRun]:
    """The last calls that are over, the newest first, each with all that was noted of it."""
    values = _values(flow, version, limit)
    runs = (await connection.execute(_text(_RUNS), values)).mappings().all()
    notes: dict[str, list[Entered | Answered | Mistaken]] = defaultdict(list)
    for row in (await connection.execute(_text(_NOTES), values)).mappings():
        notes[row["id"]].append(_note(row))
    return [
        RecordedRun(
            run_id=row["id"],
            call_id=row["call_id"],
            started_at=row["started_at"],
            version=row["version"],
            last_step=row["last_step"],
            trace=Trace(
                notes=notes[row["id"]], outcome=row["outcome"], language=row["language"] or _DEFAULT_LANGUAGE
            ),
        )
        for row in runs
    ]


async def count_ways(connection: AsyncConnection, flow: str, *, version: str, limit: int) -> Traffic:
    """How many of the last calls through a version took each way, and where they hung up."""
    values = _values(flow, version, limit)
    ways = (await connection.execute(_text(_WAYS), values)).mappings().all()
    stops = (await connection.execute(_text(_STOPS), values)).mappings().all()
    own = f"{flow}/"
    return Traffic(
        calls=sum(row["count"] for row in stops),
        ways={(row["from_step"], row["way"]): row["count"] for row in ways},
        hung_up={
            row["last_step"].removeprefix(own): row["hung_up"]
            for row in stops
            if row["hung_up"] and (row["last_step"] or "").startswith(own)
        },
    )


def _note(row: RowMapping) -> Entered | Answered | Mistaken:
    flow, step = row["flow"], row["step"]
    if row["question"] is not None:
        return Answered(
            flow=flow,
            step=step,
            question=row["question"],
            kind=next((kind for kind in QuestionKind if kind.value == row["kind"]), None),
            value=row["value"],
            keys=row["keys"],
        )
    if row["way"] is not None:
        return Entered(flow=flow, step=step, way=row["way"])
    return Mistaken(flow=flow, step=step, keys=row["keys"])


async def count_recent(connection: AsyncConnection) -> dict[str, int]:
    """How many calls came into each flow within the last seven days; a flow without any is not in it."""
    rows = await connection.execute(sa.text(_RECENT))
    return {row.flow: row.calls for row in rows}


def _text(query: str) -> sa.TextClause:
    return sa.text(query).bindparams(
        sa.bindparam("version", type_=sa.Text), sa.bindparam("flow", type_=sa.Text)
    )


def _values(flow: str, version: str | None, limit: int) -> dict[str, Any]:
    return {"flow": flow, "version": version, "limit": limit}
