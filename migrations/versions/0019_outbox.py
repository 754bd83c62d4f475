"""Messages to other systems, and who wants not to be called any more.

Neither is held to its call: it stays when the call's rows go, and is there when they never came.
"""

from alembic import op

revision = "0019_outbox"
down_revision = "0018_reference_tables"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE messages (
    id text COLLATE "C" NOT NULL,
    queued_at timestamptz NOT NULL,
    node text NOT NULL,
    endpoint text NOT NULL,
    payload text NOT NULL,
    call_id text COLLATE "C",
    call_started_at timestamptz,
    run_id text COLLATE "C",
    attempts integer NOT NULL DEFAULT 0,
    last_error text,
    ended_at timestamptz,
    outcome text,
    CONSTRAINT pk_messages PRIMARY KEY (id),
    CONSTRAINT ck_messages_outcome CHECK (outcome IN ('delivered', 'refused', 'given_up')),
    CONSTRAINT ck_messages_end CHECK ((outcome IS NULL) = (ended_at IS NULL))
);

CREATE INDEX ix_messages_unsent ON messages (node, queued_at) WHERE outcome IS NULL;
CREATE INDEX ix_messages_call_id ON messages (call_id);

CREATE TABLE call_refusals (
    id text COLLATE "C" NOT NULL,
    refused_at timestamptz NOT NULL,
    node text NOT NULL,
    number text COLLATE "C" NOT NULL,
    scope text NOT NULL,
    campaign text,
    call_id text COLLATE "C",
    call_started_at timestamptz,
    CONSTRAINT pk_call_refusals PRIMARY KEY (id),
    CONSTRAINT ck_call_refusals_scope CHECK (scope IN ('all', 'campaign')),
    CONSTRAINT ck_call_refusals_campaign CHECK (scope = 'all' OR campaign IS NOT NULL)
);

CREATE INDEX ix_call_refusals_number ON call_refusals (number);
CREATE INDEX ix_call_refusals_call_id ON call_refusals (call_id)
"""


def upgrade() -> None:
    for statement in STATEMENTS.split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE call_refusals")
    op.execute("DROP TABLE messages")
