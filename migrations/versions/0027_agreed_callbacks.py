"""Callbacks that agents agree with people: for whom, how they ended, and several that are one call."""

import sqlalchemy as sa
from alembic import op

revision = "0027_agreed_callbacks"
down_revision = "0026_sip_status"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("callbacks", sa.Column("queue", sa.Text))
    op.add_column("callbacks", sa.Column("promised_by", sa.BigInteger))
    op.add_column("callbacks", sa.Column("merged_into", sa.BigInteger))
    op.add_column("callbacks", sa.Column("ended_as", sa.Text))
    op.add_column("callbacks", sa.Column("ended_by", sa.BigInteger))
    op.execute("UPDATE callbacks SET promised_by = agent_id")
    op.execute("UPDATE callbacks SET ended_as = 'done' WHERE done_at IS NOT NULL")
    op.create_foreign_key("fk_callbacks_promised_by_agents", "callbacks", "agents", ["promised_by"], ["id"])
    op.create_foreign_key(
        "fk_callbacks_ended_by_users", "callbacks", "users", ["ended_by"], ["id"], ondelete="SET NULL"
    )
    op.create_foreign_key(
        "fk_callbacks_merged_into_callbacks",
        "callbacks",
        "callbacks",
        ["merged_into"],
        ["id"],
        ondelete="SET NULL",
    )
    op.create_check_constraint("ck_callbacks_ended_as", "callbacks", "ended_as IN ('done', 'cancelled')")
    op.create_check_constraint("ck_callbacks_ended", "callbacks", "(ended_as IS NULL) = (done_at IS NULL)")
    op.create_check_constraint("ck_callbacks_merged_into", "callbacks", "merged_into <> id")
    to_do = sa.text("done_at IS NULL AND merged_into IS NULL")
    op.create_index("ix_callbacks_to_do", "callbacks", ["due_at", "id"], postgresql_where=to_do)
    merged = sa.text("merged_into IS NOT NULL")
    op.create_index("ix_callbacks_merged_into", "callbacks", ["merged_into"], postgresql_where=merged)
    op.drop_index("ix_callbacks_open_due", "callbacks")


def downgrade() -> None:
    open_ones = sa.text("done_at IS NULL")
    op.create_index("ix_callbacks_open_due", "callbacks", ["due_at"], postgresql_where=open_ones)
    for index in ("ix_callbacks_merged_into", "ix_callbacks_to_do"):
        op.drop_index(index, "callbacks")
    for name in ("queue", "promised_by", "merged_into", "ended_as", "ended_by"):
        op.drop_column("callbacks", name)
