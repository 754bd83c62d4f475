"""Which service sent an attempt, so that one whose end nobody saw says in whose hands it was."""

from alembic import op

revision = "0035_sent_by"
down_revision = "0034_machine_reviews"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE attempts ADD COLUMN sent_by text")


def downgrade() -> None:
    op.execute("ALTER TABLE attempts DROP COLUMN sent_by")
