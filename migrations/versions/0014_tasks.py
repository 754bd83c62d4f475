"""What agents and supervisors have to do."""

import sqlalchemy as sa
from alembic import op

revision = "0014_tasks"
down_revision = "0013_flow_runs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", sa.Text(collation="C"), primary_key=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("node", sa.Text, nullable=False),
        sa.Column("reference", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("queue", sa.Text),
        sa.Column("supervisor", sa.Boolean, nullable=False),
        # No reference to calls: a task outlives its call, and one without a known call is one too.
        sa.Column("call_id", sa.Text(collation="C")),
        sa.Column("call_started_at", sa.DateTime(timezone=True)),
        sa.Column("number", sa.Text(collation="C")),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("recording", sa.Text),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("state", sa.Text, nullable=False, server_default="open"),
        sa.Column("taken_by", sa.BigInteger),
        sa.Column("taken_at", sa.DateTime(timezone=True)),
        sa.Column("closed_by", sa.BigInteger),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
        sa.ForeignKeyConstraint(["taken_by"], ["users.id"], name="fk_tasks_taken_by_users"),
        sa.ForeignKeyConstraint(["closed_by"], ["users.id"], name="fk_tasks_closed_by_users"),
        sa.CheckConstraint("state IN ('open', 'taken', 'done', 'cancelled')", name="ck_tasks_state"),
        sa.CheckConstraint("(taken_by IS NULL) = (taken_at IS NULL)", name="ck_tasks_taken"),
        sa.CheckConstraint("(closed_by IS NULL) = (closed_at IS NULL)", name="ck_tasks_closed"),
        sa.CheckConstraint("state <> 'open' OR taken_by IS NULL", name="ck_tasks_open_is_nobodys"),
        sa.CheckConstraint("state <> 'taken' OR taken_by IS NOT NULL", name="ck_tasks_taken_is_somebodys"),
        sa.CheckConstraint(
            "(state IN ('done', 'cancelled')) = (closed_by IS NOT NULL)", name="ck_tasks_closed_by_somebody"
        ),
    )
    still = sa.text("state IN ('open', 'taken')")
    op.create_index(
        "ix_tasks_to_do",
        "tasks",
        ["queue", sa.text("coalesce(due_at, opened_at)"), "id"],
        postgresql_where=still,
    )
    op.create_index(
        "ix_tasks_closed", "tasks", ["closed_at", "id"], postgresql_where=sa.text("closed_at IS NOT NULL")
    )
    op.create_index("ix_tasks_reference", "tasks", ["reference"])
    op.create_index("ix_tasks_call_id", "tasks", ["call_id"])
    # A taken task goes to somebody else only by being released.
    op.execute(
        """
CREATE FUNCTION cti_tasks_stay_with_one() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING MESSAGE = format('task %s is taken by somebody else', OLD.id);
END $$
"""
    )
    op.execute(
        """
CREATE TRIGGER tasks_stay_with_one BEFORE UPDATE ON tasks FOR EACH ROW
WHEN (OLD.state = 'taken' AND NEW.state = 'taken' AND OLD.taken_by IS DISTINCT FROM NEW.taken_by)
EXECUTE FUNCTION cti_tasks_stay_with_one()
"""
    )
    op.create_table(
        "task_history",
        sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
        sa.Column("task_id", sa.Text(collation="C"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("user_id", sa.BigInteger),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("note", sa.Text),
        sa.ForeignKeyConstraint(
            ["task_id"], ["tasks.id"], ondelete="CASCADE", name="fk_task_history_task_id_tasks"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_task_history_user_id_users"),
        sa.CheckConstraint(
            "act IN ('taken', 'released', 'done', 'cancelled', 'reopened', 'noted', 'listened')",
            name="ck_task_history_act",
        ),
    )
    op.create_index("ix_task_history_task_id", "task_history", ["task_id", "id"])


def downgrade() -> None:
    op.drop_table("task_history")
    op.drop_table("tasks")
    op.execute("DROP FUNCTION cti_tasks_stay_with_one()")
