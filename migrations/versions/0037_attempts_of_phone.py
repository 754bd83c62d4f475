"""The attempts on a telephone are found by it, however few there were when the plan was made.

With hardly any attempts at hand PostgreSQL holds all indexes for equal, took the one of a campaign's attempts
by time, and kept that: each new attempt read all of the last days' before autovacuum came by. What compares
telephone and time together has only the index of both.
"""

# ruff: noqa: S608  (what is put into the statement stands in this file)

from alembic import op

revision = "0037_attempts_of_phone"
down_revision = "0036_flow_retries"
branch_labels = None
depends_on = None

_SINCE = """NEW.reserved_at - interval '48 hours'
               - make_interval(secs => greatest(limits.gap_seconds, limits.abandoned_seconds))"""
_BY_TIME = f"reserved_at > {_SINCE}"
_BY_BOTH = f"(phone, reserved_at) > (NEW.phone, {_SINCE})"


def upgrade() -> None:
    _keep_within_limits(_BY_BOTH)


def downgrade() -> None:
    _keep_within_limits(_BY_TIME)


def _keep_within_limits(lately: str) -> None:
    op.execute(
        f"""
CREATE OR REPLACE FUNCTION keep_attempt_within_limits() RETURNS trigger
LANGUAGE plpgsql SET enable_seqscan = off AS $$
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
           AND {lately}
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
END $$"""
    )
