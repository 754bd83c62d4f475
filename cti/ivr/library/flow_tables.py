"""Flows, their versions and their published results, as PostgreSQL keeps them."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from cti.db.metadata import metadata


def _instant(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now())


def _person(name: str) -> sa.Column[object]:
    #: NULL: the service itself, at its start.
    return sa.Column(name, sa.ForeignKey("users.id", ondelete="SET NULL"))


#: One row per flow: which version callers get.
flows = sa.Table(
    "flows",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    #: NULL until somebody activates one.
    sa.Column("active_version", sa.Text),
    #: What was active before: going back leads there.
    sa.Column("previous_version", sa.Text),
    #: What came with the service; NULL for a flow that did not.
    sa.Column("shipped_version", sa.Text),
)

#: Texts; a row never changes and is never deleted.
flow_versions = sa.Table(
    "flow_versions",
    metadata,
    sa.Column("flow", sa.Text, primary_key=True),
    #: `cti.flows.version.version_of` the text.
    sa.Column("version", sa.Text, primary_key=True),
    #: YAML, as it was given.
    sa.Column("text", sa.Text, nullable=False),
    #: By language, out of the text.
    sa.Column("title", JSONB, nullable=False),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    #: Whether it came with the service.
    sa.Column("shipped", sa.Boolean, nullable=False),
    _instant("created_at"),
    _person("created_by"),
)

#: Each change of the active version, the oldest first by id.
flow_activations = sa.Table(
    "flow_activations",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
    sa.Column("flow", sa.Text, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("previous_version", sa.Text),
    #: `shipped`, `activated`, `back`.
    sa.Column("how", sa.Text, nullable=False),
    _instant("activated_at"),
    _person("activated_by"),
)

#: Results that everybody may see.
polls = sa.Table(
    "polls",
    metadata,
    #: Nobody guesses it.
    sa.Column("public_id", sa.Text, primary_key=True),
    sa.Column("flow", sa.Text, nullable=False),
    #: By language, as is ``sample``: who was asked, and how they were chosen.
    sa.Column("title", JSONB, nullable=False),
    sa.Column("sample", JSONB, nullable=False),
    sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("to_at", sa.DateTime(timezone=True), nullable=False),
    #: How many could have been asked; NULL is not known.
    sa.Column("population", sa.BigInteger),
    #: Which are told; NULL tells all.
    sa.Column("questions", ARRAY(sa.Text)),
    _instant("published_at"),
    _person("published_by"),
    sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
)
