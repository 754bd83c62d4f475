"""The longer statements about attempts. They take nothing from outside but as parameters."""

from typing import Final

from cti.dialling.rules.lease import MARGIN_SECONDS
from cti.do_not_call.counts import COUNTS_SQL, LISTED_SQL

RESERVE: Final = """
INSERT INTO attempts (
    id, campaign_id, campaign_version, contact_id, phone, purpose, agent_id, caller_id, ring_seconds,
    window_closes_at, node, epoch, counted_on, state, reserved_at
)
SELECT attempt_id, campaign_id, campaign_version, contact_id, phone, purpose, agent_id, caller_id,
    ring_seconds, to_timestamp(window_closes_at),
    CAST(:node AS text), CAST(:epoch AS bigint), CAST(:day AS date), 'reserved',
    to_timestamp(CAST(:now AS double precision))
FROM jsonb_to_recordset(CAST(:given AS jsonb)) AS given (
    attempt_id text, campaign_id bigint, campaign_version bigint, contact_id bigint, phone text,
    purpose text, agent_id bigint, caller_id text, ring_seconds smallint, window_closes_at double precision
)
"""

#: The lease is locked, so whoever takes it over comes before this or after it. What was claimed under rules
#: that were changed meanwhile is not sent: it goes back, and is looked at under those of now. What somebody
#: had refused before he asked to be called back does not count, which whoever calls him back has looked into.
SET_SENDING: Final = f"""
WITH held AS (
    SELECT node, epoch, holder FROM dial_leases
    WHERE holder = :holder AND epoch = :epoch
        AND until > to_timestamp(CAST(:now AS double precision) + {MARGIN_SECONDS})
    FOR SHARE
)
UPDATE attempts SET state = 'sending', sent_at = to_timestamp(CAST(:now AS double precision)), boot = :boot,
    sent_by = held.holder
FROM held, dial_limits
WHERE attempts.id = :attempt_id AND attempts.state = 'reserved'
    AND attempts.node = held.node AND attempts.epoch = held.epoch
    AND NOT dial_limits.kill_switch
    AND (attempts.purpose <> 'campaign' OR attempts.window_closes_at IS NULL
        OR to_timestamp(CAST(:now AS double precision) + attempts.ring_seconds) <= attempts.window_closes_at)
    AND (attempts.campaign_id IS NULL OR EXISTS (
        SELECT FROM campaigns WHERE campaigns.id = attempts.campaign_id AND campaigns.state = 'running'
            AND campaigns.version = coalesce(attempts.campaign_version, campaigns.version)
    ))
    AND (attempts.purpose = 'callback' OR NOT EXISTS (
        SELECT FROM {LISTED_SQL} LEFT JOIN campaigns ON campaigns.id = attempts.campaign_id
        WHERE do_not_call_entries.number = attempts.phone AND {COUNTS_SQL}
            AND (do_not_call_entries.level, coalesce(do_not_call_entries.name, '')) IN (
                ('global', ''), ('client', campaigns.client), ('campaign', campaigns.name)
            )
    ))
"""  # noqa: S608  (constants of ours)

#: What was never sent hears no news.
NOTE: Final = """
UPDATE attempts SET
    state = CASE WHEN attempt_place(news.state) > attempt_place(attempts.state) THEN news.state
        ELSE attempts.state END,
    ringing_at = least(attempts.ringing_at, to_timestamp(news.ringing_at)),
    answered_at = least(attempts.answered_at, to_timestamp(news.answered_at)),
    connected_at = least(attempts.connected_at, to_timestamp(news.connected_at)),
    abandoned_at = least(attempts.abandoned_at, to_timestamp(news.abandoned_at)),
    connected = CASE WHEN attempts.connected OR news.connected THEN true
        ELSE coalesce(attempts.connected, news.connected) END,
    hangup_cause = coalesce(attempts.hangup_cause, news.hangup_cause),
    sip_status = coalesce(attempts.sip_status, news.sip_status),
    originate_reason = coalesce(attempts.originate_reason, news.originate_reason),
    dial_status = coalesce(attempts.dial_status, news.dial_status),
    machine = coalesce(attempts.machine, news.machine),
    machine_cause = coalesce(attempts.machine_cause, news.machine_cause),
    machine_at = least(attempts.machine_at, to_timestamp(news.machine_at)),
    fax = attempts.fax OR news.fax,
    cancelled = attempts.cancelled OR news.cancelled,
    lost = attempts.lost OR news.lost,
    call_id = coalesce(attempts.call_id, news.call_id)
FROM jsonb_to_recordset(CAST(:given AS jsonb)) AS news (
    attempt_id text, state text, ringing_at double precision, answered_at double precision,
    connected_at double precision, abandoned_at double precision, connected boolean, hangup_cause smallint,
    sip_status smallint, originate_reason smallint, dial_status text, machine text, machine_cause text,
    machine_at double precision, fax boolean, cancelled boolean, lost boolean, call_id text
)
WHERE attempts.id = news.attempt_id AND attempts.sent_at IS NOT NULL
"""

#: The person who was left with nobody was so at the latest when it ended.
END: Final = """
UPDATE attempts SET
    state = :state, outcome = CAST(:outcome AS text),
    ended_at = to_timestamp(CAST(:ended_at AS double precision)), unknown_why = :unknown_why,
    flow_outcome = coalesce(CAST(:flow_outcome AS text), flow_outcome),
    abandoned_at = CASE WHEN CAST(:outcome AS text) = 'abandoned'
        THEN coalesce(abandoned_at, to_timestamp(CAST(:ended_at AS double precision)))
        ELSE abandoned_at END
WHERE id = :attempt_id AND state = ANY(CAST(:from_states AS text[]))
RETURNING contact_id, campaign_id, agent_id, counted_on, reserved_at
"""
