"""Results of a flow that everybody may see, under an address that nobody guesses."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0016_polls"
down_revision = "0015_number_flows"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "polls",
        sa.Column("public_id", sa.Text, primary_key=True),
        sa.Column("flow", sa.Text, nullable=False),
        sa.Column("title", JSONB, nullable=False),
        sa.Column("sample", JSONB, nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("to_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("population", sa.BigInteger),
        sa.Column("questions", ARRAY(sa.Text)),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("published_by", sa.BigInteger),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["flow"], ["flows.name"], name="fk_polls_flow_flows"),
        sa.ForeignKeyConstraint(
            ["published_by"], ["users.id"], ondelete="SET NULL", name="fk_polls_published_by_users"
        ),
        sa.CheckConstraint("length(public_id) >= 22", name="ck_polls_public_id"),
        sa.CheckConstraint("to_at > from_at", name="ck_polls_span"),
        sa.CheckConstraint("population >= 1", name="ck_polls_population"),
    )
    op.create_index("ix_polls_flow", "polls", ["flow", "published_at"])


def downgrade() -> None:
    op.drop_table("polls")
