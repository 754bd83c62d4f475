"""Announcements that supervisors switch, and the PIN with which they do it by telephone."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0017_announcements"
down_revision = "0016_polls"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "announcements",
        sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("title_zh", sa.Text, nullable=False),
        sa.Column("title_en", sa.Text, nullable=False),
        sa.Column("prompt", sa.Text, nullable=False),
        # Empty: all.
        sa.Column("queues", ARRAY(sa.Text), nullable=False),
        sa.Column("hang_up", sa.Boolean, nullable=False),
        sa.Column("is_on", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("from_at", sa.DateTime(timezone=True)),
        sa.Column("until_at", sa.DateTime(timezone=True)),
        sa.Column("switched_at", sa.DateTime(timezone=True)),
        sa.Column("switched_by", sa.Text),
        sa.Column("switched_by_user", sa.BigInteger),
        sa.UniqueConstraint("name", name="uq_announcements_name"),
        sa.ForeignKeyConstraint(
            ["switched_by_user"],
            ["users.id"],
            ondelete="SET NULL",
            name="fk_announcements_switched_by_user_users",
        ),
        sa.CheckConstraint("name ~ '^[a-z][a-z0-9]*([-_][a-z0-9]+)*$'", name="ck_announcements_name"),
        sa.CheckConstraint("prompt ~ '^[a-z][a-z0-9]*([-_/][a-z0-9]+)*$'", name="ck_announcements_prompt"),
        sa.CheckConstraint("from_at < until_at", name="ck_announcements_order"),
        sa.CheckConstraint("switched_by IN ('page', 'phone')", name="ck_announcements_switched_by"),
    )
    op.create_table(
        "announcement_history",
        sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("user_id", sa.BigInteger),
        sa.Column("from_at", sa.DateTime(timezone=True)),
        sa.Column("until_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], ondelete="SET NULL", name="fk_announcement_history_user_id_users"
        ),
        sa.CheckConstraint(
            "act IN ('added', 'changed', 'on', 'off', 'deleted')", name="ck_announcement_history_act"
        ),
        sa.CheckConstraint("by IN ('page', 'phone')", name="ck_announcement_history_by"),
    )
    op.create_index("ix_announcement_history_name", "announcement_history", ["name", "id"])
    op.execute(
        "INSERT INTO announcements (name, title_zh, title_en, prompt, queues, hang_up) VALUES "
        "('surge', '来电高峰', 'Many callers', 'announcement-surge', '{}', false), "
        "('outage', '系统故障', 'Outage', 'announcement-outage', '{}', false)"
    )
    op.create_table(
        "phone_access",
        sa.Column("user_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("staff_number", sa.Text, nullable=False),
        # Argon2id in PHC form.
        sa.Column("pin_hash", sa.Text, nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        # Attempts since the last right one, and until when there is no other.
        sa.Column("failures", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("locked_until", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], ondelete="CASCADE", name="fk_phone_access_user_id_users"
        ),
        sa.UniqueConstraint("staff_number", name="uq_phone_access_staff_number"),
        sa.CheckConstraint("staff_number ~ '^[0-9]{3,8}$'", name="ck_phone_access_staff_number"),
    )


def downgrade() -> None:
    op.drop_table("phone_access")
    op.drop_table("announcement_history")
    op.drop_table("announcements")
