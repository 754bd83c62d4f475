"""A campaign is changed while it runs: what its rules were is kept, and under which of them each attempt was
made; who was put off under other rules is known.
"""

from alembic import op

revision = "0032_campaign_versions"
down_revision = "0031_hung_up"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
CREATE TABLE campaign_versions (
    campaign_id bigint NOT NULL,
    version bigint NOT NULL,
    definition jsonb NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    changed_by bigint,
    restores bigint,
    CONSTRAINT pk_campaign_versions PRIMARY KEY (campaign_id, version),
    CONSTRAINT fk_campaign_versions_campaign_id_campaigns
        FOREIGN KEY (campaign_id) REFERENCES campaigns (id) ON DELETE CASCADE,
    CONSTRAINT fk_campaign_versions_changed_by_users
        FOREIGN KEY (changed_by) REFERENCES users (id) ON DELETE SET NULL,
    CONSTRAINT ck_campaign_versions_restores CHECK (restores < version)
)""",
    # What was before is not known; the history begins with what is now.
    """
INSERT INTO campaign_versions (campaign_id, version, definition, changed_at, changed_by)
SELECT id, version,
    jsonb_build_object(
        'campaign', name, 'title', title, 'kind', kind, 'flow', flow, 'queue', queue,
        'caller_ids', caller_ids, 'calendar', calendar, 'window', "window", 'ring_seconds', ring_seconds,
        'ratio', ratio, 'retries', retries, 'caps', caps, 'priority', priority, 'client', client,
        'machine_detection', machine_detection, 'abandon_cap', abandon_cap, 'needs_consent', needs_consent,
        'script', script, 'dispositions', dispositions, 'form', form),
    updated_at, updated_by
FROM campaigns""",
    "ALTER TABLE campaigns ADD COLUMN looks_anew boolean NOT NULL DEFAULT false",
    "ALTER TABLE contacts ADD COLUMN put_off boolean NOT NULL DEFAULT false",
    "CREATE INDEX ix_contacts_put_off ON contacts (campaign_id) WHERE put_off AND state = 'open'",
    "ALTER TABLE attempts ADD COLUMN campaign_version bigint",
)

BACK = (
    "ALTER TABLE attempts DROP COLUMN campaign_version",
    "DROP INDEX ix_contacts_put_off",
    "ALTER TABLE contacts DROP COLUMN put_off",
    "ALTER TABLE campaigns DROP COLUMN looks_anew",
    "DROP TABLE campaign_versions",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    for statement in BACK:
        op.execute(statement)
