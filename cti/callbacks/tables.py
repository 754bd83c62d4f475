"""Queue callbacks, as PostgreSQL keeps them; the recorder writes them.

(`callbacks` are those that agents promise a customer for a time of his choice.)
"""

from typing import Final

import sqlalchemy as sa

from cti.db.metadata import metadata

#: See `cti.callbacks.model.Callback`.
queue_callbacks: Final = sa.Table(
    "queue_callbacks",
    metadata,
    sa.Column("id", sa.Text(collation="C"), primary_key=True),
    sa.Column("call_id", sa.Text(collation="C"), nullable=False),
    sa.Column("call_started_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("queue", sa.Text, nullable=False),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("language", sa.Text),
    sa.Column("promised_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("place_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("dialled_at", sa.DateTime(timezone=True)),
    sa.Column("attempt", sa.Text),
    sa.Column("ended_at", sa.DateTime(timezone=True)),
)
