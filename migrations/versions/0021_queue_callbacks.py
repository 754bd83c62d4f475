"""Callers who hung up, kept their place and are called back."""

import sqlalchemy as sa
from alembic import op

revision = "0021_queue_callbacks"
down_revision = "0020_task_transcriptions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "queue_callbacks",
        sa.Column("id", sa.Text(collation="C"), primary_key=True),
        # Without a reference: a call's row may go before it when its time is over.
        sa.Column("call_id", sa.Text(collation="C"), nullable=False),
        sa.Column("call_started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("language", sa.Text),
        sa.Column("promised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("dialled_at", sa.DateTime(timezone=True)),
        # A channel's name: no two callbacks share an attempt.
        sa.Column("attempt", sa.Text),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "(state IN ('waiting', 'dialling')) = (ended_at IS NULL)", name="ck_queue_callbacks_end"
        ),
        sa.CheckConstraint(
            "ended_at >= promised_at AND place_at <= promised_at", name="ck_queue_callbacks_order"
        ),
        sa.CheckConstraint("(attempt IS NULL) = (dialled_at IS NULL)", name="ck_queue_callbacks_attempt"),
    )
    op.create_index("ix_queue_callbacks_promised_at", "queue_callbacks", ["promised_at", "id"])
    op.create_index("ix_queue_callbacks_call_id", "queue_callbacks", ["call_id"])


def downgrade() -> None:
    op.drop_table("queue_callbacks")
