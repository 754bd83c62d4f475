"""Customers, their numbers, subscriptions, callbacks, and who a call was with."""

import sqlalchemy as sa
from alembic import op

revision = "0003_customers"
down_revision = "0002_calls"
branch_labels = None
depends_on = None

E164 = r"^\+[1-9][0-9]{1,14}$"


def upgrade() -> None:
    op.create_table(
        "customers",
        sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("language", sa.Text),
        sa.Column("company", sa.Text),
        sa.Column("email", sa.Text),
        sa.Column("note", sa.Text),
        sa.Column("external_ref", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.UniqueConstraint("external_ref", name="uq_customers_external_ref"),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 200", name="ck_customers_name_length"),
        sa.CheckConstraint("language IN ('zh-CN', 'en')", name="ck_customers_language"),
    )
    op.create_index("ix_customers_name_id", "customers", [sa.text("lower(name)"), "id"])
    op.create_index(
        "ix_customers_words",
        "customers",
        [sa.text("to_tsvector('simple'::regconfig, name || ' ' || coalesce(company, ''))")],
        postgresql_using="gin",
    )

    op.create_table(
        "customer_numbers",
        sa.Column("customer_id", sa.BigInteger, nullable=False),
        # Collation C, so that one index serves both the exact look-up and the search by prefix.
        sa.Column("e164", sa.Text(collation="C"), nullable=False),
        sa.Column("position", sa.SmallInteger, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("customer_id", "e164", name="pk_customer_numbers"),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            ondelete="CASCADE",
            name="fk_customer_numbers_customer_id_customers",
        ),
        sa.CheckConstraint(f"e164 ~ '{E164}'", name="ck_customer_numbers_e164"),
    )
    op.create_index("ix_customer_numbers_e164", "customer_numbers", ["e164", "customer_id"])

    op.create_table(
        "subscriptions",
        sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
        sa.Column("customer_id", sa.BigInteger, nullable=False),
        sa.Column("product", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("starts_on", sa.Date, nullable=False),
        sa.Column("expires_on", sa.Date),
        sa.Column("amount", sa.Numeric(12, 2)),
        sa.Column("currency", sa.Text),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            ondelete="CASCADE",
            name="fk_subscriptions_customer_id_customers",
        ),
        sa.CheckConstraint("status IN ('active', 'expired', 'cancelled')", name="ck_subscriptions_status"),
        sa.CheckConstraint("expires_on >= starts_on", name="ck_subscriptions_order"),
        sa.CheckConstraint("amount >= 0", name="ck_subscriptions_amount"),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="ck_subscriptions_currency"),
        sa.CheckConstraint("(amount IS NULL) = (currency IS NULL)", name="ck_subscriptions_price"),
    )
    op.create_index("ix_subscriptions_customer_id", "subscriptions", ["customer_id", "expires_on"])

    op.create_table(
        "callbacks",
        sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
        sa.Column("customer_id", sa.BigInteger),
        sa.Column("e164", sa.Text(collation="C")),
        # The call in which it was promised, and by whom.
        sa.Column("call_id", sa.Text),
        sa.Column("agent_id", sa.BigInteger),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], ondelete="CASCADE", name="fk_callbacks_customer_id_customers"
        ),
        sa.CheckConstraint(f"e164 ~ '{E164}'", name="ck_callbacks_e164"),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_callbacks_agent_id_agents"),
        sa.CheckConstraint("customer_id IS NOT NULL OR e164 IS NOT NULL", name="ck_callbacks_whom"),
    )
    still_open = sa.text("done_at IS NULL")
    op.create_index(
        "ix_callbacks_open_customer", "callbacks", ["customer_id", "due_at"], postgresql_where=still_open
    )
    op.create_index("ix_callbacks_open_e164", "callbacks", ["e164", "due_at"], postgresql_where=still_open)
    op.create_index("ix_callbacks_open_due", "callbacks", ["due_at"], postgresql_where=still_open)
    # One call promises one callback; saying it again moves it.
    op.create_index(
        "uq_callbacks_open_call", "callbacks", ["call_id"], unique=True, postgresql_where=still_open
    )

    op.create_table(
        "call_customers",
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("customer_id", sa.BigInteger, nullable=False),
        sa.Column("agent_id", sa.BigInteger),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.PrimaryKeyConstraint("call_id", name="pk_call_customers"),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            ondelete="CASCADE",
            name="fk_call_customers_customer_id_customers",
        ),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_call_customers_agent_id_agents"),
    )
    op.create_index("ix_call_customers_customer_id", "call_customers", ["customer_id"])


def downgrade() -> None:
    for table in ("call_customers", "callbacks", "subscriptions", "customer_numbers", "customers"):
        op.drop_table(table)
