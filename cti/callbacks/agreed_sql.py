"""The statements about callbacks that agents agree with people."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

#: With the notes of what is kept with each, the last first; ended ones with what ended with them.
_SHOWN: Final = """
SELECT c.id, c.due_at, c.agent_id, c.queue, c.promised_by, c.created_at, c.note, c.done_at, c.ended_as,
    who.customer_id, k.name AS customer_name,
    coalesce(c.e164, (
        SELECT n.e164 FROM customer_numbers n WHERE n.customer_id = c.customer_id
        ORDER BY n.position, n.e164 LIMIT 1
    )) AS number,
    ARRAY(
        WITH RECURSIVE earlier AS (
            SELECT e.id, e.note FROM callbacks e
            WHERE e.merged_into = c.id AND e.done_at IS NOT DISTINCT FROM c.done_at
            UNION
            SELECT e.id, e.note FROM callbacks e JOIN earlier ON e.merged_into = earlier.id
            WHERE e.done_at IS NOT DISTINCT FROM c.done_at
        )
        SELECT note FROM earlier ORDER BY id DESC
    ) AS notes
FROM callbacks c
CROSS JOIN LATERAL (
    SELECT coalesce(c.customer_id, (
        SELECT min(n.customer_id) FROM customer_numbers n WHERE n.e164 = c.e164 HAVING count(*) = 1
    )) AS customer_id
) who
LEFT JOIN customers k ON k.id = who.customer_id
WHERE c.merged_into IS NULL
"""
#: Both parameters are for one reader: an agent (else NULL), and his queues.
_SEEN: Final = """
AND (
    CAST(:agent_id AS bigint) IS NULL OR c.agent_id = :agent_id
    OR (c.agent_id IS NULL AND c.queue = ANY(:queues))
)
"""
_TREE: Final = """
WITH RECURSIVE promises AS (
    SELECT id, done_at FROM callbacks WHERE id = :id AND merged_into IS NULL AND (done_at IS NULL) = {open}
    UNION
    SELECT c.id, c.done_at FROM callbacks c JOIN promises p ON c.merged_into = p.id
    WHERE c.done_at IS NOT DISTINCT FROM p.done_at
)
"""


def _of_reader(text: str) -> sa.TextClause:
    return sa.text(text).bindparams(sa.bindparam("queues", type_=ARRAY(sa.Text)))


TO_DO: Final = _of_reader(
    f"""{_SHOWN} AND c.done_at IS NULL {_SEEN}
AND (CAST(:at AS timestamptz) IS NULL OR (c.due_at, c.id) > (:at, :id))
ORDER BY c.due_at, c.id LIMIT :limit"""
)
ENDED: Final = _of_reader(
    f"""{_SHOWN} AND c.done_at IS NOT NULL {_SEEN}
AND (CAST(:at AS timestamptz) IS NULL OR (c.done_at, c.id) < (:at, :id))
ORDER BY c.done_at DESC, c.id DESC LIMIT :limit"""
)
ONE: Final = _of_reader(f"{_SHOWN} {_SEEN} AND c.id = :id")

END: Final = sa.text(
    f"""{_TREE.format(open="true")}
UPDATE callbacks SET done_at = now(), ended_as = :ended_as, ended_by = CAST(:by AS bigint)
WHERE id IN (SELECT id FROM promises) RETURNING customer_id, e164"""  # noqa: S608  (constants of ours)
)
#: A promise that was made anew in its call stays ended.
REOPEN: Final = sa.text(
    f"""{_TREE.format(open="false")}
, reopened AS (
    UPDATE callbacks c SET done_at = NULL, ended_as = NULL, ended_by = NULL
    WHERE c.id IN (SELECT id FROM promises) AND NOT EXISTS (
        SELECT FROM callbacks o WHERE o.call_id = c.call_id AND o.done_at IS NULL
    ) AND NOT EXISTS (
        SELECT FROM callbacks r JOIN callbacks o ON o.call_id = r.call_id AND o.done_at IS NULL
        WHERE r.id = :id
    )
    RETURNING c.id, c.e164
)
SELECT e164 FROM reopened WHERE id = :id"""  # noqa: S608  (constants of ours)
)
#: What is due by then, and whose.
DUE: Final = sa.text(
    """SELECT id, agent_id, queue, due_at FROM callbacks
WHERE done_at IS NULL AND merged_into IS NULL AND due_at <= :until ORDER BY due_at, id LIMIT :limit"""
)
