"""People, sessions, tokens, agents, devices, queues, and the lists agents choose from."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0001_people"
down_revision = None
branch_labels = None
depends_on = None

LANGUAGE = "language IN ('zh-CN', 'en')"

PAUSE_REASONS = (
    ("lunch", "Lunch", "用餐"),
    ("break", "Break", "休息"),
    ("training", "Training", "培训"),
    ("meeting", "Meeting", "会议"),
    ("admin-work", "Paperwork", "文书工作"),
)
DISPOSITIONS = (
    ("resolved", "Resolved", "已解决"),
    ("callback", "Callback promised", "约定回电"),
    ("escalated", "Passed on", "已转交"),
    ("information", "Information given", "咨询答复"),
    ("complaint", "Complaint", "投诉"),
    ("renewed", "Renewed", "已续订"),
    ("wrong-number", "Wrong number", "打错电话"),
    ("no-contact", "Nobody spoke", "无人应答"),
)


def upgrade() -> None:
    _people()
    _queues_and_agents()
    _lists()


def _identity() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    now = None if nullable else sa.func.now()
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=now)


def _people() -> None:
    op.create_table(
        "users",
        _identity(),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text),
        sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
        _instant("created_at"),
        sa.UniqueConstraint("username", name="uq_users_username"),
        sa.CheckConstraint(
            "username = lower(username) AND length(username) BETWEEN 1 AND 64", name="ck_users_username"
        ),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 200", name="ck_users_name"),
        sa.CheckConstraint("role IN ('agent', 'supervisor', 'admin')", name="ck_users_role"),
        sa.CheckConstraint(LANGUAGE, name="ck_users_language"),
        sa.CheckConstraint("password_hash LIKE '$argon2id$%'", name="ck_users_password_hash"),
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        _instant("created_at"),
        _instant("last_used_at"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_sessions"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], ondelete="CASCADE", name="fk_sessions_user_id_users"
        ),
        sa.CheckConstraint("octet_length(token_hash) = 32", name="ck_sessions_token_hash"),
        sa.CheckConstraint("expires_at > created_at", name="ck_sessions_order"),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_table(
        "api_tokens",
        _identity(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("scopes", ARRAY(sa.Text), nullable=False),
        sa.Column("created_by", sa.BigInteger),
        _instant("created_at"),
        _instant("last_used_at", nullable=True),
        _instant("revoked_at", nullable=True),
        sa.UniqueConstraint("token_hash", name="uq_api_tokens_token_hash"),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], ondelete="SET NULL", name="fk_api_tokens_created_by_users"
        ),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 200", name="ck_api_tokens_name"),
        sa.CheckConstraint("octet_length(token_hash) = 32", name="ck_api_tokens_token_hash"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.SmallInteger),
        sa.Column("body", sa.LargeBinary),
        _instant("created_at"),
        sa.PrimaryKeyConstraint("owner", "key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])


def _queues_and_agents() -> None:
    op.create_table(
        "queues",
        _identity(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("extension", sa.Text),
        sa.Column("language", sa.Text),
        sa.Column("service_level_seconds", sa.SmallInteger, nullable=False, server_default="20"),
        sa.Column("service_level_target", sa.Float, nullable=False, server_default="0.8"),
        sa.Column("wrap_up_seconds", sa.SmallInteger, nullable=False, server_default="30"),
        sa.Column("missed_offers_limit", sa.SmallInteger, nullable=False, server_default="2"),
        sa.UniqueConstraint("name", name="uq_queues_name"),
        sa.UniqueConstraint("extension", name="uq_queues_extension"),
        sa.CheckConstraint("name ~ '^[a-z0-9-]{1,64}$'", name="ck_queues_name"),
        sa.CheckConstraint("length(title) BETWEEN 1 AND 200", name="ck_queues_title"),
        sa.CheckConstraint("extension ~ '^[0-9]{1,16}$'", name="ck_queues_extension"),
        sa.CheckConstraint(LANGUAGE, name="ck_queues_language"),
        sa.CheckConstraint(
            "service_level_seconds BETWEEN 1 AND 3600", name="ck_queues_service_level_seconds"
        ),
        sa.CheckConstraint("service_level_target > 0 AND service_level_target <= 1", name="ck_queues_target"),
        sa.CheckConstraint("wrap_up_seconds BETWEEN 0 AND 3600", name="ck_queues_wrap_up_seconds"),
        sa.CheckConstraint("missed_offers_limit BETWEEN 1 AND 100", name="ck_queues_missed_offers_limit"),
    )
    op.create_table(
        "agents",
        _identity(),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("user_id", name="uq_agents_user_id"),
        # Calls keep the agent's id for ever, so neither he nor his user is ever deleted.
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], ondelete="RESTRICT", name="fk_agents_user_id_users"
        ),
    )
    op.create_table(
        "agent_queues",
        sa.Column("agent_id", sa.BigInteger, nullable=False),
        sa.Column("queue_id", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("agent_id", "queue_id", name="pk_agent_queues"),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.id"], ondelete="CASCADE", name="fk_agent_queues_agent_id_agents"
        ),
        sa.ForeignKeyConstraint(
            ["queue_id"], ["queues.id"], ondelete="CASCADE", name="fk_agent_queues_queue_id_queues"
        ),
    )
    op.create_index("ix_agent_queues_queue_id", "agent_queues", ["queue_id"])
    op.create_table(
        "devices",
        _identity(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("interface", sa.Text, nullable=False),
        sa.Column("extension", sa.Text, nullable=False),
        sa.UniqueConstraint("name", name="uq_devices_name"),
        sa.UniqueConstraint("interface", name="uq_devices_interface"),
        sa.UniqueConstraint("extension", name="uq_devices_extension"),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 200", name="ck_devices_name"),
        sa.CheckConstraint("interface ~ '^PJSIP/[A-Za-z0-9_.-]{1,80}$'", name="ck_devices_interface"),
        sa.CheckConstraint("extension ~ '^[0-9]{1,16}$'", name="ck_devices_extension"),
    )
    op.create_table(
        "wrap_up_extensions",
        sa.Column("agent_id", sa.BigInteger, nullable=False),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("agent_id", name="pk_wrap_up_extensions"),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.id"], ondelete="CASCADE", name="fk_wrap_up_extensions_agent_id_agents"
        ),
    )


def _lists() -> None:
    code = "code ~ '^[a-z0-9][a-z0-9-]{0,62}$'"
    reasons = op.create_table(
        "pause_reasons",
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("title_en", sa.Text, nullable=False),
        sa.Column("title_zh", sa.Text, nullable=False),
        sa.Column("position", sa.SmallInteger, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("code", name="pk_pause_reasons"),
        sa.CheckConstraint(code, name="ck_pause_reasons_code"),
        sa.CheckConstraint(
            "code NOT IN ('signed-in', 'wrap-up', 'missed-offers')", name="ck_pause_reasons_not_the_services"
        ),
    )
    dispositions = op.create_table(
        "disposition_codes",
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("queue", sa.Text),
        sa.Column("title_en", sa.Text, nullable=False),
        sa.Column("title_zh", sa.Text, nullable=False),
        sa.Column("position", sa.SmallInteger, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("code", name="pk_disposition_codes"),
        sa.CheckConstraint(code, name="ck_disposition_codes_code"),
    )
    for table, rows in ((reasons, PAUSE_REASONS), (dispositions, DISPOSITIONS)):
        op.bulk_insert(
            table,
            [
                {"code": code, "title_en": en, "title_zh": zh, "position": position}
                for position, (code, en, zh) in enumerate(rows)
            ],
        )


def downgrade() -> None:
    for table in (
        "disposition_codes",
        "pause_reasons",
        "wrap_up_extensions",
        "devices",
        "agent_queues",
        "agents",
        "queues",
        "idempotency_keys",
        "api_tokens",
        "sessions",
        "users",
    ):
        op.drop_table(table)
