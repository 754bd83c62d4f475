"""Calendars, as PostgreSQL keeps them."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from cti.db.metadata import metadata

calendars: Final = sa.Table(
    "calendars",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
    #: By which flows call it; never changes.
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("title_zh", sa.Text, nullable=False),
    sa.Column("title_en", sa.Text, nullable=False),
    sa.Column("time_zone", sa.Text, nullable=False),
    #: Seven lists of [begins, ends], Monday first; see `cti.hours.model.Span`.
    sa.Column("week", JSONB, nullable=False),
    sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("updated_by", sa.ForeignKey("users.id", ondelete="SET NULL")),
)

special_days: Final = sa.Table(
    "special_days",
    metadata,
    sa.Column("calendar_id", sa.ForeignKey("calendars.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("title_zh", sa.Text, nullable=False),
    sa.Column("title_en", sa.Text, nullable=False),
    #: A list of [begins, ends]; an empty one is closed.
    sa.Column("hours", JSONB, nullable=False),
)
