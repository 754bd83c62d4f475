"""Calls and what belongs to them, as PostgreSQL keeps them; constraints, partitions and indexes stand in the
migration.

The recorder writes these tables, all but `dispositions`, which people write through the API. Rows that grow
without end are partitioned by the month of the instant in their primary key, which never changes; a row names
its call by id and start, so that there is no leg without its call.
"""

from typing import Any, Final

import sqlalchemy as sa

from cti.db.metadata import metadata


def _id(name: str, **options: Any) -> sa.Column[str]:
    return sa.Column(name, sa.Text(collation="C"), **options)


def _instant(name: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), **options)


def _of_call() -> tuple[sa.Column[Any], ...]:
    return _id("call_id", nullable=False), _instant("call_started_at", nullable=False)


#: See `cti.calls.model.Call`.
calls: Final = sa.Table(
    "calls",
    metadata,
    _id("id", primary_key=True),
    _instant("started_at", primary_key=True),
    sa.Column("node", sa.Text, nullable=False),
    sa.Column("boot", sa.Text, nullable=False),
    sa.Column("direction", sa.Text, nullable=False),
    _instant("answered_at"),
    _instant("ended_at"),
    sa.Column("unknown_end", sa.Boolean, nullable=False),
    sa.Column("caller_number", sa.Text(collation="C")),
    sa.Column("number_state", sa.Text, nullable=False),
    sa.Column("dialled_number", sa.Text(collation="C")),
    sa.Column("language", sa.Text),
    sa.Column("queue", sa.Text),
    sa.Column("agent_id", sa.BigInteger),
    _id("merged_into"),
    sa.Column("voicemail", sa.Boolean, nullable=False),
    sa.Column("gap", sa.Boolean, nullable=False),
    sa.Column("clock_step_seconds", sa.Double),
    postgresql_partition_by="RANGE (started_at)",
)

#: See `cti.calls.model.Leg`.
legs: Final = sa.Table(
    "legs",
    metadata,
    _id("id", primary_key=True),
    _instant("started_at", primary_key=True),
    *_of_call(),
    sa.Column("node", sa.Text, nullable=False),
    sa.Column("boot", sa.Text, nullable=False),
    sa.Column("uniqueid", sa.Text(collation="C"), nullable=False),
    sa.Column("linkedid", sa.Text(collation="C"), nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("interface", sa.Text),
    sa.Column("agent_id", sa.BigInteger),
    sa.Column("number", sa.Text),
    sa.Column("name", sa.Text),
    sa.Column("dialled_number", sa.Text),
    _id("local_pair_id"),
    sa.Column("outgoing", sa.Boolean, nullable=False),
    _instant("answered_at"),
    _instant("ended_at"),
    sa.Column("ending", sa.Text),
    sa.Column("hangup_cause", sa.Integer),
    sa.Column("sip_status", sa.Integer),
    sa.Column("clock_step_seconds", sa.Double),
    postgresql_partition_by="RANGE (started_at)",
)

#: See `cti.calls.model.Interval`.
intervals: Final = sa.Table(
    "intervals",
    metadata,
    _id("id", primary_key=True),
    _instant("started_at", primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    *_of_call(),
    _id("leg_id", nullable=False),
    _instant("leg_started_at", nullable=False),
    sa.Column("agent_id", sa.BigInteger),
    sa.Column("queue", sa.Text),
    _instant("ended_at"),
    sa.Column("unknown_end", sa.Boolean, nullable=False),
    postgresql_partition_by="RANGE (started_at)",
)

#: See `cti.calls.model.QueueEntry`.
queue_entries: Final = sa.Table(
    "queue_entries",
    metadata,
    _id("id", primary_key=True),
    _instant("joined_at", primary_key=True),
    *_of_call(),
    _id("leg_id", nullable=False),
    _instant("leg_started_at", nullable=False),
    sa.Column("queue", sa.Text, nullable=False),
    sa.Column("position", sa.Integer),
    _instant("left_at"),
    sa.Column("outcome", sa.Text),
    sa.Column("agent_id", sa.BigInteger),
    postgresql_partition_by="RANGE (joined_at)",
)

#: See `cti.calls.model.Offer`.
offers: Final = sa.Table(
    "offers",
    metadata,
    _id("id", primary_key=True),
    _instant("started_at", primary_key=True),
    _id("entry_id"),
    *_of_call(),
    _id("leg_id"),
    sa.Column("agent_id", sa.BigInteger, nullable=False),
    sa.Column("queue", sa.Text, nullable=False),
    _instant("ended_at"),
    sa.Column("outcome", sa.Text),
    postgresql_partition_by="RANGE (started_at)",
)

#: See `cti.calls.model.Transfer`.
transfers: Final = sa.Table(
    "transfers",
    metadata,
    _id("id", primary_key=True),
    _instant("at", primary_key=True),
    *_of_call(),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("agent_id", sa.BigInteger),
    _id("from_leg_id"),
    sa.Column("to_number", sa.Text),
    sa.Column("outcome", sa.Text),
    postgresql_partition_by="RANGE (at)",
)

#: See `cti.calls.model.Survey`.
surveys: Final = sa.Table(
    "surveys",
    metadata,
    _id("id", primary_key=True),
    _instant("started_at", primary_key=True),
    *_of_call(),
    _id("leg_id"),
    sa.Column("agent_id", sa.BigInteger),
    sa.Column("queue", sa.Text),
    sa.Column("language", sa.Text),
    sa.Column("questions", sa.SmallInteger, nullable=False),
    _instant("ended_at"),
    sa.Column("outcome", sa.Text),
    sa.Column("rating", sa.SmallInteger),
    sa.Column("second_rating", sa.SmallInteger),
    postgresql_partition_by="RANGE (started_at)",
)

#: See `cti.calls.flow_run.FlowRun`.
flow_runs: Final = sa.Table(
    "flow_runs",
    metadata,
    _id("id", primary_key=True),
    _instant("started_at", primary_key=True),
    *_of_call(),
    _id("leg_id", nullable=False),
    sa.Column("flow", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("language", sa.Text),
    sa.Column("agent_id", sa.BigInteger),
    sa.Column("queue", sa.Text),
    _instant("ended_at"),
    sa.Column("outcome", sa.Text),
    sa.Column("last_step", sa.Text),
    sa.Column("handed_to", sa.Text),
    #: JSON, see `cti.calls.passed_values`.
    sa.Column("passed", sa.Text),
    postgresql_partition_by="RANGE (started_at)",
)

#: See `cti.calls.flow_run.FlowStep`.
flow_steps: Final = sa.Table(
    "flow_steps",
    metadata,
    _id("run_id", primary_key=True),
    sa.Column("ordinal", sa.Integer, primary_key=True, autoincrement=False),
    _instant("at", primary_key=True),
    _instant("run_started_at", nullable=False),
    *_of_call(),
    sa.Column("flow", sa.Text, nullable=False),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("way", sa.Text),
    sa.Column("mistake", sa.Boolean, nullable=False),
    sa.Column("keys", sa.Text),
    postgresql_partition_by="RANGE (at)",
)

#: See `cti.calls.flow_run.FlowAnswer`.
flow_answers: Final = sa.Table(
    "flow_answers",
    metadata,
    _id("run_id", primary_key=True),
    sa.Column("ordinal", sa.Integer, primary_key=True, autoincrement=False),
    _instant("at", primary_key=True),
    _instant("run_started_at", nullable=False),
    *_of_call(),
    sa.Column("flow", sa.Text, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("question", sa.Text, nullable=False),
    sa.Column("kind", sa.Text),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("keys", sa.Text, nullable=False),
    postgresql_partition_by="RANGE (at)",
)

#: Keys that callers pressed in menus.
ivr_choices: Final = sa.Table(
    "ivr_choices",
    metadata,
    *(column for column in _of_call()),
    sa.Column("menu", sa.Text, nullable=False),
    sa.Column("choice", sa.Text, nullable=False),
    _instant("chosen_at", nullable=False),
    sa.PrimaryKeyConstraint("call_id", "chosen_at", "menu", "choice"),
    postgresql_partition_by="RANGE (chosen_at)",
)

#: What agents said a call was about; written by the API alone.
dispositions: Final = sa.Table(
    "dispositions",
    metadata,
    _id("call_id", primary_key=True),
    sa.Column("agent_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    _instant("callback_at"),
    _instant("created_at", nullable=False, server_default=sa.func.now()),
    _instant("updated_at", nullable=False, server_default=sa.func.now()),
)

#: How far the rows reflect the journal, for each node; moves only together with the rows.
recorder_positions: Final = sa.Table(
    "recorder_positions",
    metadata,
    sa.Column("node", sa.Text, primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    _instant("at", nullable=False, server_default=sa.func.now()),
)

#: Stretches of time in which events were missed.
gaps: Final = sa.Table(
    "gaps",
    metadata,
    sa.Column("node", sa.Text, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    _instant("from_at"),
    _instant("to_at", nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)

#: Events that made no sense where they came, and rows that the database refused.
anomalies: Final = sa.Table(
    "anomalies",
    metadata,
    sa.Column("node", sa.Text, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("ordinal", sa.Integer, primary_key=True, autoincrement=False),
    _instant("at", primary_key=True),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("uniqueid", sa.Text),
    postgresql_partition_by="RANGE (at)",
)
