"""How many contacts of each state a campaign has is kept as they change, so that nobody counts millions."""

from alembic import op

revision = "0033_contact_counts"
down_revision = "0032_campaign_versions"
branch_labels = None
depends_on = None

STATEMENTS = (
    # Nobody waits for another: each statement adds what it changed, and the sum is what there is. No foreign
    # key, for a campaign's contacts go after itself.
    """
CREATE TABLE contact_counts (
    campaign_id bigint NOT NULL,
    state text NOT NULL,
    change bigint NOT NULL
)""",
    """
CREATE FUNCTION note_contact_counts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM contact_counts;
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO contact_counts SELECT campaign_id, state, count(*) FROM now_there GROUP BY 1, 2;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO contact_counts SELECT campaign_id, state, -count(*) FROM no_more GROUP BY 1, 2;
    ELSE
        INSERT INTO contact_counts
        SELECT campaign_id, state, sum(change) FROM (
            SELECT campaign_id, state, 1 AS change FROM now_there
            UNION ALL
            SELECT campaign_id, state, -1 FROM no_more
        ) AS changes
        GROUP BY 1, 2 HAVING sum(change) <> 0;
    END IF;
    RETURN NULL;
END $$""",
    """
CREATE TRIGGER contacts_added AFTER INSERT ON contacts REFERENCING NEW TABLE AS now_there
    FOR EACH STATEMENT EXECUTE FUNCTION note_contact_counts()""",
    """
CREATE TRIGGER contacts_removed AFTER DELETE ON contacts REFERENCING OLD TABLE AS no_more
    FOR EACH STATEMENT EXECUTE FUNCTION note_contact_counts()""",
    """
CREATE TRIGGER contacts_changed AFTER UPDATE ON contacts
    REFERENCING NEW TABLE AS now_there OLD TABLE AS no_more
    FOR EACH STATEMENT EXECUTE FUNCTION note_contact_counts()""",
    """
CREATE TRIGGER contacts_emptied AFTER TRUNCATE ON contacts
    FOR EACH STATEMENT EXECUTE FUNCTION note_contact_counts()""",
    # The triggers hold off whoever writes until this is committed.
    "INSERT INTO contact_counts SELECT campaign_id, state, count(*) FROM contacts GROUP BY 1, 2",
    """
CREATE INDEX ix_contacts_closed_lately ON contacts (last_attempt_at, campaign_id) WHERE state = 'closed'""",
)

BACK = (
    "DROP INDEX ix_contacts_closed_lately",
    "DROP TRIGGER contacts_emptied ON contacts",
    "DROP TRIGGER contacts_changed ON contacts",
    "DROP TRIGGER contacts_removed ON contacts",
    "DROP TRIGGER contacts_added ON contacts",
    "DROP FUNCTION note_contact_counts()",
    "DROP TABLE contact_counts",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    for statement in BACK:
        op.execute(statement)
