"""Attempts, limits, leases and decision records, as PostgreSQL keeps them; constraints and triggers stand in
the migration.
"""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from cti.db.metadata import metadata


def _instant(name: str) -> sa.Column[object]:
    """When something happened; NULL: it did not, or nobody knows."""
    return sa.Column(name, sa.DateTime(timezone=True))


def _told(name: str) -> sa.Column[object]:
    """A number as the network told it; NULL: it did not."""
    return sa.Column(name, sa.SmallInteger)


def _flag(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default="false")


#: One call that we make, written down before it is sent; see `cti.dialling.rules.attempt`.
attempts: Final = sa.Table(
    "attempts",
    metadata,
    #: Asterisk's ChannelId, so that every event, CEL row and snapshot names it.
    sa.Column("id", sa.Text(collation="C"), primary_key=True),
    #: NULL: dialled by hand, or a callback.
    sa.Column("campaign_id", sa.ForeignKey("campaigns.id")),
    #: Of the campaign's rules, under which it was made; NULL: there are none, or it is not known.
    sa.Column("campaign_version", sa.BigInteger),
    #: NULL: there is none, or he was deleted since.
    sa.Column("contact_id", sa.ForeignKey("contacts.id", ondelete="SET NULL")),
    #: E.164.
    sa.Column("phone", sa.Text(collation="C"), nullable=False),
    #: See `cti.dialling.rules.may_dial.Purpose`.
    sa.Column("purpose", sa.Text, nullable=False),
    #: Who dials by hand, or for whom it is dialled.
    sa.Column("agent_id", sa.ForeignKey("agents.id")),
    sa.Column("caller_id", sa.Text),
    sa.Column("node", sa.Text, nullable=False),
    #: Under which lease.
    sa.Column("epoch", sa.BigInteger, nullable=False),
    #: Which service sent it, `place:life` (see `cti.dialling.rules.lease`); NULL: none did under a lease, or
    #: it was not kept.
    sa.Column("sent_by", sa.Text),
    #: The day on whose counters it is.
    sa.Column("counted_on", sa.Date, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    #: See `cti.dialling.rules.outcome.Outcome`; NULL: it is not over.
    sa.Column("outcome", sa.Text),
    #: With what its flow ended; NULL: no flow had him, or nobody knows.
    sa.Column("flow_outcome", sa.Text),
    sa.Column("reserved_at", sa.DateTime(timezone=True), nullable=False),
    *map(_instant, ("sent_at", "ringing_at", "answered_at", "connected_at", "ended_at", "abandoned_at")),
    #: For how long it may ring.
    sa.Column("ring_seconds", sa.SmallInteger, nullable=False),
    #: When the called person's hours end; NULL: they do not, or do not matter.
    _instant("window_closes_at"),
    # What was seen of it, each as it came; see `cti.dialling.rules.outcome.Evidence`.
    *map(_told, ("hangup_cause", "sip_status", "originate_reason")),
    *(sa.Column(name, sa.Text) for name in ("dial_status", "machine", "machine_cause")),
    #: When Asterisk said what it takes him for.
    _instant("machine_at"),
    sa.Column("connected", sa.Boolean),
    *map(_flag, ("fax", "cancelled", "lost", "machine_was_person")),
    #: Why nobody knows how it ended.
    sa.Column("unknown_why", sa.Text),
    #: Which life of Asterisk it was sent to.
    sa.Column("boot", sa.Text),
    sa.Column("call_id", sa.Text(collation="C")),
)

#: What an agent said that came of a campaign's call, and what he filled in; apart from the outcome, which the
#: network tells. Of several agents who had the call, the last who said something counts.
attempt_results: Final = sa.Table(
    "attempt_results",
    metadata,
    sa.Column("attempt_id", sa.ForeignKey("attempts.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("agent_id", sa.ForeignKey("agents.id"), primary_key=True),
    #: One of the campaign's own; where it has none, one of the queue's.
    sa.Column("disposition", sa.Text, nullable=False),
    #: What it means for the contact: `cti.campaigns.forms.dispositions.Next`; NULL: the outcome decides.
    sa.Column("next", sa.Text),
    sa.Column("after_seconds", sa.Integer),
    #: By the names of the form's fields.
    sa.Column("answers", JSONB, nullable=False, server_default="{}"),
    #: The entry of the do-not-call list that it made.
    sa.Column("refusal_id", sa.ForeignKey("do_not_call_entries.id", ondelete="SET NULL")),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)

#: What somebody says of an attempt that Asterisk took for a machine's; see
#: `cti.dialling.records.machine_reviews`.
machine_reviews: Final = sa.Table(
    "machine_reviews",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
    sa.Column("attempt_id", sa.ForeignKey("attempts.id", ondelete="CASCADE"), nullable=False),
    #: See `cti.dialling.rules.machine_suspicion.Verdict`.
    sa.Column("verdict", sa.Text, nullable=False),
    #: NULL: before it was kept.
    _instant("reviewed_at"),
    sa.Column("reviewed_by", sa.ForeignKey("users.id", ondelete="SET NULL")),
    #: When it was taken back, or another one given; NULL: it is in force.
    _instant("undone_at"),
    sa.Column("undone_by", sa.ForeignKey("users.id", ondelete="SET NULL")),
)

#: What holds for everything that dials; one row.
dial_limits: Final = sa.Table(
    "dial_limits",
    metadata,
    sa.Column("id", sa.Boolean, primary_key=True, server_default="true"),
    sa.Column("most_in_day", sa.SmallInteger, nullable=False),
    sa.Column("gap_seconds", sa.Integer, nullable=False),
    sa.Column("abandoned_seconds", sa.Integer, nullable=False),
    sa.Column("calls_per_day", sa.Integer, nullable=False),
    sa.Column("calls_at_once", sa.Integer, nullable=False),
    #: The same for one campaign that sets nothing lower.
    sa.Column("campaign_calls_per_day", sa.Integer, nullable=False),
    sa.Column("campaign_calls_at_once", sa.Integer, nullable=False),
    sa.Column("agent_calls_per_day", sa.Integer, nullable=False),
    _flag("kill_switch"),
    sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("changed_by", sa.ForeignKey("users.id", ondelete="SET NULL")),
)

#: Calls of a day; ``scope`` is `all`, `campaign:ID` or `agent:ID`.
dial_counters: Final = sa.Table(
    "dial_counters",
    metadata,
    sa.Column("scope", sa.Text(collation="C"), primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("used", sa.Integer, nullable=False),
)

#: Who dials for an Asterisk; see `cti.dialling.rules.lease`.
dial_leases: Final = sa.Table(
    "dial_leases",
    metadata,
    sa.Column("node", sa.Text, primary_key=True),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("until", sa.DateTime(timezone=True), nullable=False),
)

#: One look at somebody: `cti.dialling.rules.decision_record`, as JSON.
dial_decisions: Final = sa.Table(
    "dial_decisions",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
    #: NULL: dialled by hand, or a callback.
    sa.Column("contact_id", sa.ForeignKey("contacts.id", ondelete="CASCADE")),
    sa.Column("campaign_id", sa.ForeignKey("campaigns.id", ondelete="CASCADE")),
    sa.Column("phone", sa.Text(collation="C")),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("record", JSONB, nullable=False),
    #: When it was dialled.
    sa.Column("attempt_id", sa.Text(collation="C")),
    sa.Column("agent_id", sa.ForeignKey("agents.id")),
)
