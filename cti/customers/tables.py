"""Customers and what belongs to them, as PostgreSQL keeps it; constraints stand in the migration."""

import sqlalchemy as sa

from cti.db.metadata import metadata

customers = sa.Table(
    "customers",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("language", sa.Text),
    sa.Column("company", sa.Text),
    sa.Column("email", sa.Text),
    sa.Column("note", sa.Text),
    #: The customer's key in an external system.
    sa.Column("external_ref", sa.Text, unique=True),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)

#: Several customers may share a number: a family, a firm's switchboard.
customer_numbers = sa.Table(
    "customer_numbers",
    metadata,
    sa.Column("customer_id", sa.ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("e164", sa.Text(collation="C"), primary_key=True),
    sa.Column("position", sa.SmallInteger, nullable=False, server_default="0"),
)

subscriptions = sa.Table(
    "subscriptions",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
    sa.Column("customer_id", sa.ForeignKey("customers.id", ondelete="CASCADE"), nullable=False),
    sa.Column("product", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("starts_on", sa.Date, nullable=False),
    sa.Column("expires_on", sa.Date),
    sa.Column("amount", sa.Numeric(12, 2)),
    sa.Column("currency", sa.Text),
)

#: Somebody agreed with a person to call him back; open until ``done_at``. One call has at most one open
#: promise.
#: See `cti.callbacks.agreed`.
callbacks = sa.Table(
    "callbacks",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
    sa.Column("customer_id", sa.ForeignKey("customers.id", ondelete="CASCADE")),
    sa.Column("e164", sa.Text(collation="C")),
    sa.Column("call_id", sa.Text),
    #: Who is to call; NULL: any agent of the queue.
    sa.Column("agent_id", sa.ForeignKey("agents.id")),
    sa.Column("queue", sa.Text),
    sa.Column("promised_by", sa.ForeignKey("agents.id")),
    sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("note", sa.Text),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("done_at", sa.DateTime(timezone=True)),
    #: `done` or `cancelled`.
    sa.Column("ended_as", sa.Text),
    sa.Column("ended_by", sa.ForeignKey("users.id", ondelete="SET NULL")),
    #: The later promise to the same number, with which this one is kept.
    sa.Column("merged_into", sa.ForeignKey("callbacks.id", ondelete="SET NULL")),
)

#: The customer whom an agent chose for a call.
call_customers = sa.Table(
    "call_customers",
    metadata,
    sa.Column("call_id", sa.Text, primary_key=True),
    sa.Column("customer_id", sa.ForeignKey("customers.id", ondelete="CASCADE"), nullable=False),
    sa.Column("agent_id", sa.ForeignKey("agents.id")),
    sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)
