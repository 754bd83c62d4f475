"""A campaign calls somebody again after what its flow ended with, and each attempt keeps what that was."""

from alembic import op

revision = "0036_flow_retries"
down_revision = "0035_sent_by"
branch_labels = None
depends_on = None

UP = (
    """
ALTER TABLE campaigns
    ADD COLUMN flow_retries jsonb NOT NULL DEFAULT '{}',
    ADD CONSTRAINT ck_campaigns_flow_retries CHECK (jsonb_typeof(flow_retries) = 'object')""",
    "ALTER TABLE attempts ADD COLUMN flow_outcome text",
    "ALTER TABLE contacts ADD COLUMN last_flow_outcome text",
)
BACK = (
    "ALTER TABLE contacts DROP COLUMN last_flow_outcome",
    "ALTER TABLE attempts DROP COLUMN flow_outcome",
    "ALTER TABLE campaigns DROP COLUMN flow_retries",
    # The version before refuses a definition with a word that it does not know.
    """
UPDATE campaign_versions SET definition = definition - 'flow_retries' WHERE definition ? 'flow_retries'""",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in BACK:
        op.execute(statement)
