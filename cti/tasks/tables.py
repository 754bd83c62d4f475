"""Tasks, as PostgreSQL keeps them.

The recorder writes what a task is, once; what people make of it is written by the API alone, so a row that is
written again loses none of their work.
"""

from typing import Final

import sqlalchemy as sa

from cti.db.metadata import metadata

tasks: Final = sa.Table(
    "tasks",
    metadata,
    sa.Column("id", sa.Text(collation="C"), primary_key=True),
    sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("node", sa.Text, nullable=False),
    sa.Column("reference", sa.Text(collation="C"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("queue", sa.Text),
    sa.Column("supervisor", sa.Boolean, nullable=False),
    sa.Column("call_id", sa.Text(collation="C")),
    sa.Column("call_started_at", sa.DateTime(timezone=True)),
    sa.Column("number", sa.Text(collation="C")),
    #: JSON, as text: whatever was in it, it is written.
    sa.Column("details", sa.Text, nullable=False),
    sa.Column("recording", sa.Text),
    sa.Column("due_at", sa.DateTime(timezone=True)),
    # What people make of it.
    sa.Column("state", sa.Text, nullable=False, server_default="open"),
    sa.Column("taken_by", sa.ForeignKey("users.id")),
    sa.Column("taken_at", sa.DateTime(timezone=True)),
    sa.Column("closed_by", sa.ForeignKey("users.id")),
    sa.Column("closed_at", sa.DateTime(timezone=True)),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    #: What its recording says, as another system has written it down.
    sa.Column("transcription", sa.Text),
)

task_history: Final = sa.Table(
    "task_history",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
    sa.Column("task_id", sa.ForeignKey("tasks.id", ondelete="CASCADE"), nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("user_id", sa.ForeignKey("users.id")),
    sa.Column("act", sa.Text, nullable=False),
    sa.Column("note", sa.Text),
)
