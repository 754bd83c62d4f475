"""A campaign says when no more calls may have been abandoned than its cap allows: in the end, or always."""

from alembic import op

revision = "0038_cap_holds"
down_revision = "0037_attempts_of_phone"
branch_labels = None
depends_on = None

UP = """
ALTER TABLE campaigns
    ADD COLUMN abandon_cap_holds text NOT NULL DEFAULT 'at_end',
    ADD CONSTRAINT ck_campaigns_abandon_cap_holds CHECK (abandon_cap_holds IN ('at_end', 'always'))"""
BACK = (
    "ALTER TABLE campaigns DROP COLUMN abandon_cap_holds",
    # The version before refuses a definition with a word that it does not know.
    """
UPDATE campaign_versions SET definition = definition - 'abandon_cap_holds'
 WHERE definition ? 'abandon_cap_holds'""",
)


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    for statement in BACK:
        op.execute(statement)
