"""The statements of the look-up; each gives one JSON document, as `cti.customers.lookup.Found` reads it."""

from typing import Final

from cti.calls.store_sql import call_spans

#: $1 is the number (E.164), $2 the call. `owner` holds the customers, `sole` the customer when there is
#: just one.
_DOCUMENT: Final = """
, sole AS MATERIALIZED (
    SELECT min(id) AS id FROM owner HAVING count(*) = 1
), line AS MATERIALIZED (
    SELECT $1::text AS e164 WHERE $1::text IS NOT NULL
    UNION
    SELECT n.e164 FROM sole JOIN customer_numbers n ON n.customer_id = sole.id
), recent AS MATERIALIZED (
    SELECT r.* FROM line CROSS JOIN LATERAL (
        (SELECT c.* FROM calls c WHERE c.caller_number = line.e164 AND c.id <> $2 AND c.merged_into IS NULL
         AND c.started_at > now() - interval '1 year' AND c.started_at < now() + interval '1 hour'
         ORDER BY c.started_at DESC LIMIT 20)
        UNION ALL
        (SELECT c.* FROM calls c WHERE c.dialled_number = line.e164 AND c.direction = 'outbound'
         AND c.id <> $2 AND c.merged_into IS NULL
         AND c.started_at > now() - interval '1 year' AND c.started_at < now() + interval '1 hour'
         ORDER BY c.started_at DESC LIMIT 20)
    ) r ORDER BY r.started_at DESC LIMIT 20
), rated AS MATERIALIZED (
    SELECT v.call_id, v.rating, v.agent_id, coalesce(v.ended_at, v.started_at) AS at
    FROM recent r JOIN LATERAL (
        SELECT * FROM surveys s WHERE s.call_id = r.id AND s.rating IS NOT NULL
        AND s.started_at >= r.started_at AND s.started_at < r.started_at + interval '1 day'
        AND s.started_at > now() - interval '1 year' AND s.started_at < now() + interval '1 hour'
    ) v ON true
)
SELECT json_build_object(
    'chosen_id', (SELECT customer_id FROM call_customers WHERE call_id = $2),
    'customers', coalesce((
        SELECT json_agg(json_build_object(
            'id', o.id, 'name', o.name, 'language', o.language, 'company', o.company, 'email', o.email,
            'note', o.note, 'external_ref', o.external_ref,
            'numbers', coalesce((
                SELECT json_agg(n.e164 ORDER BY n.position, n.e164)
                FROM customer_numbers n WHERE n.customer_id = o.id
            ), '[]'::json)
        ) ORDER BY o.id) FROM owner o
    ), '[]'::json),
    'subscriptions', coalesce((
        SELECT json_agg(json_build_object(
            'id', s.id, 'product', s.product, 'status', s.status, 'starts_on', s.starts_on,
            'expires_on', s.expires_on, 'amount', s.amount::text, 'currency', s.currency
        ) ORDER BY s.status, s.expires_on NULLS LAST, s.id)
        FROM sole JOIN subscriptions s ON s.customer_id = sole.id
    ), '[]'::json),
    'callbacks', coalesce((
        SELECT json_agg(json_build_object(
            'id', c.id, 'note', c.note,
            'due_at', to_char(c.due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
        ) ORDER BY c.due_at, c.id)
        FROM (
            SELECT b.id, b.due_at, b.note FROM sole JOIN callbacks b ON b.customer_id = sole.id
            WHERE b.done_at IS NULL AND b.merged_into IS NULL
            UNION
            SELECT b.id, b.due_at, b.note FROM line JOIN callbacks b ON b.e164 = line.e164
            WHERE b.done_at IS NULL AND b.merged_into IS NULL
            ORDER BY due_at LIMIT 10
        ) c
    ), '[]'::json),
    'calls', coalesce((
        SELECT json_agg(json_build_object(
            'id', r.id,
            'started_at', to_char(r.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
            'ended_at', to_char(r.ended_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
            'direction', r.direction,
            'number', CASE r.direction WHEN 'outbound' THEN r.dialled_number ELSE r.caller_number END,
            'dnis', CASE r.direction WHEN 'inbound' THEN r.dialled_number END,
            'queue', r.queue,
            'agent', CASE WHEN u.id IS NOT NULL THEN json_build_object('id', a.id, 'name', u.name) END,
            'answered', r.answered_at IS NOT NULL,
            'wait_seconds', t.wait_seconds, 'talk_seconds', t.talk_seconds, 'hold_seconds', t.hold_seconds,
            'wrap_up_seconds', t.wrap_up_seconds,
            'outcome', CASE
                WHEN r.ended_at IS NULL AND NOT r.unknown_end THEN 'in_progress'
                WHEN r.voicemail THEN 'voicemail'
                WHEN r.answered_at IS NOT NULL THEN 'answered'
                ELSE coalesce(e.outcome, 'failed')
            END,
            'rating', s.rating,
            'disposition', d.code,
            'customer', CASE WHEN k.id IS NOT NULL THEN json_build_object('id', k.id, 'name', k.name) END
        ) ORDER BY r.started_at DESC)
        FROM (SELECT * FROM recent ORDER BY started_at DESC LIMIT 5) r
        LEFT JOIN agents a ON a.id = r.agent_id
        LEFT JOIN users u ON u.id = a.user_id
        LEFT JOIN call_customers l ON l.call_id = r.id
        LEFT JOIN customers k ON k.id = l.customer_id
        LEFT JOIN LATERAL (SPANS) t ON true
        LEFT JOIN LATERAL (
            SELECT (array_agg(q.outcome ORDER BY q.joined_at DESC))[1] AS outcome FROM queue_entries q
            WHERE r.answered_at IS NULL AND q.call_id = r.id AND q.outcome IN ('abandoned', 'overflow')
            AND q.joined_at >= r.started_at AND q.joined_at < r.started_at + interval '1 day'
            AND q.joined_at > now() - interval '1 year' AND q.joined_at < now() + interval '1 hour'
        ) e ON true
        LEFT JOIN LATERAL (
            SELECT (array_agg(g.rating ORDER BY g.at DESC))[1] AS rating FROM rated g WHERE g.call_id = r.id
        ) s ON true
        LEFT JOIN LATERAL (
            SELECT p.code FROM dispositions p WHERE p.call_id = r.id ORDER BY p.updated_at DESC LIMIT 1
        ) d ON true
    ), '[]'::json),
    'ratings', coalesce((
        SELECT json_agg(json_build_object(
            'rating', g.rating,
            'at', to_char(g.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
            'agent_name', g.name
        ) ORDER BY g.at DESC)
        FROM (
            SELECT v.rating, v.at, u.name FROM rated v
            LEFT JOIN agents a ON a.id = v.agent_id
            LEFT JOIN users u ON u.id = a.user_id
            ORDER BY v.at DESC LIMIT 5
        ) g
    ), '[]'::json)
)::text
""".replace("SPANS", call_spans("r", recent=True))

_OWNER_BY_NUMBER: Final = """
WITH owner AS MATERIALIZED (
    SELECT c.* FROM customer_numbers n JOIN customers c ON c.id = n.customer_id
    WHERE n.e164 = $1::text ORDER BY c.id LIMIT 20
)"""

#: $3 is the customer.
_OWNER_BY_ID: Final = """
WITH owner AS MATERIALIZED (
    SELECT c.* FROM customers c WHERE c.id = $3::bigint
)"""

BY_NUMBER: Final = "".join((_OWNER_BY_NUMBER, _DOCUMENT))
BY_CUSTOMER: Final = "".join((_OWNER_BY_ID, _DOCUMENT))

#: $1 the call, $2 the customer, $3 the agent who chose.
CHOOSE: Final = """
INSERT INTO call_customers (call_id, customer_id, agent_id)
SELECT $1::text, c.id, $3::bigint FROM customers c WHERE c.id = $2::bigint
ON CONFLICT (call_id) DO UPDATE
SET customer_id = excluded.customer_id, agent_id = excluded.agent_id, chosen_at = now()
RETURNING call_id
"""

#: $1 a JSON list of customers with external_ref, $2 the number they were found by.
MIRROR: Final = """
WITH given AS MATERIALIZED (
    SELECT * FROM json_to_recordset($1::json) AS r(
        external_ref text, name text, language text, company text, email text, note text, numbers json
    )
), kept AS (
    INSERT INTO customers AS c (external_ref, name, language, company, email, note)
    SELECT external_ref, name, language, company, email, note FROM given ORDER BY external_ref
    ON CONFLICT (external_ref) DO UPDATE SET
        name = excluded.name, language = coalesce(excluded.language, c.language),
        company = coalesce(excluded.company, c.company), email = coalesce(excluded.email, c.email),
        note = coalesce(excluded.note, c.note), updated_at = now()
    WHERE (c.name, c.language, c.company, c.email, c.note) IS DISTINCT FROM (
        excluded.name, coalesce(excluded.language, c.language), coalesce(excluded.company, c.company),
        coalesce(excluded.email, c.email), coalesce(excluded.note, c.note)
    )
    RETURNING c.id, c.external_ref
), known AS MATERIALIZED (
    SELECT id, external_ref FROM kept
    UNION
    SELECT c.id, c.external_ref FROM given g JOIN customers c USING (external_ref)
), lines AS (
    INSERT INTO customer_numbers (customer_id, e164)
    SELECT k.id, e.e164
    FROM known k JOIN given g USING (external_ref),
         LATERAL (SELECT $2::text AS e164 UNION SELECT json_array_elements_text(g.numbers)) e
    ON CONFLICT DO NOTHING
)
SELECT json_object_agg(external_ref, id)::text FROM known
"""
