"""Campaigns as drafts, their contacts, and where these came from."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0023_campaigns"
down_revision = "0022_do_not_call"
branch_labels = None
depends_on = None

E164 = r"^\+[1-9][0-9]{1,14}$"
NAME = "^[a-z][a-z0-9]*([-_][a-z0-9]+)*$"


def _instant(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now())


def _count(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def _reference(table: str, column: str, other: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{other}"
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], ondelete=ondelete, name=name)


def upgrade() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("title", JSONB, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("flow", sa.Text),
        sa.Column("queue", sa.Text),
        sa.Column("caller_ids", ARRAY(sa.Text), nullable=False),
        sa.Column("calendar", sa.Text),
        sa.Column("window", JSONB, nullable=False),
        sa.Column("ring_seconds", sa.SmallInteger, nullable=False),
        sa.Column("ratio", sa.Float),
        sa.Column("retries", JSONB, nullable=False),
        sa.Column("caps", JSONB, nullable=False),
        sa.Column("priority", sa.SmallInteger, nullable=False),
        sa.Column("client", sa.Text),
        sa.Column("state", sa.Text, nullable=False, server_default="draft"),
        sa.Column("version", sa.BigInteger, nullable=False, server_default="1"),
        _instant("created_at"),
        _instant("updated_at"),
        sa.Column("updated_by", sa.BigInteger),
        sa.UniqueConstraint("name", name="uq_campaigns_name"),
        _reference("campaigns", "updated_by", "users", "SET NULL"),
        sa.CheckConstraint(f"name ~ '{NAME}'", name="ck_campaigns_name"),
        sa.CheckConstraint(
            "kind IN ('ivr', 'preview', 'progressive', 'predictive', 'fixed_ratio')", name="ck_campaigns_kind"
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'running', 'paused', 'draining', 'stopped')", name="ck_campaigns_state"
        ),
        # Who answers a call is known of every campaign: a flow, or the agents of a queue.
        sa.CheckConstraint(
            "CASE kind WHEN 'ivr' THEN flow IS NOT NULL AND queue IS NULL ELSE queue IS NOT NULL END",
            name="ck_campaigns_who_speaks",
        ),
        sa.CheckConstraint("(kind = 'fixed_ratio') = (ratio IS NOT NULL)", name="ck_campaigns_ratio"),
        sa.CheckConstraint("ring_seconds BETWEEN 15 AND 60", name="ck_campaigns_ring_seconds"),
        sa.CheckConstraint("priority BETWEEN 0 AND 100", name="ck_campaigns_priority"),
    )
    op.create_table(
        "contact_imports",
        sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
        sa.Column("campaign_id", sa.BigInteger, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("file_name", sa.Text),
        sa.Column("digest", sa.LargeBinary),
        sa.Column("options", JSONB, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        *map(_count, ("bytes_in_all", "bytes_read", "rows_read", "added", "refused")),
        sa.Column("fault", JSONB),
        _instant("created_at"),
        sa.Column("created_by", sa.BigInteger),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("undone_at", sa.DateTime(timezone=True)),
        _reference("contact_imports", "campaign_id", "campaigns", "CASCADE"),
        _reference("contact_imports", "created_by", "users", "SET NULL"),
        sa.CheckConstraint("source IN ('file', 'customers', 'sample')", name="ck_contact_imports_source"),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'failed', 'undoing', 'undone')",
            name="ck_contact_imports_state",
        ),
    )
    op.create_index("ix_contact_imports_campaign_id", "contact_imports", ["campaign_id", "id"])
    op.create_table(
        "contacts",
        sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
        sa.Column("campaign_id", sa.BigInteger, nullable=False),
        sa.Column("import_id", sa.BigInteger),
        sa.Column("identity", sa.Text(collation="C"), nullable=False),
        sa.Column("phone", sa.Text(collation="C"), nullable=False),
        sa.Column("other_phones", ARRAY(sa.Text), nullable=False, server_default="{}"),
        sa.Column("name", sa.Text),
        sa.Column("language", sa.Text),
        sa.Column("time_zone", sa.Text),
        sa.Column("customer_id", sa.BigInteger),
        sa.Column("subscription_id", sa.BigInteger),
        sa.Column("consent", sa.Text),
        sa.Column("details", JSONB, nullable=False, server_default="{}"),
        sa.Column("priority", sa.SmallInteger, nullable=False, server_default="50"),
        sa.Column("next_at", sa.DateTime(timezone=True)),
        sa.Column("state", sa.Text, nullable=False, server_default="open"),
        _instant("created_at"),
        _reference("contacts", "campaign_id", "campaigns", "CASCADE"),
        _reference("contacts", "import_id", "contact_imports", "CASCADE"),
        _reference("contacts", "customer_id", "customers", "SET NULL"),
        _reference("contacts", "subscription_id", "subscriptions", "SET NULL"),
        sa.UniqueConstraint("campaign_id", "identity", name="uq_contacts_campaign_id"),
        sa.CheckConstraint(f"phone ~ '{E164}'", name="ck_contacts_phone"),
        sa.CheckConstraint("language IN ('zh-CN', 'en')", name="ck_contacts_language"),
        sa.CheckConstraint("priority BETWEEN 0 AND 100", name="ck_contacts_priority"),
    )
    op.create_index("ix_contacts_campaign_id", "contacts", ["campaign_id", "id"])
    op.create_index("ix_contacts_import_id", "contacts", ["import_id"])
    # Whoever refuses further calls does so in all campaigns at once.
    op.create_index("ix_contacts_phone", "contacts", ["phone"])
    for column in ("customer_id", "subscription_id"):
        known = sa.text(f"{column} IS NOT NULL")
        op.create_index(f"ix_contacts_{column}", "contacts", [column], postgresql_where=known)
    # Each day those are called whose subscription ends in so many days.
    op.create_index(
        "ix_subscriptions_expires_on",
        "subscriptions",
        ["expires_on"],
        postgresql_where=sa.text("status = 'active'"),
    )
    op.create_table(
        "contact_refusals",
        sa.Column("import_id", sa.BigInteger, nullable=False),
        sa.Column("line", sa.BigInteger, nullable=False),
        sa.Column("column_name", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("params", JSONB, nullable=False),
        sa.Column("cells", JSONB),
        _reference("contact_refusals", "import_id", "contact_imports", "CASCADE"),
    )
    op.create_index("ix_contact_refusals_import_id", "contact_refusals", ["import_id", "line"])
    op.create_table(
        "contact_samples",
        sa.Column("import_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("seed", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("strata", JSONB, nullable=False),
        _reference("contact_samples", "import_id", "contact_imports", "CASCADE"),
    )
    op.create_table(
        "sample_members",
        sa.Column("import_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("member", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("stratum", sa.Text, nullable=False),
        sa.Column("drawn", sa.Boolean, nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["contact_samples.import_id"],
            ondelete="CASCADE",
            name="fk_sample_members_import_id_contact_samples",
        ),
    )


def downgrade() -> None:
    op.drop_index("ix_subscriptions_expires_on", "subscriptions")
    for table in (
        "sample_members",
        "contact_samples",
        "contact_refusals",
        "contacts",
        "contact_imports",
        "campaigns",
    ):
        op.drop_table(table)
