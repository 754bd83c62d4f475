"""Calls, legs, measured spans, queue entries, offers, transfers, surveys, agent states, and how far the
recorder is.

Tables that grow without end are partitioned by month. `cti_ensure_partitions` makes the partitions of the
coming months; the recorder calls it when it connects and once a day. A row whose month has none goes to the
default partition, so nothing is ever refused for want of one.

What has a leg refers to the leg, and the leg to its call: a second reference to the call would double the
price of a row (65 µs each, because the tables referred to are partitioned).
"""

from alembic import op

revision = "0002_calls"
down_revision = "0001_people"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE calls (
    id text COLLATE "C" NOT NULL,
    started_at timestamptz NOT NULL,
    node text NOT NULL,
    boot text NOT NULL,
    direction text NOT NULL,
    answered_at timestamptz,
    ended_at timestamptz,
    unknown_end boolean NOT NULL,
    caller_number text COLLATE "C",
    number_state text NOT NULL,
    dialled_number text COLLATE "C",
    language text,
    queue text,
    agent_id bigint,
    merged_into text COLLATE "C",
    voicemail boolean NOT NULL,
    gap boolean NOT NULL,
    CONSTRAINT pk_calls PRIMARY KEY (id, started_at),
    CONSTRAINT ck_calls_direction CHECK (direction IN ('inbound', 'outbound', 'internal')),
    CONSTRAINT ck_calls_number_state CHECK (number_state IN ('known', 'withheld', 'invalid')),
    CONSTRAINT ck_calls_order CHECK (ended_at >= started_at AND answered_at >= started_at),
    CONSTRAINT ck_calls_end CHECK (NOT (unknown_end AND ended_at IS NOT NULL)),
    CONSTRAINT ck_calls_merged CHECK (merged_into IS NULL OR (ended_at IS NOT NULL AND merged_into <> id))
) PARTITION BY RANGE (started_at);

CREATE INDEX ix_calls_started_at ON calls (started_at, id);
CREATE INDEX ix_calls_queue_started_at ON calls (queue, started_at);
CREATE INDEX ix_calls_agent_id_started_at ON calls (agent_id, started_at);
CREATE INDEX ix_calls_caller_number_started_at ON calls (caller_number, started_at);
CREATE INDEX ix_calls_dialled_number_started_at ON calls (dialled_number, started_at);
CREATE INDEX ix_calls_open ON calls (node) WHERE ended_at IS NULL AND NOT unknown_end;

CREATE TABLE legs (
    id text COLLATE "C" NOT NULL,
    started_at timestamptz NOT NULL,
    call_id text COLLATE "C" NOT NULL,
    call_started_at timestamptz NOT NULL,
    node text NOT NULL,
    boot text NOT NULL,
    uniqueid text COLLATE "C" NOT NULL,
    linkedid text COLLATE "C" NOT NULL,
    channel text NOT NULL,
    kind text NOT NULL,
    interface text,
    agent_id bigint,
    number text,
    name text,
    dialled_number text,
    local_pair_id text COLLATE "C",
    outgoing boolean NOT NULL,
    answered_at timestamptz,
    ended_at timestamptz,
    ending text,
    hangup_cause integer,
    CONSTRAINT pk_legs PRIMARY KEY (id, started_at),
    CONSTRAINT fk_legs_call_id_call_started_at_calls
        FOREIGN KEY (call_id, call_started_at) REFERENCES calls (id, started_at) ON DELETE CASCADE,
    CONSTRAINT ck_legs_kind CHECK (kind IN ('trunk', 'device', 'local', 'other')),
    CONSTRAINT ck_legs_ending CHECK (ending IN ('hangup', 'reconciled')),
    CONSTRAINT ck_legs_order CHECK (ended_at >= started_at AND answered_at >= started_at),
    CONSTRAINT ck_legs_end CHECK (ending IS NOT NULL OR ended_at IS NULL)
) PARTITION BY RANGE (started_at);

CREATE INDEX ix_legs_call_id ON legs (call_id);
CREATE INDEX ix_legs_agent_id_started_at ON legs (agent_id, started_at) WHERE agent_id IS NOT NULL;
CREATE INDEX ix_legs_open ON legs (node) WHERE ending IS NULL;

CREATE TABLE intervals (
    id text COLLATE "C" NOT NULL,
    started_at timestamptz NOT NULL,
    kind text NOT NULL,
    call_id text COLLATE "C" NOT NULL,
    call_started_at timestamptz NOT NULL,
    leg_id text COLLATE "C" NOT NULL,
    leg_started_at timestamptz NOT NULL,
    agent_id bigint,
    queue text,
    ended_at timestamptz,
    unknown_end boolean NOT NULL,
    CONSTRAINT pk_intervals PRIMARY KEY (id, started_at),
    CONSTRAINT fk_intervals_leg_id_leg_started_at_legs
        FOREIGN KEY (leg_id, leg_started_at) REFERENCES legs (id, started_at) ON DELETE CASCADE,
    CONSTRAINT ck_intervals_kind CHECK (kind IN ('wait', 'ring', 'talk', 'hold', 'wrap_up')),
    CONSTRAINT ck_intervals_order CHECK (ended_at >= started_at),
    CONSTRAINT ck_intervals_end CHECK (NOT (unknown_end AND ended_at IS NOT NULL))
) PARTITION BY RANGE (started_at);

CREATE INDEX ix_intervals_call_id ON intervals (call_id);
CREATE INDEX ix_intervals_leg_id ON intervals (leg_id);
CREATE INDEX ix_intervals_agent_id_started_at ON intervals (agent_id, started_at) WHERE agent_id IS NOT NULL;

CREATE TABLE queue_entries (
    id text COLLATE "C" NOT NULL,
    joined_at timestamptz NOT NULL,
    call_id text COLLATE "C" NOT NULL,
    call_started_at timestamptz NOT NULL,
    leg_id text COLLATE "C" NOT NULL,
    leg_started_at timestamptz NOT NULL,
    queue text NOT NULL,
    position integer,
    left_at timestamptz,
    outcome text,
    agent_id bigint,
    CONSTRAINT pk_queue_entries PRIMARY KEY (id, joined_at),
    CONSTRAINT fk_queue_entries_leg_id_leg_started_at_legs
        FOREIGN KEY (leg_id, leg_started_at) REFERENCES legs (id, started_at) ON DELETE CASCADE,
    CONSTRAINT ck_queue_entries_outcome CHECK (outcome IN ('answered', 'abandoned', 'overflow', 'unknown')),
    CONSTRAINT ck_queue_entries_order CHECK (left_at >= joined_at),
    CONSTRAINT ck_queue_entries_left CHECK (outcome IS NOT NULL OR left_at IS NULL)
) PARTITION BY RANGE (joined_at);

CREATE INDEX ix_queue_entries_call_id ON queue_entries (call_id);
CREATE INDEX ix_queue_entries_queue_joined_at ON queue_entries (queue, joined_at);

CREATE TABLE offers (
    id text COLLATE "C" NOT NULL,
    started_at timestamptz NOT NULL,
    entry_id text COLLATE "C",
    call_id text COLLATE "C" NOT NULL,
    call_started_at timestamptz NOT NULL,
    leg_id text COLLATE "C",
    agent_id bigint NOT NULL,
    queue text NOT NULL,
    ended_at timestamptz,
    outcome text,
    CONSTRAINT pk_offers PRIMARY KEY (id, started_at),
    CONSTRAINT fk_offers_call_id_call_started_at_calls
        FOREIGN KEY (call_id, call_started_at) REFERENCES calls (id, started_at) ON DELETE CASCADE,
    CONSTRAINT ck_offers_outcome
        CHECK (outcome IN ('answered', 'no_answer', 'rejected', 'withdrawn', 'failed', 'unknown')),
    CONSTRAINT ck_offers_order CHECK (ended_at >= started_at)
) PARTITION BY RANGE (started_at);

CREATE INDEX ix_offers_call_id ON offers (call_id);
CREATE INDEX ix_offers_agent_id_started_at ON offers (agent_id, started_at);

CREATE TABLE transfers (
    id text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL,
    call_id text COLLATE "C" NOT NULL,
    call_started_at timestamptz NOT NULL,
    kind text NOT NULL,
    agent_id bigint,
    from_leg_id text COLLATE "C",
    to_number text,
    CONSTRAINT pk_transfers PRIMARY KEY (id, at),
    CONSTRAINT fk_transfers_call_id_call_started_at_calls
        FOREIGN KEY (call_id, call_started_at) REFERENCES calls (id, started_at) ON DELETE CASCADE,
    CONSTRAINT ck_transfers_kind CHECK (kind IN ('blind', 'attended'))
) PARTITION BY RANGE (at);

CREATE INDEX ix_transfers_call_id ON transfers (call_id);
CREATE INDEX ix_transfers_agent_id_at ON transfers (agent_id, at);

CREATE TABLE surveys (
    id text COLLATE "C" NOT NULL,
    started_at timestamptz NOT NULL,
    call_id text COLLATE "C" NOT NULL,
    call_started_at timestamptz NOT NULL,
    leg_id text COLLATE "C",
    agent_id bigint,
    queue text,
    language text,
    questions smallint NOT NULL,
    ended_at timestamptz,
    outcome text,
    rating smallint,
    second_rating smallint,
    CONSTRAINT pk_surveys PRIMARY KEY (id, started_at),
    CONSTRAINT fk_surveys_call_id_call_started_at_calls
        FOREIGN KEY (call_id, call_started_at) REFERENCES calls (id, started_at) ON DELETE CASCADE,
    CONSTRAINT ck_surveys_outcome CHECK (outcome IN
        ('completed', 'partial', 'no_input', 'wrong_key', 'hung_up', 'caller_hung_up_first', 'failed')),
    CONSTRAINT ck_surveys_rating CHECK (rating BETWEEN 1 AND 5),
    CONSTRAINT ck_surveys_second_rating CHECK (second_rating BETWEEN 1 AND 5),
    CONSTRAINT ck_surveys_order CHECK (ended_at >= started_at)
) PARTITION BY RANGE (started_at);

CREATE INDEX ix_surveys_call_id ON surveys (call_id);
CREATE INDEX ix_surveys_started_at ON surveys (started_at, id);

CREATE TABLE ivr_choices (
    call_id text COLLATE "C" NOT NULL,
    call_started_at timestamptz NOT NULL,
    menu text NOT NULL,
    choice text NOT NULL,
    chosen_at timestamptz NOT NULL,
    CONSTRAINT pk_ivr_choices PRIMARY KEY (call_id, chosen_at, menu, choice),
    CONSTRAINT fk_ivr_choices_call_id_call_started_at_calls
        FOREIGN KEY (call_id, call_started_at) REFERENCES calls (id, started_at) ON DELETE CASCADE
) PARTITION BY RANGE (chosen_at);

CREATE TABLE agent_states (
    id text COLLATE "C" NOT NULL,
    started_at timestamptz NOT NULL,
    agent_id bigint NOT NULL,
    status text NOT NULL,
    reason text,
    interface text,
    call_id text COLLATE "C",
    ended_at timestamptz NOT NULL,
    CONSTRAINT pk_agent_states PRIMARY KEY (id, started_at),
    CONSTRAINT ck_agent_states_status CHECK
        (status IN ('logged_out', 'ready', 'ringing', 'talking', 'hold', 'wrap_up', 'paused')),
    CONSTRAINT ck_agent_states_reason CHECK (reason IS NULL OR status = 'paused'),
    CONSTRAINT ck_agent_states_order CHECK (ended_at >= started_at)
) PARTITION BY RANGE (started_at);

CREATE INDEX ix_agent_states_agent_id_started_at ON agent_states (agent_id, started_at);

CREATE TABLE agent_current_states (
    agent_id bigint NOT NULL,
    id text COLLATE "C" NOT NULL,
    status text NOT NULL,
    reason text,
    interface text,
    call_id text COLLATE "C",
    started_at timestamptz NOT NULL,
    CONSTRAINT pk_agent_current_states PRIMARY KEY (agent_id),
    CONSTRAINT ck_agent_current_states_status CHECK
        (status IN ('logged_out', 'ready', 'ringing', 'talking', 'hold', 'wrap_up', 'paused')),
    CONSTRAINT ck_agent_current_states_reason CHECK (reason IS NULL OR status = 'paused')
);

CREATE VIEW agent_all_states AS
    SELECT id, agent_id, status, reason, interface, call_id, started_at, ended_at FROM agent_states
    UNION ALL
    SELECT id, agent_id, status, reason, interface, call_id, started_at, NULL FROM agent_current_states;

CREATE TABLE dispositions (
    call_id text COLLATE "C" NOT NULL,
    agent_id bigint NOT NULL,
    code text NOT NULL,
    note text NOT NULL DEFAULT '',
    callback_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_dispositions PRIMARY KEY (call_id, agent_id),
    CONSTRAINT ck_dispositions_note CHECK (length(note) <= 10000)
);

CREATE TABLE recorder_positions (
    node text NOT NULL,
    position bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_recorder_positions PRIMARY KEY (node),
    CONSTRAINT ck_recorder_positions_position CHECK (position >= 0)
);

CREATE TABLE gaps (
    node text NOT NULL,
    position bigint NOT NULL,
    from_at timestamptz,
    to_at timestamptz NOT NULL,
    reason text NOT NULL,
    CONSTRAINT pk_gaps PRIMARY KEY (node, position)
);

CREATE INDEX ix_gaps_to_at ON gaps (to_at);

CREATE TABLE anomalies (
    node text NOT NULL,
    position bigint NOT NULL,
    ordinal integer NOT NULL,
    at timestamptz NOT NULL,
    event text NOT NULL,
    reason text NOT NULL,
    uniqueid text,
    CONSTRAINT pk_anomalies PRIMARY KEY (node, position, ordinal, at)
) PARTITION BY RANGE (at);

CREATE INDEX ix_anomalies_at ON anomalies (at)
"""

PARTITIONED = (
    "calls",
    "legs",
    "intervals",
    "queue_entries",
    "offers",
    "transfers",
    "surveys",
    "ivr_choices",
    "agent_states",
    "anomalies",
)

# A month with rows in the default partition stays there: taking them out would lock the table.
ENSURE_PARTITIONS = f"""
CREATE FUNCTION cti_ensure_partitions(first date, months integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    tables constant text[] := ARRAY[{", ".join(f"'{table}'" for table in PARTITIONED)}];
    parent text;
    child text;
    lower_bound timestamp;
    upper_bound timestamp;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(7201984512234);
    FOR month IN 0 .. months - 1 LOOP
        upper_bound := date_trunc('month', first::timestamp) + make_interval(months => month + 1);
        lower_bound := upper_bound - interval '1 month';
        FOREACH parent IN ARRAY tables LOOP
            child := parent || to_char(lower_bound, '_YYYY_MM');
            CONTINUE WHEN to_regclass(quote_ident(child)) IS NOT NULL;
            BEGIN
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                               child, parent, lower_bound || 'Z', upper_bound || 'Z');
                made := made + 1;
            EXCEPTION WHEN check_violation THEN NULL;
            END;
        END LOOP;
    END LOOP;
    RETURN made;
END $$
"""


def upgrade() -> None:
    for statement in STATEMENTS.split(";\n"):
        op.execute(statement)
    for table in PARTITIONED:
        op.execute(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")
    op.execute(ENSURE_PARTITIONS)
    op.execute("SELECT cti_ensure_partitions((now() AT TIME ZONE 'UTC')::date, 3)")


def downgrade() -> None:
    op.execute("DROP FUNCTION cti_ensure_partitions(date, integer)")
    op.execute("DROP VIEW agent_all_states")
    for table in (
        "agent_current_states",
        "dispositions",
        "recorder_positions",
        "gaps",
        *reversed(PARTITIONED),
    ):
        op.execute(f"DROP TABLE {table}")
