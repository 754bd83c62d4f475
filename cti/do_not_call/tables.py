"""The do-not-call list, as PostgreSQL keeps it.

Refusals by key come from `call_refusals` by a trigger, in the transaction in which the recorder writes them.
"""

from typing import Final

import sqlalchemy as sa

from cti.db.metadata import metadata

do_not_call_imports: Final = sa.Table(
    "do_not_call_imports",
    metadata,
    sa.Column("id", sa.Text(collation="C"), primary_key=True),
    sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("imported_by", sa.ForeignKey("users.id", ondelete="SET NULL")),
    sa.Column("imported_by_name", sa.Text, nullable=False),
    sa.Column("file_name", sa.Text, nullable=False),
    sa.Column("level", sa.Text, nullable=False),
    sa.Column("name", sa.Text),
    #: How many numbers were added, how many of them were on the list before, how many rows named a number
    #: once more, and how many were left out for what was in them.
    sa.Column("added", sa.Integer, nullable=False),
    sa.Column("known", sa.Integer, nullable=False),
    sa.Column("repeated", sa.Integer, nullable=False),
    sa.Column("bad", sa.Integer, nullable=False),
    #: From then on none of its entries counts.
    sa.Column("undone_at", sa.DateTime(timezone=True)),
    sa.Column("undone_by", sa.ForeignKey("users.id", ondelete="SET NULL")),
    sa.Column("undone_by_name", sa.Text),
)

#: Each is one reason not to call a number; there may be several.
do_not_call_entries: Final = sa.Table(
    "do_not_call_entries",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
    #: See `cti.do_not_call.numbers.listed_as`.
    sa.Column("number", sa.Text(collation="C"), nullable=False),
    sa.Column("level", sa.Text, nullable=False),
    #: Of the client or the campaign.
    sa.Column("name", sa.Text),
    sa.Column("source", sa.Text, nullable=False),
    #: What somebody wrote.
    sa.Column("reason", sa.Text),
    #: The call in which it was said.
    sa.Column("call_id", sa.Text(collation="C")),
    sa.Column("refusal_id", sa.Text(collation="C")),
    sa.Column("import_id", sa.ForeignKey("do_not_call_imports.id")),
    sa.Column("added_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("added_by", sa.ForeignKey("users.id", ondelete="SET NULL")),
    #: As he was called then, or the token; NULL for a key.
    sa.Column("added_by_name", sa.Text),
    sa.Column("expires_at", sa.DateTime(timezone=True)),
    #: When somebody took it off the list.
    sa.Column("removed_at", sa.DateTime(timezone=True)),
    sa.Column("removed_by", sa.ForeignKey("users.id", ondelete="SET NULL")),
    sa.Column("removed_by_name", sa.Text),
)
