"""What callers answered, counted by PostgreSQL: how often each value was given, how runs ended, which calls.

Runs count by the instant in which they began. Of a question that was answered more than once in a run, the
last answer counts.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.http.problems import Problem


class GroupBy(StrEnum):
    """By what results are told apart."""

    VERSION = "version"
    AGENT = "agent"
    QUEUE = "queue"
    LANGUAGE = "language"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class RunFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which runs of a flow; what is None does not matter. ``to_at`` is not included."""

    flow: str
    from_at: datetime
    to_at: datetime
    version: str | None = None
    agent_id: int | None = None
    queue: str | None = None
    language: str | None = None


class AnswerFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which of these runs: those that answered a question, with a value, that ended in a way."""

    #: The flow in which the question is asked: the run's own, or a sub-flow.
    flow: str | None = None
    question: str | None = None
    value: str | None = None
    outcome: str | None = None
    #: Whether accounts, dates and the like may be seen; without it nobody answered such a question.
    digits: bool = True


class CountedRuns(msgspec.Struct, frozen=True, kw_only=True):
    """Runs of one group, by what became of them; ``key`` is None for what has none, or without groups."""

    key: str | None
    begun: int
    running: int
    exited: int
    hung_up: int
    handed_over: int
    failed: int
    answered: int


class CountedAnswers(msgspec.Struct, frozen=True, kw_only=True):
    """How many runs of one group gave this answer last."""

    key: str | None
    flow: str
    question: str
    kind: str | None
    value: str
    count: int


class CountedEnds(msgspec.Struct, frozen=True, kw_only=True):
    """Where runs ended, as `flow/step`, and how; the most frequent first."""

    outcome: str
    last_step: str | None
    count: int


class FoundRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run behind a figure. ``value`` is the answer that was asked for, when one was."""

    id: str
    call_id: str
    started_at: datetime
    version: str
    language: str | None
    queue: str | None
    agent_id: int | None
    agent_name: str | None
    outcome: str | None
    value: str | None


class AnswerRow(msgspec.Struct, frozen=True, kw_only=True):
    """One answer with all that belongs to it, for an export."""

    at: datetime
    run_id: str
    call_id: str
    flow: str
    version: str
    step: str
    question: str
    kind: str | None
    value: str
    keys: str
    outcome: str | None
    queue: str | None
    agent_name: str | None
    language: str | None
    direction: str
    caller_number: str | None
    dialled_number: str | None


#: What belongs to a run is written within a week of its beginning: this keeps to the partitions that matter.
_OF_RUN: Final = """a.run_id = r.id AND a.run_started_at = r.started_at AND a.at >= r.started_at
    AND a.at < r.started_at + interval '7 days' AND a.at >= :from_at
    AND a.at < CAST(:to_at AS timestamptz) + interval '7 days'"""
_RUNS: Final = """r.flow = :flow AND r.started_at >= :from_at AND r.started_at < :to_at
    AND (CAST(:version AS text) IS NULL OR r.version = :version)
    AND (CAST(:agent_id AS bigint) IS NULL OR r.agent_id = CAST(:agent_id AS bigint))
    AND (CAST(:queue AS text) IS NULL OR r.queue = :queue)
    AND (CAST(:language AS text) IS NULL OR r.language = :language)"""
_KEYS: Final[dict[GroupBy | None, str]] = {
    None: "NULL::text",
    GroupBy.VERSION: "r.version",
    GroupBy.AGENT: "r.agent_id::text",
    GroupBy.QUEUE: "r.queue",
    GroupBy.LANGUAGE: "r.language",
    **{
        unit: f"to_char(date_trunc('{unit.value}', r.started_at AT TIME ZONE :zone), 'YYYY-MM-DD')"
        for unit in (GroupBy.DAY, GroupBy.WEEK, GroupBy.MONTH)
    },
}
_OURS: Final = "'hung_up', 'handed_over', 'failed', 'service_lost'"

_COUNT_RUNS: Final = """
SELECT {key} AS key, count(*) AS begun,
       count(*) FILTER (WHERE r.outcome IS NULL) AS running,
       count(*) FILTER (WHERE r.outcome NOT IN ({ours})) AS exited,
       count(*) FILTER (WHERE r.outcome = 'hung_up') AS hung_up,
       count(*) FILTER (WHERE r.outcome = 'handed_over') AS handed_over,
       count(*) FILTER (WHERE r.outcome IN ('failed', 'service_lost')) AS failed,
       count(*) FILTER (WHERE r.outcome IS NOT NULL AND EXISTS (
           SELECT FROM flow_answers a WHERE {of_run} AND a.kind <> 'digits')) AS answered
FROM flow_runs r WHERE {runs}
GROUP BY 1 ORDER BY 1 NULLS LAST
"""
#: The last answer of each run to each question.
_LAST: Final = """
SELECT DISTINCT ON (a.run_id, a.flow, a.question) a.run_id, a.flow, a.question, a.kind, a.value, {key} AS key
FROM flow_runs r JOIN flow_answers a ON {of_run}
WHERE {runs}
ORDER BY a.run_id, a.flow, a.question, a.ordinal DESC
"""
#: Digits and recordings are counted, not told one from the other; a recording that was dropped is none.
_COUNT_ANSWERS: Final = """
SELECT key, flow, question, kind, CASE WHEN kind <> 'digits' THEN value ELSE '' END AS value,
       count(*) AS count
FROM ({last}) l WHERE kind IS NOT NULL OR value <> ''
GROUP BY 1, 2, 3, 4, 5 ORDER BY key NULLS LAST, flow, question, kind, value LIMIT :limit
"""
_VERSIONS: Final = """
SELECT r.version FROM flow_runs r WHERE {runs} GROUP BY 1 ORDER BY max(r.started_at) DESC LIMIT :limit
"""
_COUNT_ENDS: Final = """
SELECT r.outcome, r.last_step, count(*) AS count FROM flow_runs r
WHERE {runs} AND r.outcome IS NOT NULL
GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT :limit
"""
_FIND_RUNS: Final = """
SELECT r.id, r.call_id, r.started_at, r.version, r.language, r.queue, r.agent_id, u.name AS agent_name,
       r.outcome, l.value
FROM flow_runs r
LEFT JOIN agents g ON g.id = r.agent_id LEFT JOIN users u ON u.id = g.user_id
LEFT JOIN LATERAL (
    SELECT a.value FROM flow_answers a
    WHERE {of_run} AND a.question = :question AND a.flow = coalesce(:asked_in, r.flow)
      AND (CAST(:digits AS boolean) OR a.kind IS DISTINCT FROM 'digits')
    ORDER BY a.ordinal DESC LIMIT 1) l ON :question IS NOT NULL
WHERE {runs}
  AND (:question IS NULL OR l.value IS NOT NULL)
  AND (:value IS NULL OR :value IN (l.value, regexp_replace(l.value, '^0+(?=[0-9])', '')))
  AND (:outcome IS NULL OR r.outcome = :outcome)
  AND (CAST(:cursor_at AS timestamptz) IS NULL OR (r.started_at, r.id) < (:cursor_at, :cursor_id))
ORDER BY r.started_at DESC, r.id DESC LIMIT :limit
"""
_COUNT_ROWS: Final = "SELECT count(*) FROM flow_runs r JOIN flow_answers a ON {of_run} WHERE {runs}"
#: Of so many runs: a stretch of the index, wherever in a long export it is.
_ROWS: Final = """
WITH r AS (
    SELECT r.* FROM flow_runs r
    WHERE {runs}
      AND (CAST(:after_at AS timestamptz) IS NULL OR (r.started_at, r.id) > (:after_at, :after_run))
    ORDER BY r.started_at, r.id LIMIT :limit)
SELECT r.id AS run_id, r.started_at AS run_started_at, r.call_id, r.version, r.outcome, r.queue, r.language,
       u.name AS agent_name, c.direction, c.caller_number, c.dialled_number,
       a.at, a.flow, a.step, a.question, a.kind, a.value, a.keys
FROM r
LEFT JOIN flow_answers a ON {of_run}
JOIN calls c ON c.id = r.call_id AND c.started_at = r.call_started_at
LEFT JOIN agents g ON g.id = r.agent_id LEFT JOIN users u ON u.id = g.user_id
ORDER BY r.started_at, r.id, a.ordinal
"""
_TEXTS: Final = ("version", "queue", "language", "question", "value", "outcome", "asked_in", "zone")
#: More different answers, over all groups, are refused rather than cut.
_MOST_VALUES: Final = 100_000
_MOST_ENDS: Final = 50


async def list_versions(connection: AsyncConnection, wanted: RunFilter, *, limit: int) -> list[str]:
    """The versions that runs went through, the one that was begun last first."""
    return [row["version"] for row in await _rows(connection, _VERSIONS, wanted, limit=limit)]


async def count_runs(
    connection: AsyncConnection, wanted: RunFilter, *, by: GroupBy | None = None, zone: str = "UTC"
) -> list[CountedRuns]:
    """What became of the runs; ``zone`` (IANA) says when a day begins."""
    rows = await _rows(connection, _COUNT_RUNS, wanted, by=by, zone=zone)
    return [CountedRuns(**row) for row in rows]


async def count_answers(
    connection: AsyncConnection, wanted: RunFilter, *, by: GroupBy | None = None, zone: str = "UTC"
) -> list[CountedAnswers]:
    """How often each value is the answer to each question.

    Raises:
        Problem: `results.too_many`.
    """
    last = _LAST.format(key=_KEYS[by], of_run=_OF_RUN, runs=_RUNS)
    query = _COUNT_ANSWERS.format(last=last)
    rows = await _rows(connection, query, wanted, by=by, zone=zone, limit=_MOST_VALUES + 1)
    if len(rows) > _MOST_VALUES:
        raise Problem("results.too_many")
    return [CountedAnswers(**row) for row in rows]


async def count_ends(connection: AsyncConnection, wanted: RunFilter) -> list[CountedEnds]:
    """Where runs ended, the most frequent first."""
    return [CountedEnds(**row) for row in await _rows(connection, _COUNT_ENDS, wanted, limit=_MOST_ENDS)]


async def page_runs(
    connection: AsyncConnection,
    wanted: RunFilter,
    answered: AnswerFilter,
    *,
    limit: int,
    after: tuple[datetime, str] | None = None,
) -> tuple[list[FoundRun], tuple[datetime, str] | None]:
    """The runs behind a figure, the newest first, and where the next page begins."""
    rows = await _rows(
        connection,
        _FIND_RUNS,
        wanted,
        question=answered.question,
        asked_in=answered.flow,
        value=answered.value,
        outcome=answered.outcome,
        digits=answered.digits,
        cursor_at=None if after is None else after[0],
        cursor_id="" if after is None else after[1],
        limit=limit + 1,
    )
    found = [FoundRun(**row) for row in rows[:limit]]
    following = (found[-1].started_at, found[-1].id) if len(rows) > limit else None
    return found, following


async def count_rows(connection: AsyncConnection, wanted: RunFilter) -> int:
    """How many answers an export has."""
    rows = await _rows(connection, _COUNT_ROWS, wanted)
    return int(rows[0]["count"])


async def read_rows(
    connection: AsyncConnection, wanted: RunFilter, *, runs: int, after: tuple[datetime, str] | None = None
) -> tuple[list[AnswerRow], tuple[datetime, str] | None]:
    """Every answer of so many runs, also those that were changed later, the oldest first; and the last of
    these runs, behind which the next ones are, None at the end.
    """
    rows = await _rows(
        connection,
        _ROWS,
        wanted,
        after_at=None if after is None else after[0],
        after_run="" if after is None else after[1],
        limit=runs,
    )
    found = [
        AnswerRow(**{name: row[name] for name in AnswerRow.__struct_fields__})
        for row in rows
        if row["at"] is not None
    ]
    return found, (rows[-1]["run_started_at"], rows[-1]["run_id"]) if rows else None


async def _rows(
    connection: AsyncConnection, query: str, wanted: RunFilter, *, by: GroupBy | None = None, **values: Any
) -> Sequence[Any]:
    text = sa.text(query.format(key=_KEYS[by], of_run=_OF_RUN, runs=_RUNS, ours=_OURS))
    given = {**msgspec.structs.asdict(wanted), **values}
    named = {name: value for name, value in given.items() if name in text.compile().params}
    typed = text.bindparams(*(sa.bindparam(name, type_=sa.Text) for name in _TEXTS if name in named))
    return (await connection.execute(typed, named)).mappings().all()
