"""The statements of the look-up; each gives one JSON document, as `cti.customers.lookup.Found` reads it."""

from typing import Final

#: $1 is the number (E.164), $2 the call. `owner` holds the customers, `sole` the customer when there is
#: just one.
_DOCUMENT: Final = """
, sole AS MATERIALIZED (
    SELECT min(id) AS id FROM owner HAVING count(*) = 1
), line AS MATERIALIZED (
    SELECT $1::text AS e164 WHERE $1::text IS NOT NULL
    UNION
    SELECT n.e164 FROM sole JOIN customer_numbers n ON n.customer_id = sole.id
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
            WHERE b.done_at IS NULL
            UNION
            SELECT b.id, b.due_at, b.note FROM line JOIN callbacks b ON b.e164 = line.e164
            WHERE b.done_at IS NULL
            ORDER BY due_at LIMIT 10
        ) c
    ), '[]'::json),
    'calls', '[]'::json,
    'ratings', '[]'::json
)::text
"""

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
