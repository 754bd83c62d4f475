"""The SQL of `cti.calls.store`. That module adds conditions at a query's end; values are always bound."""

from typing import Final

#: What belongs to a call began with it or after, and within a week: this keeps to the partitions that matter.
_OF_CALL: Final = "call_id = c.id AND {at} >= c.started_at AND {at} < c.started_at + interval '7 days'"

#: A sum is NULL when there is no such span, or when one of them has no end (yet, or known).
_SPAN: Final = (
    "CASE WHEN bool_or(i.ended_at IS NULL) FILTER (WHERE {which}) THEN NULL ELSE "
    "sum(extract(epoch FROM i.ended_at - i.started_at)) FILTER (WHERE {which}) END::float8"
)

#: What belongs to the last year: a look-up that says so at planning time opens no older partition.
LAST_YEAR: Final = " AND {at} > now() - interval '1 year' AND {at} < now() + interval '1 hour'"


def call_spans(call: str, *, recent: bool = False) -> str:
    """The one definition of a call's times, as a lateral subquery over the row ``call`` of `calls`.

    It gives wait_seconds, talk_seconds, hold_seconds and wrap_up_seconds; NULL is not known. The
    call's talk is for how long somebody talked: what two phones measured at once counts once. A call that is
    over, whose talk was measured and that was never held has a hold of zero, unless events of it were missed.
    """
    last_year = LAST_YEAR.format(at="i.started_at") if recent else ""
    return f"""
SELECT s.wait_seconds, t.talk_seconds,
       CASE WHEN {call}.gap THEN NULL
            WHEN s.holds = 0 AND t.talk_seconds IS NOT NULL AND {call}.ended_at IS NOT NULL THEN 0
            ELSE s.hold_seconds END AS hold_seconds,
       s.wrap_up_seconds
FROM (
    SELECT {_SPAN.format(which="i.kind = 'wait'")} AS wait_seconds,
           range_agg(tstzrange(i.started_at, i.ended_at, '[]')) FILTER (WHERE i.kind = 'talk') AS talks,
           {_SPAN.format(which="i.kind = 'hold'")} AS hold_seconds,
           count(*) FILTER (WHERE i.kind = 'hold') AS holds,
           {_SPAN.format(which="i.kind = 'wrap_up'")} AS wrap_up_seconds
    FROM intervals i
    WHERE i.call_id = {call}.id AND i.started_at >= {call}.started_at
      AND i.started_at < {call}.started_at + interval '7 days'{last_year}
) s
CROSS JOIN LATERAL (
    SELECT CASE WHEN bool_or(upper_inf(r)) THEN NULL
                ELSE sum(extract(epoch FROM upper(r) - lower(r))) END::float8 AS talk_seconds
    FROM unnest(s.talks) r
) t"""  # noqa: S608


CALL_SUMMARY: Final = f"""
SELECT c.id, c.started_at, c.answered_at, c.ended_at, c.direction, c.caller_number, c.number_state,
       c.dialled_number, c.language, c.queue, c.agent_id, u.name AS agent_name,
       cu.id AS customer_id, cu.name AS customer_name, c.gap, c.clock_step_seconds, c.voicemail,
       c.ended_at IS NOT NULL OR c.unknown_end AS over,
       t.wait_seconds, t.talk_seconds, t.hold_seconds, t.wrap_up_seconds,
       (SELECT e.outcome FROM queue_entries e WHERE e.{_OF_CALL.format(at="e.joined_at")}
        ORDER BY e.joined_at DESC LIMIT 1) AS last_entry,
       (SELECT s.rating FROM surveys s WHERE s.{_OF_CALL.format(at="s.started_at")}
        ORDER BY s.started_at DESC LIMIT 1) AS rating,
       (SELECT d.code FROM dispositions d WHERE d.call_id = c.id
        ORDER BY d.updated_at DESC LIMIT 1) AS disposition
FROM calls c
LEFT JOIN agents a ON a.id = c.agent_id
LEFT JOIN users u ON u.id = a.user_id
LEFT JOIN call_customers cc ON cc.call_id = c.id
LEFT JOIN customers cu ON cu.id = coalesce(cc.customer_id, (
    SELECT min(n.customer_id) FROM customer_numbers n
    WHERE n.e164 = CASE c.direction WHEN 'outbound' THEN c.dialled_number ELSE c.caller_number END
    HAVING count(*) = 1))
LEFT JOIN LATERAL ({call_spans("c")}) t ON true
WHERE """  # noqa: S608

SUMMARY_ORDER: Final = " ORDER BY c.started_at DESC, c.id DESC LIMIT :limit"

#: A call, or the one that it became part of, however many times over.
FIND_CALL: Final = """
WITH RECURSIVE chain AS (
    SELECT id, started_at, merged_into, 0 AS depth FROM calls WHERE id = :id
    UNION ALL
    SELECT c.id, c.started_at, c.merged_into, chain.depth + 1
    FROM chain JOIN calls c ON c.id = chain.merged_into WHERE chain.depth < 20
)
SELECT id, started_at FROM chain WHERE merged_into IS NULL LIMIT 1
"""

HANDLED: Final = """
SELECT EXISTS (SELECT FROM legs WHERE call_id = :id AND agent_id = :agent_id)
    OR EXISTS (SELECT FROM offers WHERE call_id = :id AND agent_id = :agent_id)
"""

SAVE_DISPOSITION: Final = """
INSERT INTO dispositions (call_id, agent_id, code, note, callback_at)
VALUES (:call_id, :agent_id, :code, :note, :callback_at)
ON CONFLICT (call_id, agent_id) DO UPDATE
SET code = EXCLUDED.code, note = EXCLUDED.note, callback_at = EXCLUDED.callback_at, updated_at = now()
RETURNING call_id, agent_id, code, note, callback_at, created_at, updated_at
"""

SURVEYS: Final = """
SELECT s.id, s.call_id, s.started_at, s.agent_id, u.name AS agent_name, s.queue, s.language, s.outcome,
       s.rating, s.second_rating
FROM surveys s LEFT JOIN agents a ON a.id = s.agent_id LEFT JOIN users u ON u.id = a.user_id
WHERE """
