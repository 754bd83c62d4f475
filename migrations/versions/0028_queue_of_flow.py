"""A campaign that a flow speaks for may name the queue for those who want an agent."""

from alembic import op

revision = "0028_queue_of_flow"
down_revision = "0027_agreed_callbacks"
branch_labels = None
depends_on = None

#: As the naming convention of 0023 has made it.
_NAME = "ck_campaigns_ck_campaigns_who_speaks"


def upgrade() -> None:
    _check("flow IS NOT NULL")


def downgrade() -> None:
    op.execute("UPDATE campaigns SET queue = NULL WHERE kind = 'ivr'")
    _check("flow IS NOT NULL AND queue IS NULL")


def _check(of_flows: str) -> None:
    op.execute(f"ALTER TABLE campaigns DROP CONSTRAINT {_NAME}")
    condition = f"CASE kind WHEN 'ivr' THEN {of_flows} ELSE queue IS NOT NULL END"
    op.execute(f"ALTER TABLE campaigns ADD CONSTRAINT {_NAME} CHECK ({condition})")
