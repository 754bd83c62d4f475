"""Where dialled numbers lead and how surveys are asked, as PostgreSQL keeps them."""

import sqlalchemy as sa

from cti.db.metadata import metadata

#: Dialled numbers (DNIS) of ours; ``language`` NULL asks the caller.
inbound_numbers = sa.Table(
    "inbound_numbers",
    metadata,
    sa.Column("dnis", sa.Text, primary_key=True),
    #: Where callers come to without a flow, or when it fails.
    sa.Column("queue", sa.Text, nullable=False),
    sa.Column("language", sa.Text),
    sa.Column("note", sa.Text),
    #: The flow that answers; NULL goes to the queue at once.
    sa.Column("flow", sa.Text),
)

#: One row per queue whose survey differs from the usual; ``language`` NULL is the caller's.
survey_settings = sa.Table(
    "survey_settings",
    metadata,
    sa.Column("queue", sa.Text, primary_key=True),
    sa.Column("enabled", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("second_question", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("language", sa.Text),
)
