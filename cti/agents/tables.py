"""Agents, their queues and devices, and the lists they choose from, as PostgreSQL keeps them.

What an agent does now is not here: that comes from Asterisk's events alone.
"""

import sqlalchemy as sa

from cti.db.metadata import metadata

agents = sa.Table(
    "agents",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="RESTRICT"), nullable=False, unique=True),
)

agent_queues = sa.Table(
    "agent_queues",
    metadata,
    sa.Column("agent_id", sa.ForeignKey("agents.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("queue_id", sa.ForeignKey("queues.id", ondelete="CASCADE"), primary_key=True),
)

devices = sa.Table(
    "devices",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    #: As Asterisk names it: `PJSIP/1001`.
    sa.Column("interface", sa.Text, nullable=False, unique=True),
    sa.Column("extension", sa.Text, nullable=False, unique=True),
)

#: What people choose from when they pause; the service's own reasons are not in this list.
pause_reasons = sa.Table(
    "pause_reasons",
    metadata,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("title_en", sa.Text, nullable=False),
    sa.Column("title_zh", sa.Text, nullable=False),
    sa.Column("position", sa.SmallInteger, nullable=False, server_default="0"),
)

#: The agent's verdict on a call; ``queue`` NULL offers it in every queue.
disposition_codes = sa.Table(
    "disposition_codes",
    metadata,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("queue", sa.Text),
    sa.Column("title_en", sa.Text, nullable=False),
    sa.Column("title_zh", sa.Text, nullable=False),
    sa.Column("position", sa.SmallInteger, nullable=False, server_default="0"),
)

#: Until when an agent has asked to wrap up, so that a restart of the service does not cut it short.
wrap_up_extensions = sa.Table(
    "wrap_up_extensions",
    metadata,
    sa.Column("agent_id", sa.BigInteger, primary_key=True),
    sa.Column("call_id", sa.Text, nullable=False),
    sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
)
