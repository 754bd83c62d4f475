"""Callers' ways through flows: runs, the steps that they came to, and the answers that they gave.

Partitioned and held to their calls like everything that belongs to a call (`0002_calls`, `0009_references`).
"""
# ruff: noqa: S608  (what is put into the statements stands in this file)

from alembic import op

revision = "0013_flow_runs"
down_revision = "0012_calendars"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE flow_runs (
    id text COLLATE "C" NOT NULL,
    started_at timestamptz NOT NULL,
    call_id text COLLATE "C" NOT NULL,
    call_started_at timestamptz NOT NULL,
    leg_id text COLLATE "C" NOT NULL,
    flow text NOT NULL,
    kind text NOT NULL,
    version text NOT NULL,
    language text,
    agent_id bigint,
    queue text,
    ended_at timestamptz,
    outcome text,
    last_step text,
    handed_to text,
    CONSTRAINT pk_flow_runs PRIMARY KEY (id, started_at),
    CONSTRAINT ck_flow_runs_order CHECK (ended_at >= started_at),
    CONSTRAINT ck_flow_runs_end CHECK (outcome IS NOT NULL OR ended_at IS NULL)
) PARTITION BY RANGE (started_at);

CREATE INDEX ix_flow_runs_call_id ON flow_runs (call_id);
CREATE INDEX ix_flow_runs_flow_started_at ON flow_runs (flow, started_at);
CREATE INDEX ix_flow_runs_started_at ON flow_runs (started_at, id);

CREATE TABLE flow_steps (
    run_id text COLLATE "C" NOT NULL,
    ordinal integer NOT NULL,
    at timestamptz NOT NULL,
    run_started_at timestamptz NOT NULL,
    call_id text COLLATE "C" NOT NULL,
    call_started_at timestamptz NOT NULL,
    flow text NOT NULL,
    step text NOT NULL,
    way text,
    mistake boolean NOT NULL,
    keys text,
    CONSTRAINT pk_flow_steps PRIMARY KEY (run_id, ordinal, at),
    CONSTRAINT ck_flow_steps_order CHECK (at >= run_started_at),
    CONSTRAINT ck_flow_steps_mistake CHECK ((way IS NULL) = mistake AND (keys IS NULL) <> mistake)
) PARTITION BY RANGE (at);

CREATE INDEX ix_flow_steps_call_id ON flow_steps (call_id);

CREATE TABLE flow_answers (
    run_id text COLLATE "C" NOT NULL,
    ordinal integer NOT NULL,
    at timestamptz NOT NULL,
    run_started_at timestamptz NOT NULL,
    call_id text COLLATE "C" NOT NULL,
    call_started_at timestamptz NOT NULL,
    flow text NOT NULL,
    version text NOT NULL,
    step text NOT NULL,
    question text NOT NULL,
    kind text,
    value text NOT NULL,
    keys text NOT NULL,
    CONSTRAINT pk_flow_answers PRIMARY KEY (run_id, ordinal, at),
    CONSTRAINT ck_flow_answers_order CHECK (at >= run_started_at)
) PARTITION BY RANGE (at);

CREATE INDEX ix_flow_answers_call_id ON flow_answers (call_id);
CREATE INDEX ix_flow_answers_question_at ON flow_answers (question, at)
"""
TABLES = ("flow_runs", "flow_steps", "flow_answers")
#: Whose rows are overwritten; the pages of the others are filled.
OVERWRITTEN_BEFORE = ("calls", "legs", "intervals", "queue_entries", "offers", "surveys")
PARTITIONED_BEFORE = (*OVERWRITTEN_BEFORE, "transfers", "ivr_choices", "agent_states", "anomalies")
OVERWRITTEN = (*OVERWRITTEN_BEFORE, "flow_runs")
PARTITIONED = (*OVERWRITTEN, *PARTITIONED_BEFORE[len(OVERWRITTEN_BEFORE) :], "flow_steps", "flow_answers")
OF_CALLS_BEFORE = ("legs", "offers", "transfers", "surveys", "ivr_choices")
FILL = 70


def upgrade() -> None:
    for statement in STATEMENTS.split(";\n"):
        op.execute(statement)
    for table in TABLES:
        op.execute(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")
        for statement in _checks(table):
            op.execute(statement)
    op.execute(f"ALTER TABLE flow_runs_default SET (fillfactor = {FILL})")
    op.execute(_take_theirs((*OF_CALLS_BEFORE, *TABLES)))
    op.execute(_ensure_partitions(PARTITIONED, OVERWRITTEN))
    op.execute("SELECT cti_ensure_partitions((now() AT TIME ZONE 'UTC')::date, 3)")


def downgrade() -> None:
    op.execute(_ensure_partitions(PARTITIONED_BEFORE, OVERWRITTEN_BEFORE))
    op.execute(_take_theirs(OF_CALLS_BEFORE))
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE {table}")
        for name in ("names", "still_names"):
            op.execute(f"DROP FUNCTION cti_{table}_{name}_calls()")


def _checks(table: str) -> list[str]:
    """The row's call is there: looked up for all rows of a statement together, by index in any case."""
    found = "(SELECT true FROM calls r WHERE r.id = n.call_id AND r.started_at = n.call_started_at)"
    complain = f"RAISE foreign_key_violation USING MESSAGE = format('%s of {table} is not in calls', missing)"
    inserted = f"""
CREATE FUNCTION cti_{table}_names_calls() RETURNS trigger
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    missing text;
BEGIN
    SELECT n.call_id INTO missing FROM new_rows n WHERE {found} IS NULL LIMIT 1;
    IF FOUND THEN {complain}; END IF;
    RETURN NULL;
END $$
"""
    updated = f"""
CREATE FUNCTION cti_{table}_still_names_calls() RETURNS trigger
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    missing text;
BEGIN
    SELECT n.call_id INTO missing FROM (SELECT NEW.call_id, NEW.call_started_at) AS n WHERE {found} IS NULL;
    IF FOUND THEN {complain}; END IF;
    RETURN NULL;
END $$
"""
    on_insert = f"""
CREATE TRIGGER {table}_names_calls AFTER INSERT ON {table} REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION cti_{table}_names_calls()
"""
    on_update = f"""
CREATE TRIGGER {table}_still_names_calls AFTER UPDATE OF call_id, call_started_at ON {table}
FOR EACH ROW
WHEN ((OLD.call_id, OLD.call_started_at) IS DISTINCT FROM (NEW.call_id, NEW.call_started_at))
EXECUTE FUNCTION cti_{table}_still_names_calls()
"""
    return [inserted, on_insert, updated, on_update]


def _take_theirs(tables: tuple[str, ...]) -> str:
    deletes = "\n    ".join(
        f"DELETE FROM {table} t USING old_rows o WHERE t.call_id = o.id AND t.call_started_at = o.started_at;"
        for table in tables
    )
    return f"""
CREATE OR REPLACE FUNCTION cti_calls_take_theirs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {deletes}
    RETURN NULL;
END $$
"""


def _quoted(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _ensure_partitions(partitioned: tuple[str, ...], overwritten: tuple[str, ...]) -> str:
    return f"""
CREATE OR REPLACE FUNCTION cti_ensure_partitions(first date, months integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    tables constant text[] := ARRAY[{_quoted(partitioned)}];
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
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)'
                               ' WITH (fillfactor = %s)',
                               child, parent, lower_bound || 'Z', upper_bound || 'Z',
                               CASE WHEN parent IN ({_quoted(overwritten)}) THEN {FILL} ELSE 100 END);
                made := made + 1;
            EXCEPTION WHEN check_violation THEN NULL;
            END;
        END LOOP;
    END LOOP;
    RETURN made;
END $$
"""
