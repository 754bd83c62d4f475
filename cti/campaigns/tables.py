"""Campaigns and their contacts, as PostgreSQL keeps them; constraints stand in the migration."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from cti.db.metadata import metadata


def _instant(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now())


def _person(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.ForeignKey("users.id", ondelete="SET NULL"))


def _count(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


#: See `cti.campaigns.model.CampaignDefinition`, whose words the columns are.
campaigns: Final = sa.Table(
    "campaigns",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
    #: Never changes.
    sa.Column("name", sa.Text, nullable=False, unique=True),
    #: By language.
    sa.Column("title", JSONB, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("flow", sa.Text),
    sa.Column("queue", sa.Text),
    sa.Column("caller_ids", ARRAY(sa.Text), nullable=False),
    sa.Column("calendar", sa.Text),
    sa.Column("window", JSONB, nullable=False),
    sa.Column("ring_seconds", sa.SmallInteger, nullable=False),
    sa.Column("ratio", sa.Float),
    sa.Column("retries", JSONB, nullable=False),
    sa.Column("flow_retries", JSONB, nullable=False, server_default="{}"),
    sa.Column("caps", JSONB, nullable=False),
    sa.Column("priority", sa.SmallInteger, nullable=False),
    sa.Column("client", sa.Text),
    sa.Column("machine_detection", sa.Text, nullable=False, server_default="off"),
    sa.Column("abandon_cap", sa.Float, nullable=False, server_default="0.03"),
    sa.Column("abandon_cap_holds", sa.Text, nullable=False, server_default="at_end"),
    sa.Column("needs_consent", sa.Boolean, nullable=False, server_default="false"),
    #: By language; NULL: there is none.
    sa.Column("script", JSONB(none_as_null=True)),
    sa.Column("dispositions", JSONB, nullable=False, server_default="[]"),
    sa.Column("form", JSONB, nullable=False, server_default="[]"),
    sa.Column("state", sa.Text, nullable=False, server_default="draft"),
    sa.Column("version", sa.BigInteger, nullable=False, server_default="1"),
    #: Those who were put off under other rules are still to be looked at anew.
    sa.Column("looks_anew", sa.Boolean, nullable=False, server_default="false"),
    #: What the pacer has learned: `cti.pacing.pacer.Learned`; NULL: nothing yet.
    sa.Column("pacing", JSONB(none_as_null=True)),
    #: When it was started first.
    sa.Column("started_at", sa.DateTime(timezone=True)),
    sa.Column("changed_state_at", sa.DateTime(timezone=True)),
    _person("changed_state_by"),
    _instant("created_at"),
    _instant("updated_at"),
    _person("updated_by"),
)

#: What was said of a campaign, each time that it changed.
campaign_versions: Final = sa.Table(
    "campaign_versions",
    metadata,
    sa.Column("campaign_id", sa.ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("version", sa.BigInteger, primary_key=True),
    #: `cti.campaigns.model.CampaignDefinition`.
    sa.Column("definition", JSONB, nullable=False),
    _instant("changed_at"),
    #: NULL: by `cti campaign apply`, or by somebody who is gone.
    _person("changed_by"),
    #: The version that was brought back; NULL: none.
    sa.Column("restores", sa.BigInteger),
)

#: One file, one query on customers, one sample: what came together and is undone together.
contact_imports: Final = sa.Table(
    "contact_imports",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
    sa.Column("campaign_id", sa.ForeignKey("campaigns.id", ondelete="CASCADE"), nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    #: The file's name; NULL where there is none.
    sa.Column("file_name", sa.Text),
    #: SHA-256 of the file.
    sa.Column("digest", sa.LargeBinary),
    #: Of a file: `cti.campaigns.model.FileOptions`; of customers: what was asked for.
    sa.Column("options", JSONB, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    #: How far it is.
    _count("bytes_in_all"),
    _count("bytes_read"),
    _count("rows_read"),
    _count("added"),
    #: Rows, not problems: a row may have several.
    _count("refused"),
    #: Why it failed: a problem's code and its parameters.
    sa.Column("fault", JSONB),
    _instant("created_at"),
    _person("created_by"),
    sa.Column("started_at", sa.DateTime(timezone=True)),
    sa.Column("ended_at", sa.DateTime(timezone=True)),
    sa.Column("undone_at", sa.DateTime(timezone=True)),
)

contacts: Final = sa.Table(
    "contacts",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
    sa.Column("campaign_id", sa.ForeignKey("campaigns.id", ondelete="CASCADE"), nullable=False),
    #: NULL: added alone.
    sa.Column("import_id", sa.ForeignKey("contact_imports.id", ondelete="CASCADE")),
    #: What a campaign has only once: a phone; of renewals, a subscription and its end.
    sa.Column("identity", sa.Text(collation="C"), nullable=False),
    #: Which is called first, and which then.
    sa.Column("phone", sa.Text(collation="C"), nullable=False),
    sa.Column("other_phones", ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("name", sa.Text),
    sa.Column("language", sa.Text),
    #: NULL: not known, so the strictest of the number's zones counts.
    sa.Column("time_zone", sa.Text),
    sa.Column("customer_id", sa.ForeignKey("customers.id", ondelete="SET NULL")),
    sa.Column("subscription_id", sa.ForeignKey("subscriptions.id", ondelete="SET NULL")),
    #: Evidence; NULL: none is known.
    sa.Column("consent", sa.Text),
    sa.Column("details", JSONB, nullable=False, server_default="{}"),
    sa.Column("priority", sa.SmallInteger, nullable=False, server_default="50"),
    #: Not before; `-infinity`: at any time.
    sa.Column("next_at", sa.DateTime(timezone=True), nullable=False, server_default="-infinity"),
    #: Whether `next_at` is only that of the last look, which other rules may bring forward.
    sa.Column("put_off", sa.Boolean, nullable=False, server_default="false"),
    #: `open`, `dialling` or `closed`.
    sa.Column("state", sa.Text, nullable=False, server_default="open"),
    #: Why he is not called again (`cti.dialling.rules.retry.Closed`); NULL: he may be.
    sa.Column("closed", sa.Text),
    #: How often he was called here, and what became of it the last time.
    sa.Column("attempts", sa.SmallInteger, nullable=False, server_default="0"),
    sa.Column("last_outcome", sa.Text),
    #: With what the flow of that call ended, if that decided what follows (`after_flow`).
    sa.Column("last_flow_outcome", sa.Text),
    sa.Column("last_attempt_at", sa.DateTime(timezone=True)),
    _instant("created_at"),
)

#: What each statement changed; the sum of ``change`` is how many contacts of a state a campaign has.
contact_counts: Final = sa.Table(
    "contact_counts",
    metadata,
    sa.Column("campaign_id", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("change", sa.BigInteger, nullable=False),
)

#: What was wrong with rows of an import, cell by cell; ``cells`` stand with the first problem of a row.
contact_refusals: Final = sa.Table(
    "contact_refusals",
    metadata,
    sa.Column("import_id", sa.ForeignKey("contact_imports.id", ondelete="CASCADE"), nullable=False),
    sa.Column("line", sa.BigInteger, nullable=False),
    #: Empty: the row as a whole.
    sa.Column("column_name", sa.Text, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("params", JSONB, nullable=False),
    sa.Column("cells", JSONB),
)

#: A random sample: who could have been drawn and who was, so that it can be drawn again and published.
contact_samples: Final = sa.Table(
    "contact_samples",
    metadata,
    sa.Column("import_id", sa.ForeignKey("contact_imports.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("seed", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    #: How many there are of each stratum, and how many of them were drawn.
    sa.Column("strata", JSONB, nullable=False),
)

sample_members: Final = sa.Table(
    "sample_members",
    metadata,
    sa.Column("import_id", sa.ForeignKey("contact_samples.import_id", ondelete="CASCADE"), primary_key=True),
    #: A customer's id; he may be gone since.
    sa.Column("member", sa.BigInteger, primary_key=True),
    sa.Column("stratum", sa.Text, nullable=False),
    sa.Column("drawn", sa.Boolean, nullable=False),
)
