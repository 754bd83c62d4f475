"""What became of each transfer.

Until now a row said that the caller was handed on, and of a blind transfer not whether anybody took him on.
"""

from alembic import op

revision = "0007_transfer_outcomes"
down_revision = "0006_clock_steps"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE transfers ADD COLUMN outcome text")
    op.execute("UPDATE transfers SET outcome = CASE kind WHEN 'attended' THEN 'completed' ELSE 'unknown' END")
    op.create_check_constraint(
        "ck_transfers_outcome",
        "transfers",
        "outcome IN ('completed', 'busy', 'no_answer', 'failed', 'cancelled', 'unknown')",
    )


def downgrade() -> None:
    op.execute("DELETE FROM transfers WHERE kind = 'attended' AND outcome <> 'completed'")
    op.execute("ALTER TABLE transfers DROP COLUMN outcome")
