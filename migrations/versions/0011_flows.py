"""Versions of flows, which of them is active, and when that changed.

A version is a text under the hash of what it says, so it never changes; a trigger holds that, but for the
name of a user who is deleted.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011_flows"
down_revision = "0010_asterisk_stopped"
branch_labels = None
depends_on = None

NAME = "'^[a-z][a-z0-9]*([-_/][a-z0-9]+)*$'"
VERSION = "'^[0-9a-f]{12}$'"

IMMUTABLE = """
CREATE FUNCTION cti_flow_version_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.flow, NEW.version, NEW.text, NEW.title, NEW.note, NEW.created_at)
        IS DISTINCT FROM (OLD.flow, OLD.version, OLD.text, OLD.title, OLD.note, OLD.created_at)
    THEN
        RAISE EXCEPTION 'a version of a flow never changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "flows",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("active_version", sa.Text),
        sa.Column("previous_version", sa.Text),
        sa.Column("shipped_version", sa.Text),
        sa.CheckConstraint(f"name ~ {NAME} AND length(name) <= 64", name="ck_flows_name"),
        sa.CheckConstraint("kind IN ('inbound', 'survey', 'outbound', 'subdialog')", name="ck_flows_kind"),
    )
    op.create_table(
        "flow_versions",
        sa.Column("flow", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("title", JSONB, nullable=False),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
        sa.Column("shipped", sa.Boolean, nullable=False),
        _now("created_at"),
        sa.Column("created_by", sa.BigInteger),
        sa.PrimaryKeyConstraint("flow", "version", name="pk_flow_versions"),
        sa.ForeignKeyConstraint(["flow"], ["flows.name"], name="fk_flow_versions_flow_flows"),
        _person("flow_versions", "created_by"),
        sa.CheckConstraint(f"version ~ {VERSION}", name="ck_flow_versions_version"),
    )
    for column in ("active_version", "previous_version", "shipped_version"):
        op.create_foreign_key(
            f"fk_flows_{column}_flow_versions",
            "flows",
            "flow_versions",
            ["name", column],
            ["flow", "version"],
        )
    op.create_table(
        "flow_activations",
        sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
        sa.Column("flow", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("previous_version", sa.Text),
        sa.Column("how", sa.Text, nullable=False),
        _now("activated_at"),
        sa.Column("activated_by", sa.BigInteger),
        sa.ForeignKeyConstraint(
            ["flow", "version"],
            ["flow_versions.flow", "flow_versions.version"],
            name="fk_flow_activations_version_flow_versions",
        ),
        _person("flow_activations", "activated_by"),
        sa.CheckConstraint("how IN ('shipped', 'activated', 'back')", name="ck_flow_activations_how"),
    )
    op.create_index("ix_flow_activations_flow_id", "flow_activations", ["flow", "id"])
    op.create_index("ix_flow_activations_activated_at", "flow_activations", ["activated_at"])
    op.execute(IMMUTABLE)
    op.execute(
        "CREATE TRIGGER flow_version_stays BEFORE UPDATE ON flow_versions"
        " FOR EACH ROW EXECUTE FUNCTION cti_flow_version_stays()"
    )


def downgrade() -> None:
    op.drop_table("flow_activations")
    for column in ("active_version", "previous_version", "shipped_version"):
        op.drop_constraint(f"fk_flows_{column}_flow_versions", "flows")
    op.drop_table("flow_versions")
    op.drop_table("flows")
    op.execute("DROP FUNCTION cti_flow_version_stays()")


def _now(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now())


def _person(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], ["users.id"], ondelete="SET NULL", name=f"fk_{table}_{column}_users"
    )
