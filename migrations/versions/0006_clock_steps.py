"""By how much Asterisk's clock jumped while a call or a leg was under way."""

import sqlalchemy as sa
from alembic import op

revision = "0006_clock_steps"
down_revision = "0005_ledger"
branch_labels = None
depends_on = None

TABLES = ("calls", "legs")


def upgrade() -> None:
    for table in TABLES:
        # NULL: not at all.
        op.add_column(table, sa.Column("clock_step_seconds", sa.Double))


def downgrade() -> None:
    for table in TABLES:
        op.drop_column(table, "clock_step_seconds")
