"""Queue settings, as PostgreSQL keeps them; Asterisk's own queues are rendered from the same names."""

import sqlalchemy as sa

from cti.db.metadata import metadata

queues = sa.Table(
    "queues",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
    #: As Asterisk knows it; never changes.
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("extension", sa.Text, unique=True),
    #: NULL: callers of either language.
    sa.Column("language", sa.Text),
    sa.Column("service_level_seconds", sa.SmallInteger, nullable=False, server_default="20"),
    sa.Column("service_level_target", sa.Float, nullable=False, server_default="0.8"),
    sa.Column("wrap_up_seconds", sa.SmallInteger, nullable=False, server_default="30"),
    sa.Column("missed_offers_limit", sa.SmallInteger, nullable=False, server_default="2"),
)
