"""The statements about what machine detection heard and the calls that it took for machines'. They take
nothing from outside but as parameters.
"""

from typing import Final

import sqlalchemy as sa

from cti.dialling.records.suspicion_sql import SUSPICION_SQL
from cti.dialling.rules.machine_suspicion import CALLED_BACK_SECONDS, OTHER_CALL_DAYS

COUNTS: Final = sa.text(
    """
SELECT nullif(machine, '') AS machine, nullif(split_part(machine_cause, '-', 1), '') AS cause,
    count(*) AS count, count(review.id) AS reviewed,
    count(*) FILTER (WHERE review.verdict = 'person') AS persons
FROM attempts LEFT JOIN machine_reviews AS review
    ON review.attempt_id = attempts.id AND review.undone_at IS NULL
WHERE campaign_id = :campaign_id AND reserved_at >= :from_at AND reserved_at < :to_at
    AND answered_at IS NOT NULL AND outcome IS NOT NULL
GROUP BY 1, 2 ORDER BY count(*) DESC, 1, 2
"""
)
#: Of those who were taken for persons: how long they heard nothing.
SILENCE: Final = sa.text(
    """
SELECT percentile_cont(0.5) WITHIN GROUP (
    ORDER BY CAST(greatest(extract(epoch FROM machine_at - answered_at), 0) AS double precision))
FROM attempts
WHERE campaign_id = :campaign_id AND reserved_at >= :from_at AND reserved_at < :to_at
    AND machine = 'HUMAN' AND machine_at IS NOT NULL AND answered_at IS NOT NULL
"""
)
#: What was done about machines in each version of the campaign. An attempt that names none was made while
#: only drafts could be changed, so what held then is the first that was kept.
_RULES: Final = """
WITH rules AS MATERIALIZED (
    SELECT version, definition ->> 'machine_detection' = 'message' AS leaves_message
    FROM campaign_versions WHERE campaign_id = :campaign_id
),"""
_TAKEN: Final = """
    SELECT attempts.id, contact_id, phone, reserved_at, answered_at, machine_at, ended_at, machine_cause,
        cancelled, call_id, outcome, coalesce(rules.leaves_message, false) AS leaves_message,
        review.id AS review_id, review.verdict, review.reviewed_at, review.reviewed_by
    FROM attempts
    LEFT JOIN machine_reviews AS review ON review.attempt_id = attempts.id AND review.undone_at IS NULL
    LEFT JOIN rules ON rules.version = coalesce(campaign_version, (SELECT min(version) FROM rules))
    WHERE campaign_id = :campaign_id AND machine = 'MACHINE' AND state = 'ended'
        AND outcome IN ('machine', 'abandoned')"""
_UNREVIEWED: Final = " AND reserved_at >= :from_at AND reserved_at < :to_at AND review.id IS NULL"
#: ``taken`` with what else is known of the telephones.
_KNOWN: Final = f"""
    SELECT taken.*, called.called_back_at, elsewhere.person_at, elsewhere.answered_elsewhere_at
    FROM taken
    CROSS JOIN LATERAL (
        SELECT min(calls.started_at) AS called_back_at FROM calls
        WHERE calls.caller_number = taken.phone AND calls.direction = 'inbound'
            AND calls.started_at >= taken.ended_at
            AND calls.started_at <= taken.ended_at + interval '{CALLED_BACK_SECONDS:.0f} seconds'
    ) AS called
    CROSS JOIN LATERAL (
        SELECT
            max(other.answered_at) FILTER (WHERE other.machine = 'HUMAN' OR other.machine_was_person)
                AS person_at,
            max(other.answered_at) FILTER (WHERE other.machine IS NULL AND other.outcome = 'answered')
                AS answered_elsewhere_at
        FROM attempts AS other
        WHERE other.phone = taken.phone AND other.id <> taken.id
            AND other.reserved_at > taken.reserved_at - interval '{OTHER_CALL_DAYS} days'
            AND other.reserved_at < taken.reserved_at + interval '{OTHER_CALL_DAYS} days'
    ) AS elsewhere"""  # noqa: S608  (constants of ours)
#: ``shown`` as people see them.
_SHOWN: Final = """
SELECT shown.*, contacts.name, users.name AS reviewer
FROM shown
LEFT JOIN contacts ON contacts.id = shown.contact_id
LEFT JOIN users ON users.id = shown.reviewed_by
"""
#: Where a suspected one stands in the list; see `cti.campaigns.machines.machine_store.TakenCall.place`.
_PLACE: Final = "-suspicion, -CAST(extract(epoch FROM reserved_at) * 1000000 AS bigint), id"
#: Whoever asks is told in time that they are too many.
IN_TIME: Final = sa.text("SET LOCAL statement_timeout = 8000")
#: All of a span are weighed, however many; a row without an id when none is to be shown.
SUSPECTED: Final = sa.text(
    f"""{_RULES} taken AS MATERIALIZED ({_TAKEN}{_UNREVIEWED}), known AS ({_KNOWN}),
suspects AS MATERIALIZED (
    SELECT * FROM (SELECT known.*, {SUSPICION_SQL} AS suspicion FROM known) AS weighed WHERE suspicion > 0
),
shown AS MATERIALIZED (
    SELECT * FROM suspects
    WHERE ({_PLACE}) > (CAST(:suspicion AS integer), CAST(:at AS bigint), CAST(:id AS text))
    ORDER BY {_PLACE} LIMIT :limit
),
counted AS (
    SELECT (SELECT count(*) FROM taken) AS weighed, (SELECT count(*) FROM suspects) AS suspected
)
SELECT counted.*, page.* FROM counted LEFT JOIN ({_SHOWN}) AS page ON true ORDER BY {_PLACE}"""  # noqa: S608
)
#: By id: ids are drawn by lot, so whoever begins at the top looks at a fair sample.
BY_LOT: Final = sa.text(
    f"""{_RULES} taken AS MATERIALIZED (
    {_TAKEN}{_UNREVIEWED} AND attempts.id > :after ORDER BY attempts.id LIMIT :limit
), shown AS ({_KNOWN}) {_SHOWN} ORDER BY shown.id"""
)
REVIEWED: Final = sa.text(
    f"""{_RULES} taken AS MATERIALIZED (
    {_TAKEN} AND review.id < :before ORDER BY review.id DESC LIMIT :limit
), shown AS ({_KNOWN}) {_SHOWN} ORDER BY shown.review_id DESC"""
)
ONE: Final = sa.text(
    f"""{_RULES} taken AS MATERIALIZED ({_TAKEN} AND attempts.id = :attempt_id),
shown AS ({_KNOWN}) {_SHOWN}"""
)
