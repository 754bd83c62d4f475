"""The statements of an import. They take no text from outside but as parameters."""

from typing import Final

from cti.do_not_call.counts import COUNTS_SQL, LISTED_SQL

#: Whoever holds it works on the import; when nobody does, nobody does. Ends with the transaction.
_LOCK_SPACE: Final = 0x0C7105
LOCK_IMPORT: Final = f"SELECT pg_advisory_xact_lock({_LOCK_SPACE}, hashint8($1::bigint))"
IS_WORKED_ON: Final = (
    f"SELECT NOT pg_try_advisory_xact_lock({_LOCK_SPACE}, hashint8(CAST(:import_id AS bigint)))"
)
#: Two imports into one campaign do not see one another's numbers, so they come one after the other.
_CAMPAIGN_SPACE: Final = 0x0C7106
LOCK_CAMPAIGN: Final = f"SELECT pg_advisory_xact_lock({_CAMPAIGN_SPACE}, hashint8($1::bigint))"

STAGED: Final = """
CREATE TEMPORARY TABLE staged_contacts (
    line bigint NOT NULL, phone text COLLATE "C" NOT NULL, other_phones text[] NOT NULL, name text,
    language text, time_zone text, customer text, consent text, priority smallint NOT NULL,
    details jsonb NOT NULL
) ON COMMIT DROP
"""

#: The first of those that share a number stays.
REFUSE_REPEATED: Final = """
WITH numbered AS (
    SELECT ctid AS place, line, phone,
        row_number() OVER (PARTITION BY phone ORDER BY line) AS turn,
        first_value(line) OVER (PARTITION BY phone ORDER BY line) AS first
    FROM staged_contacts
), gone AS (
    DELETE FROM staged_contacts USING numbered
    WHERE numbered.turn > 1 AND staged_contacts.ctid = numbered.place
    RETURNING staged_contacts.*, numbered.first
)
INSERT INTO contact_refusals (import_id, line, column_name, code, params, cells)
SELECT $1, line, $2, 'row.repeated', jsonb_build_object('value', phone, 'line', first::text),
    jsonb_build_array(phone)
FROM gone
"""
REFUSE_KNOWN: Final = """
WITH gone AS (
    DELETE FROM staged_contacts USING contacts
    WHERE contacts.campaign_id = $3 AND contacts.identity = staged_contacts.phone
    RETURNING staged_contacts.line, staged_contacts.phone
)
INSERT INTO contact_refusals (import_id, line, column_name, code, params, cells)
SELECT $1, line, $2, 'row.in_campaign', jsonb_build_object('value', phone), jsonb_build_array(phone) FROM gone
"""
#: Who is not to be called by anybody, for the campaign's client or in this campaign.
REFUSE_LISTED: Final = f"""
WITH gone AS (
    DELETE FROM staged_contacts USING campaigns, {LISTED_SQL}
    WHERE campaigns.id = $3 AND do_not_call_entries.number = staged_contacts.phone AND {COUNTS_SQL}
        AND (do_not_call_entries.level, coalesce(do_not_call_entries.name, '')) IN (
            ('global', ''), ('client', campaigns.client), ('campaign', campaigns.name)
        )
    RETURNING staged_contacts.line, staged_contacts.phone
)
INSERT INTO contact_refusals (import_id, line, column_name, code, params, cells)
SELECT $1, line, $2, 'row.do_not_call', jsonb_build_object('value', phone), jsonb_build_array(phone) FROM gone
"""  # noqa: S608  (constants of ours)
#: In the order of the file. Whoever was added alone meanwhile stays as he is.
INSERT_CONTACTS: Final = """
INSERT INTO contacts (
    campaign_id, import_id, identity, phone, other_phones, name, language, time_zone, customer_id, consent,
    priority, details
)
SELECT $1, $2, phone, phone, other_phones, staged_contacts.name, staged_contacts.language, time_zone,
    customers.id, consent, priority, details
FROM staged_contacts LEFT JOIN customers ON customers.external_ref = staged_contacts.customer
ORDER BY line
ON CONFLICT ON CONSTRAINT uq_contacts_campaign_id DO NOTHING
"""
COUNT_REFUSED: Final = "SELECT count(DISTINCT line) FROM contact_refusals WHERE import_id = $1"
PROGRESS: Final = "UPDATE contact_imports SET rows_read = $2, refused = $3, bytes_read = $4 WHERE id = $1"

UNDO: Final = (
    "DELETE FROM contacts WHERE import_id = $1",
    "DELETE FROM contact_refusals WHERE import_id = $1",
    "UPDATE contact_imports SET state = 'undone', undone_at = now() WHERE id = $1",
)
