"""A call that is parked has a span of its own, which is nobody's talk and nobody's hold."""

from alembic import op

revision = "0008_parked_calls"
down_revision = "0007_transfer_outcomes"
branch_labels = None
depends_on = None

_KINDS = "'wait', 'ring', 'talk', 'hold', 'wrap_up'"


def upgrade() -> None:
    _allow(f"{_KINDS}, 'park'")


def downgrade() -> None:
    op.execute("DELETE FROM intervals WHERE kind = 'park'")  # the version before knows nothing of them
    _allow(_KINDS)


def _allow(kinds: str) -> None:
    op.execute("ALTER TABLE intervals DROP CONSTRAINT ck_intervals_kind")
    op.execute(f"ALTER TABLE intervals ADD CONSTRAINT ck_intervals_kind CHECK (kind IN ({kinds}))")
