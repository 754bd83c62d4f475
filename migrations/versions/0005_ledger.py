"""The record held against Asterisk's ledger: how far, what fits on each day, and what does not.

A stretch of time is compared by the instants at which legs ended. Legs come in the order of time, so an index
of block ranges finds them at next to no price for whoever writes.
"""

from alembic import op

revision = "0005_ledger"
down_revision = "0004_ivr"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE ledger_positions (
    node text NOT NULL,
    checked_to timestamptz NOT NULL,
    CONSTRAINT pk_ledger_positions PRIMARY KEY (node)
);

CREATE TABLE ledger_days (
    node text NOT NULL,
    day date NOT NULL,
    channels integer NOT NULL DEFAULT 0,
    matched integer NOT NULL DEFAULT 0,
    filled integer NOT NULL DEFAULT 0,
    lone_legs integer NOT NULL DEFAULT 0,
    CONSTRAINT pk_ledger_days PRIMARY KEY (node, day),
    CONSTRAINT ck_ledger_days_counts
        CHECK (matched BETWEEN 0 AND channels AND filled BETWEEN 0 AND matched AND lone_legs >= 0)
);

CREATE TABLE ledger_findings (
    id bigint GENERATED ALWAYS AS IDENTITY,
    node text NOT NULL,
    kind text NOT NULL,
    at timestamptz NOT NULL,
    began_at timestamptz,
    uniqueid text COLLATE "C" NOT NULL,
    linkedid text COLLATE "C" NOT NULL,
    boot text,
    leg_id text COLLATE "C",
    call_id text COLLATE "C",
    field text,
    ours text,
    theirs text,
    found_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    CONSTRAINT pk_ledger_findings PRIMARY KEY (id),
    CONSTRAINT uq_ledger_findings_node_uniqueid_at_kind_field
        UNIQUE NULLS NOT DISTINCT (node, uniqueid, at, kind, field),
    CONSTRAINT ck_ledger_findings_kind CHECK (kind IN
        ('channel_without_leg', 'leg_without_channel', 'several_legs', 'leg_still_open', 'time_differs',
         'talk_differs', 'queue_differs'))
);

CREATE INDEX ix_ledger_findings_at ON ledger_findings (at DESC, id DESC);
CREATE INDEX ix_ledger_findings_open ON ledger_findings (node, id) WHERE settled_at IS NULL;

CREATE INDEX ix_legs_ended_at ON legs USING brin (ended_at) WITH (pages_per_range = 16, autosummarize = on)
"""


def upgrade() -> None:
    for statement in STATEMENTS.split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP INDEX ix_legs_ended_at")
    for table in ("ledger_findings", "ledger_days", "ledger_positions"):
        op.execute(f"DROP TABLE {table}")
