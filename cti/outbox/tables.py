"""Messages as PostgreSQL keeps them: the recorder writes what they are, the outbox what becomes of them."""

from typing import Final

import sqlalchemy as sa

from cti.db.metadata import metadata

#: ``ended_at`` is when it was taken (``outcome`` `delivered`) or given up (`refused`, `given_up`).
messages: Final = sa.Table(
    "messages",
    metadata,
    sa.Column("id", sa.Text(collation="C"), primary_key=True),
    sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("node", sa.Text, nullable=False),
    sa.Column("endpoint", sa.Text, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("call_id", sa.Text(collation="C")),
    sa.Column("call_started_at", sa.DateTime(timezone=True)),
    sa.Column("run_id", sa.Text(collation="C")),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("last_error", sa.Text),
    sa.Column("ended_at", sa.DateTime(timezone=True)),
    sa.Column("outcome", sa.Text),
)

#: Who wants not to be called any more, as they said it; kept for whoever dials.
call_refusals: Final = sa.Table(
    "call_refusals",
    metadata,
    sa.Column("id", sa.Text(collation="C"), primary_key=True),
    sa.Column("refused_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("node", sa.Text, nullable=False),
    sa.Column("number", sa.Text(collation="C"), nullable=False),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("campaign", sa.Text),
    sa.Column("call_id", sa.Text(collation="C")),
    sa.Column("call_started_at", sa.DateTime(timezone=True)),
)
