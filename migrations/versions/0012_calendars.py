"""Opening hours and holidays."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012_calendars"
down_revision = "0011_flows"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendars",
        sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("title_zh", sa.Text, nullable=False),
        sa.Column("title_en", sa.Text, nullable=False),
        sa.Column("time_zone", sa.Text, nullable=False),
        # Seven lists of [begins, ends] in minutes, Monday first.
        sa.Column("week", JSONB, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("updated_by", sa.BigInteger),
        sa.UniqueConstraint("name", name="uq_calendars_name"),
        sa.ForeignKeyConstraint(
            ["updated_by"], ["users.id"], ondelete="SET NULL", name="fk_calendars_updated_by_users"
        ),
        sa.CheckConstraint("name ~ '^[a-z][a-z0-9]*([-_][a-z0-9]+)*$'", name="ck_calendars_name"),
        sa.CheckConstraint(
            "jsonb_typeof(week) = 'array' AND jsonb_array_length(week) = 7", name="ck_calendars_week"
        ),
    )
    op.create_table(
        "special_days",
        sa.Column("calendar_id", sa.BigInteger, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("title_zh", sa.Text, nullable=False),
        sa.Column("title_en", sa.Text, nullable=False),
        # A list of [begins, ends] in minutes; an empty one is closed.
        sa.Column("hours", JSONB, nullable=False),
        sa.ForeignKeyConstraint(
            ["calendar_id"],
            ["calendars.id"],
            ondelete="CASCADE",
            name="fk_special_days_calendar_id_calendars",
        ),
        sa.CheckConstraint("jsonb_typeof(hours) = 'array'", name="ck_special_days_hours"),
    )


def downgrade() -> None:
    op.drop_table("special_days")
    op.drop_table("calendars")
