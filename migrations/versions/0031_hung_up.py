"""A person who answers and leaves before anybody had to be there was not abandoned."""

from alembic import op

revision = "0031_hung_up"
down_revision = "0030_attempt_results"
branch_labels = None
depends_on = None

_BEFORE = (
    *("answered", "abandoned", "machine", "fax", "busy", "no_answer", "unreachable", "refused"),
    *("wrong_number", "network", "cancelled", "not_sent", "unknown"),
)


def upgrade() -> None:
    _check((*_BEFORE, "hung_up"))


def downgrade() -> None:
    # What an attempt was when it ended never changes, but for this.
    op.execute("ALTER TABLE attempts DISABLE TRIGGER attempts_forward")
    op.execute(
        "UPDATE attempts SET outcome = 'abandoned', abandoned_at = coalesce(abandoned_at, ended_at)"
        " WHERE outcome = 'hung_up'"
    )
    op.execute("ALTER TABLE attempts ENABLE TRIGGER attempts_forward")
    op.execute("UPDATE contacts SET last_outcome = 'abandoned' WHERE last_outcome = 'hung_up'")
    op.execute("UPDATE campaigns SET retries = retries - 'hung_up' WHERE retries ? 'hung_up'")
    _check(_BEFORE)


def _check(outcomes: tuple[str, ...]) -> None:
    names = ", ".join(f"'{one}'" for one in outcomes)
    op.execute("ALTER TABLE attempts DROP CONSTRAINT ck_attempts_outcome")
    op.execute(f"ALTER TABLE attempts ADD CONSTRAINT ck_attempts_outcome CHECK (outcome IN ({names}))")
