"""Attempts, what keeps them within bounds whoever writes them, and what campaigns and contacts need."""

from alembic import op

revision = "0025_attempts"
down_revision = "0024_passed_values"
branch_labels = None
depends_on = None

_OPEN = "state IN ('reserved', 'sending', 'ringing', 'answered', 'bridged')"

STATEMENTS = (
    """
ALTER TABLE campaigns
    ADD COLUMN machine_detection text NOT NULL DEFAULT 'off',
    ADD COLUMN abandon_cap double precision NOT NULL DEFAULT 0.03,
    ADD COLUMN needs_consent boolean NOT NULL DEFAULT false,
    ADD COLUMN script jsonb,
    ADD COLUMN pacing jsonb,
    ADD COLUMN started_at timestamptz,
    ADD COLUMN changed_state_at timestamptz,
    ADD COLUMN changed_state_by bigint,
    ADD CONSTRAINT ck_campaigns_machine_detection CHECK (machine_detection IN ('off', 'hang_up', 'message')),
    ADD CONSTRAINT ck_campaigns_abandon_cap CHECK (abandon_cap BETWEEN 0 AND 0.1),
    ADD CONSTRAINT fk_campaigns_changed_state_by_users
        FOREIGN KEY (changed_state_by) REFERENCES users (id) ON DELETE SET NULL""",
    "UPDATE contacts SET next_at = '-infinity' WHERE next_at IS NULL",
    # Who is claimed is passed over by the next claims until he is vacuumed away.
    """
ALTER TABLE contacts
    ALTER COLUMN next_at SET DEFAULT '-infinity',
    ALTER COLUMN next_at SET NOT NULL,
    ADD COLUMN attempts smallint NOT NULL DEFAULT 0,
    ADD COLUMN last_outcome text,
    ADD COLUMN last_attempt_at timestamptz,
    ADD COLUMN closed text,
    ADD CONSTRAINT ck_contacts_state CHECK (state IN ('open', 'dialling', 'closed')),
    ADD CONSTRAINT ck_contacts_closed CHECK ((state = 'closed') = (closed IS NOT NULL)),
    SET (autovacuum_vacuum_scale_factor = 0.02)""",
    """
CREATE INDEX ix_contacts_claimable ON contacts (campaign_id, priority, next_at, id)
    WHERE state = 'open'""",
    """
CREATE TABLE dial_limits (
    id boolean NOT NULL DEFAULT true,
    most_in_day smallint NOT NULL DEFAULT 3,
    gap_seconds integer NOT NULL DEFAULT 1800,
    abandoned_seconds integer NOT NULL DEFAULT 259200,
    calls_per_day integer NOT NULL DEFAULT 50000,
    calls_at_once integer NOT NULL DEFAULT 200,
    campaign_calls_per_day integer NOT NULL DEFAULT 50000,
    campaign_calls_at_once integer NOT NULL DEFAULT 200,
    agent_calls_per_day integer NOT NULL DEFAULT 400,
    kill_switch boolean NOT NULL DEFAULT false,
    changed_at timestamptz NOT NULL DEFAULT now(),
    changed_by bigint,
    CONSTRAINT pk_dial_limits PRIMARY KEY (id),
    CONSTRAINT fk_dial_limits_changed_by_users
        FOREIGN KEY (changed_by) REFERENCES users (id) ON DELETE SET NULL,
    CONSTRAINT ck_dial_limits_one CHECK (id),
    CONSTRAINT ck_dial_limits_attempts
        CHECK (most_in_day >= 1 AND least(gap_seconds, abandoned_seconds) >= 0),
    CONSTRAINT ck_dial_limits_calls CHECK (
        least(calls_per_day, calls_at_once, campaign_calls_per_day, campaign_calls_at_once,
              agent_calls_per_day) >= 0)
)""",
    "INSERT INTO dial_limits DEFAULT VALUES",
    """
CREATE TABLE dial_counters (
    scope text COLLATE "C" NOT NULL,
    day date NOT NULL,
    used integer NOT NULL,
    CONSTRAINT pk_dial_counters PRIMARY KEY (scope, day),
    CONSTRAINT ck_dial_counters_used CHECK (used >= 0)
)""",
    """
CREATE TABLE dial_leases (
    node text NOT NULL,
    holder text NOT NULL,
    epoch bigint NOT NULL,
    until timestamptz NOT NULL,
    CONSTRAINT pk_dial_leases PRIMARY KEY (node)
)""",
    f"""
CREATE TABLE attempts (
    id text COLLATE "C" NOT NULL,
    campaign_id bigint,
    contact_id bigint,
    phone text COLLATE "C" NOT NULL,
    purpose text NOT NULL,
    agent_id bigint,
    caller_id text,
    node text NOT NULL,
    epoch bigint NOT NULL,
    counted_on date NOT NULL,
    state text NOT NULL,
    outcome text,
    reserved_at timestamptz NOT NULL,
    sent_at timestamptz,
    ringing_at timestamptz,
    answered_at timestamptz,
    connected_at timestamptz,
    ended_at timestamptz,
    abandoned_at timestamptz,
    ring_seconds smallint NOT NULL,
    window_closes_at timestamptz,
    hangup_cause smallint,
    sip_status smallint,
    originate_reason smallint,
    dial_status text,
    machine text,
    machine_cause text,
    connected boolean,
    fax boolean NOT NULL DEFAULT false,
    cancelled boolean NOT NULL DEFAULT false,
    lost boolean NOT NULL DEFAULT false,
    machine_was_person boolean NOT NULL DEFAULT false,
    unknown_why text,
    boot text,
    call_id text COLLATE "C",
    CONSTRAINT pk_attempts PRIMARY KEY (id),
    CONSTRAINT fk_attempts_campaign_id_campaigns FOREIGN KEY (campaign_id) REFERENCES campaigns (id),
    CONSTRAINT fk_attempts_contact_id_contacts
        FOREIGN KEY (contact_id) REFERENCES contacts (id) ON DELETE SET NULL,
    CONSTRAINT fk_attempts_agent_id_agents FOREIGN KEY (agent_id) REFERENCES agents (id),
    CONSTRAINT ck_attempts_id CHECK (id ~ '^[A-Za-z0-9_.-]{{1,64}}$'),
    CONSTRAINT ck_attempts_phone CHECK (phone ~ '^\\+[1-9][0-9]{{1,14}}$'),
    CONSTRAINT ck_attempts_purpose CHECK (
        purpose IN ('campaign', 'manual', 'callback') AND (purpose = 'campaign') = (campaign_id IS NOT NULL)),
    CONSTRAINT ck_attempts_state CHECK ({_OPEN} OR state IN ('unknown', 'ended')),
    CONSTRAINT ck_attempts_outcome CHECK (outcome IN (
        'answered', 'abandoned', 'machine', 'fax', 'busy', 'no_answer', 'unreachable', 'refused',
        'wrong_number', 'network', 'cancelled', 'not_sent', 'unknown')),
    CONSTRAINT ck_attempts_over CHECK (
        (outcome IS NOT NULL) = (state IN ('unknown', 'ended'))
        AND (state <> 'unknown' OR outcome = 'unknown')),
    CONSTRAINT ck_attempts_sent CHECK (
        CASE WHEN state = 'reserved' THEN sent_at IS NULL
             ELSE sent_at IS NOT NULL OR (state = 'ended' AND outcome = 'not_sent') END),
    CONSTRAINT ck_attempts_ring_seconds CHECK (ring_seconds BETWEEN 1 AND 300),
    CONSTRAINT ck_attempts_window CHECK (
        purpose <> 'campaign' OR sent_at + make_interval(secs => ring_seconds) <= window_closes_at)
)""",
    f"CREATE UNIQUE INDEX uq_attempts_open_phone ON attempts (phone) WHERE {_OPEN}",
    f"CREATE UNIQUE INDEX uq_attempts_open_contact ON attempts (contact_id) WHERE {_OPEN}",
    "CREATE INDEX ix_attempts_phone ON attempts (phone, reserved_at)",
    "CREATE INDEX ix_attempts_contact_id ON attempts (contact_id) WHERE contact_id IS NOT NULL",
    "CREATE INDEX ix_attempts_campaign_id ON attempts (campaign_id, reserved_at)",
    "CREATE INDEX ix_attempts_unknown ON attempts (node, sent_at) WHERE state = 'unknown'",
    """
CREATE FUNCTION attempt_place(state text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT array_position(
        ARRAY['reserved', 'sending', 'ringing', 'answered', 'bridged', 'unknown', 'ended'], state)
$$""",
    """
CREATE FUNCTION keep_attempt_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF attempt_place(NEW.state) < attempt_place(OLD.state) THEN
        RAISE EXCEPTION 'attempt % is % and never % again', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'CT002';
    END IF;
    IF (NEW.id, NEW.phone, NEW.purpose, NEW.reserved_at) <> (OLD.id, OLD.phone, OLD.purpose, OLD.reserved_at)
        OR NEW.campaign_id IS DISTINCT FROM OLD.campaign_id
        OR (OLD.sent_at IS NOT NULL AND NEW.sent_at IS DISTINCT FROM OLD.sent_at)
    THEN
        RAISE EXCEPTION 'what attempt % is never changes', OLD.id USING ERRCODE = 'CT002';
    END IF;
    RETURN NEW;
END $$""",
    """
CREATE TRIGGER attempts_forward BEFORE UPDATE ON attempts
    FOR EACH ROW EXECUTE FUNCTION keep_attempt_forward()""",
    # Whoever dials asks `cti.dialling.rules.may_dial` first; this also holds for whoever does not. Plans are
    # kept, and those made while there are few attempts would read all of them later.
    """
CREATE FUNCTION keep_attempt_within_limits() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    limits dial_limits;
    known record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.phone, 0));
    SELECT * INTO STRICT limits FROM dial_limits;
    IF limits.kill_switch THEN
        RAISE EXCEPTION 'dial.kill_switch' USING ERRCODE = 'CT001';
    END IF;
    -- Whoever may say that it is later can say that the limits are over.
    IF NEW.reserved_at > clock_timestamp() + interval '1 minute' THEN
        RAISE EXCEPTION 'dial.clock_in_doubt' USING ERRCODE = 'CT001';
    END IF;
    SELECT count(*) FILTER (WHERE began_at > NEW.reserved_at - interval '24 hours') AS in_day,
           max(over_at) AS over_at, max(over_at) FILTER (WHERE outcome = 'abandoned') AS abandoned_at
      INTO known
      FROM (
        SELECT outcome, coalesce(sent_at, reserved_at) AS began_at,
               coalesce(greatest(sent_at, ended_at), reserved_at) AS over_at
          FROM attempts
         WHERE phone = NEW.phone AND outcome IS DISTINCT FROM 'not_sent'
           AND reserved_at > NEW.reserved_at - interval '48 hours'
               - make_interval(secs => greatest(limits.gap_seconds, limits.abandoned_seconds))
      ) AS earlier;
    IF known.in_day >= limits.most_in_day THEN
        RAISE EXCEPTION 'dial.most_in_day' USING ERRCODE = 'CT001';
    END IF;
    IF NEW.purpose <> 'callback'
        AND known.over_at > NEW.reserved_at - make_interval(secs => limits.gap_seconds)
    THEN
        RAISE EXCEPTION 'dial.gap' USING ERRCODE = 'CT001';
    END IF;
    -- With an agent reserved for it, the call makes up for the one that was abandoned.
    IF NEW.purpose = 'campaign' AND NEW.agent_id IS NULL
        AND known.abandoned_at > NEW.reserved_at - make_interval(secs => limits.abandoned_seconds)
    THEN
        RAISE EXCEPTION 'dial.after_abandoned' USING ERRCODE = 'CT001';
    END IF;
    RETURN NEW;
END $$""",
    """
CREATE TRIGGER attempts_within_limits BEFORE INSERT ON attempts
    FOR EACH ROW EXECUTE FUNCTION keep_attempt_within_limits()""",
    """
CREATE TABLE dial_decisions (
    id bigint GENERATED BY DEFAULT AS IDENTITY,
    contact_id bigint,
    campaign_id bigint,
    phone text COLLATE "C",
    at timestamptz NOT NULL,
    record jsonb NOT NULL,
    attempt_id text COLLATE "C",
    agent_id bigint,
    CONSTRAINT pk_dial_decisions PRIMARY KEY (id),
    CONSTRAINT fk_dial_decisions_contact_id_contacts
        FOREIGN KEY (contact_id) REFERENCES contacts (id) ON DELETE CASCADE,
    CONSTRAINT fk_dial_decisions_campaign_id_campaigns
        FOREIGN KEY (campaign_id) REFERENCES campaigns (id) ON DELETE CASCADE,
    CONSTRAINT fk_dial_decisions_agent_id_agents FOREIGN KEY (agent_id) REFERENCES agents (id)
)""",
    "CREATE INDEX ix_dial_decisions_contact_id ON dial_decisions (contact_id, id)",
    "CREATE INDEX ix_dial_decisions_campaign_id ON dial_decisions (campaign_id, id)",
)

BACK = (
    "DROP TABLE dial_decisions",
    "DROP TABLE attempts",
    "DROP FUNCTION keep_attempt_within_limits()",
    "DROP FUNCTION keep_attempt_forward()",
    "DROP FUNCTION attempt_place(text)",
    "DROP TABLE dial_leases",
    "DROP TABLE dial_counters",
    "DROP TABLE dial_limits",
    "DROP INDEX ix_contacts_claimable",
    # Before, a contact was always open.
    "UPDATE contacts SET state = 'open', closed = NULL WHERE state <> 'open'",
    """
ALTER TABLE contacts
    RESET (autovacuum_vacuum_scale_factor),
    DROP CONSTRAINT ck_contacts_closed,
    DROP CONSTRAINT ck_contacts_state,
    DROP COLUMN closed,
    DROP COLUMN last_attempt_at,
    DROP COLUMN last_outcome,
    DROP COLUMN attempts,
    ALTER COLUMN next_at DROP NOT NULL,
    ALTER COLUMN next_at DROP DEFAULT""",
    "UPDATE contacts SET next_at = NULL WHERE next_at = '-infinity'",
    """
ALTER TABLE campaigns
    DROP COLUMN changed_state_by,
    DROP COLUMN changed_state_at,
    DROP COLUMN started_at,
    DROP COLUMN pacing,
    DROP COLUMN script,
    DROP COLUMN needs_consent,
    DROP COLUMN abandon_cap,
    DROP COLUMN machine_detection""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    for statement in BACK:
        op.execute(statement)
