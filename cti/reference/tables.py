"""Reference tables, as PostgreSQL keeps them."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from cti.db.metadata import metadata

reference_tables: Final = sa.Table(
    "reference_tables",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
    #: By which flows call it; never changes.
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("title_zh", sa.Text, nullable=False),
    sa.Column("title_en", sa.Text, nullable=False),
    #: See `cti.reference.model.Column`.
    sa.Column("columns", JSONB, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    #: Grows with every change of the table or its rows.
    sa.Column("version", sa.BigInteger, nullable=False, server_default="1"),
    sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("updated_by", sa.ForeignKey("users.id", ondelete="SET NULL")),
)

reference_rows: Final = sa.Table(
    "reference_rows",
    metadata,
    sa.Column("table_id", sa.ForeignKey("reference_tables.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("key", sa.Text(collation="C"), primary_key=True),
    sa.Column("cells", JSONB, nullable=False),
)

#: The last import of each table, and what was there before it.
reference_imports: Final = sa.Table(
    "reference_imports",
    metadata,
    sa.Column("table_id", sa.ForeignKey("reference_tables.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="SET NULL")),
    #: Cells by key.
    sa.Column("before", JSONB, nullable=False),
    #: The table's version after it: another one now means that somebody has changed it since.
    sa.Column("version", sa.BigInteger, nullable=False),
)
