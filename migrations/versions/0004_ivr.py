"""Where dialled numbers lead, and how each queue's satisfaction survey is asked."""

import sqlalchemy as sa
from alembic import op

revision = "0004_ivr"
down_revision = "0003_customers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "inbound_numbers",
        sa.Column("dnis", sa.Text, primary_key=True),
        sa.Column("queue", sa.Text, nullable=False),
        # NULL: the caller is asked.
        sa.Column("language", sa.Text),
        sa.Column("note", sa.Text),
        sa.CheckConstraint("dnis ~ '^[+0-9]{1,32}$'", name="ck_inbound_numbers_dnis"),
        sa.CheckConstraint("queue ~ '^[a-z0-9-]{1,64}$'", name="ck_inbound_numbers_queue"),
        sa.CheckConstraint("language IN ('zh-CN', 'en')", name="ck_inbound_numbers_language"),
    )
    op.create_table(
        "survey_settings",
        sa.Column("queue", sa.Text, primary_key=True),
        sa.Column("enabled", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("second_question", sa.Boolean, nullable=False, server_default=sa.false()),
        # NULL: the language the caller has spoken so far.
        sa.Column("language", sa.Text),
        sa.CheckConstraint("queue ~ '^[a-z0-9-]{1,64}$'", name="ck_survey_settings_queue"),
        sa.CheckConstraint("language IN ('zh-CN', 'en')", name="ck_survey_settings_language"),
    )


def downgrade() -> None:
    op.drop_table("survey_settings")
    op.drop_table("inbound_numbers")
