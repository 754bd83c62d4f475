"""What a flow passes on to whom the caller is joined with."""

from alembic import op

revision = "0024_passed_values"
down_revision = "0023_campaigns"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE flow_runs ADD COLUMN passed text")


def downgrade() -> None:
    op.execute("ALTER TABLE flow_runs DROP COLUMN passed")
