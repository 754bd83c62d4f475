"""References between calls, legs and what belongs to them, checked for a whole statement at a time.

A foreign key to a partitioned table is checked row by row, and each check costs as much as four rows (50 µs).
What it promises stays promised: no leg without its call, nothing of a leg without the leg, and whatever
belongs to a call goes with it. But the rows of one INSERT are now looked up together, and a row that is
overwritten only when it names another call or leg than before. The primary key of a call or leg never
changes.

Rows of calls are overwritten a few times, so their pages keep room for that: a new version that fits into the
page costs no new index entries. For the same reason two indexes go that no query uses and that every ended
call and leg had to be taken out of.
"""
# ruff: noqa: S608  (what is put into the statements stands in this file)

from alembic import op

revision = "0009_references"
down_revision = "0008_parked_calls"
branch_labels = None
depends_on = None

#: Each table that refers, what it names, and the table referred to.
REFERENCES = (
    ("legs", "call", "calls"),
    ("intervals", "leg", "legs"),
    ("queue_entries", "leg", "legs"),
    ("offers", "call", "calls"),
    ("transfers", "call", "calls"),
    ("surveys", "call", "calls"),
    ("ivr_choices", "call", "calls"),
)
#: Tables whose rows are overwritten, and how full their pages are made.
OVERWRITTEN = ("calls", "legs", "intervals", "queue_entries", "offers", "surveys")
FILL = 70
PARTITIONED = (*OVERWRITTEN, "transfers", "ivr_choices", "agent_states", "anomalies")


def upgrade() -> None:
    for table, one, many in REFERENCES:
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {_foreign_key(table, one, many)}")
        for statement in _checks(table, one, many):
            op.execute(statement)
    for many in ("calls", "legs"):
        for statement in _cascade(many):
            op.execute(statement)
    op.execute("DROP INDEX ix_calls_open")
    op.execute("DROP INDEX ix_legs_open")
    _fill(FILL)
    op.execute(_ensure_partitions(f"CASE WHEN parent IN ({_quoted(OVERWRITTEN)}) THEN {FILL} ELSE 100 END"))


def downgrade() -> None:
    op.execute(_ensure_partitions("100"))
    _fill(100)
    op.execute("CREATE INDEX ix_calls_open ON calls (node) WHERE ended_at IS NULL AND NOT unknown_end")
    op.execute("CREATE INDEX ix_legs_open ON legs (node) WHERE ending IS NULL")
    for many in ("calls", "legs"):
        op.execute(f"DROP TRIGGER {many}_take_theirs ON {many}")
        op.execute(f"DROP FUNCTION cti_{many}_take_theirs()")
    for table, one, many in REFERENCES:
        for name in ("names", "still_names"):
            op.execute(f"DROP TRIGGER {table}_{name}_{many} ON {table}")
            op.execute(f"DROP FUNCTION cti_{table}_{name}_{many}()")
        op.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT {_foreign_key(table, one, many)}"
            f" FOREIGN KEY ({one}_id, {one}_started_at) REFERENCES {many} (id, started_at) ON DELETE CASCADE"
        )


def _foreign_key(table: str, one: str, many: str) -> str:
    return f"fk_{table}_{one}_id_{one}_started_at_{many}"


def _checks(table: str, one: str, many: str) -> list[str]:
    # The look-up is a subquery of its own, and by index whatever the statistics say: a plan made while the
    # tables were empty stays in use when they are not.
    found = f"(SELECT true FROM {many} r WHERE r.id = n.{one}_id AND r.started_at = n.{one}_started_at)"
    complain = (
        f"RAISE foreign_key_violation USING MESSAGE = format('%s of {table} is not in {many}', missing)"
    )
    inserted = f"""
CREATE FUNCTION cti_{table}_names_{many}() RETURNS trigger
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    missing text;
BEGIN
    SELECT n.{one}_id INTO missing FROM new_rows n WHERE {found} IS NULL LIMIT 1;
    IF FOUND THEN {complain}; END IF;
    RETURN NULL;
END $$
"""
    updated = f"""
CREATE FUNCTION cti_{table}_still_names_{many}() RETURNS trigger
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    missing text;
BEGIN
    SELECT n.{one}_id INTO missing FROM (SELECT NEW.{one}_id, NEW.{one}_started_at) AS n
    WHERE {found} IS NULL;
    IF FOUND THEN {complain}; END IF;
    RETURN NULL;
END $$
"""
    on_insert = f"""
CREATE TRIGGER {table}_names_{many} AFTER INSERT ON {table} REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION cti_{table}_names_{many}()
"""
    on_update = f"""
CREATE TRIGGER {table}_still_names_{many} AFTER UPDATE OF {one}_id, {one}_started_at ON {table}
FOR EACH ROW WHEN ((OLD.{one}_id, OLD.{one}_started_at) IS DISTINCT FROM (NEW.{one}_id, NEW.{one}_started_at))
EXECUTE FUNCTION cti_{table}_still_names_{many}()
"""
    return [inserted, on_insert, updated, on_update]


def _cascade(many: str) -> list[str]:
    deletes = "\n    ".join(
        f"DELETE FROM {table} t USING old_rows o"
        f" WHERE t.{one}_id = o.id AND t.{one}_started_at = o.started_at;"
        for table, one, to in REFERENCES
        if to == many
    )
    function = f"""
CREATE FUNCTION cti_{many}_take_theirs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {deletes}
    RETURN NULL;
END $$
"""
    on_delete = f"""
CREATE TRIGGER {many}_take_theirs AFTER DELETE ON {many} REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION cti_{many}_take_theirs()
"""
    return [function, on_delete]


def _fill(percent: int) -> None:
    op.execute(
        f"""
DO $$
DECLARE
    child regclass;
BEGIN
    FOR child IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent IN
        ({", ".join(f"'{table}'::regclass" for table in OVERWRITTEN)})
        AND EXISTS (SELECT FROM pg_class WHERE oid = inhrelid AND relkind = 'r')
    LOOP
        EXECUTE format('ALTER TABLE %s SET (fillfactor = {percent})', child);
    END LOOP;
END $$
"""
    )


def _quoted(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _ensure_partitions(fill: str) -> str:
    return f"""
CREATE OR REPLACE FUNCTION cti_ensure_partitions(first date, months integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    tables constant text[] := ARRAY[{_quoted(PARTITIONED)}];
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
                               child, parent, lower_bound || 'Z', upper_bound || 'Z', {fill});
                made := made + 1;
            EXCEPTION WHEN check_violation THEN NULL;
            END;
        END LOOP;
    END LOOP;
    RETURN made;
END $$
"""
