"""Announcements, as PostgreSQL keeps them."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from cti.db.metadata import metadata

announcements: Final = sa.Table(
    "announcements",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
    #: By which flows switch it; never changes.
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("title_zh", sa.Text, nullable=False),
    sa.Column("title_en", sa.Text, nullable=False),
    sa.Column("prompt", sa.Text, nullable=False),
    #: Empty: all.
    sa.Column("queues", ARRAY(sa.Text), nullable=False),
    sa.Column("hang_up", sa.Boolean, nullable=False),
    sa.Column("is_on", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("from_at", sa.DateTime(timezone=True)),
    sa.Column("until_at", sa.DateTime(timezone=True)),
    sa.Column("switched_at", sa.DateTime(timezone=True)),
    sa.Column("switched_by", sa.Text),
    sa.Column("switched_by_user", sa.ForeignKey("users.id", ondelete="SET NULL")),
)

#: Who did what with which; it stays when the announcement is gone.
announcement_history: Final = sa.Table(
    "announcement_history",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("act", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="SET NULL")),
    sa.Column("from_at", sa.DateTime(timezone=True)),
    sa.Column("until_at", sa.DateTime(timezone=True)),
)
