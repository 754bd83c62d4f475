"""Agent states as PostgreSQL keeps them: those that are over, and for each agent the one he is in.

An agent's open state stands in `agent_current_states` alone, whose primary key is the agent, so there cannot
be two. `agent_all_states` (a view) shows both.
"""

from typing import Final

import sqlalchemy as sa

from cti.db.metadata import metadata

#: States that ended.
agent_states: Final = sa.Table(
    "agent_states",
    metadata,
    sa.Column("id", sa.Text(collation="C"), primary_key=True),
    sa.Column("started_at", sa.DateTime(timezone=True), primary_key=True),
    sa.Column("agent_id", sa.BigInteger, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("interface", sa.Text),
    sa.Column("call_id", sa.Text(collation="C")),
    sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
    postgresql_partition_by="RANGE (started_at)",
)

#: The state that each agent is in.
agent_current_states: Final = sa.Table(
    "agent_current_states",
    metadata,
    sa.Column("agent_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("id", sa.Text(collation="C"), nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("interface", sa.Text),
    sa.Column("call_id", sa.Text(collation="C")),
    sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
)
