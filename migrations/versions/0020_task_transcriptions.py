"""What was said in a recording that belongs to a task, as another system has written it down."""

from alembic import op

revision = "0020_task_transcriptions"
down_revision = "0019_outbox"
branch_labels = None
depends_on = None

ACTS = ("taken", "released", "done", "cancelled", "reopened", "noted", "listened")
#: As Alembic named it.
CHECK = "ck_task_history_ck_task_history_act"


def upgrade() -> None:
    op.execute("ALTER TABLE tasks ADD COLUMN transcription text")
    _allow((*ACTS, "transcribed"))


def downgrade() -> None:
    op.execute("DELETE FROM task_history WHERE act = 'transcribed'")
    _allow(ACTS)
    op.execute("ALTER TABLE tasks DROP COLUMN transcription")


def _allow(acts: tuple[str, ...]) -> None:
    names = ", ".join(f"'{act}'" for act in acts)
    op.execute(f"ALTER TABLE task_history DROP CONSTRAINT {CHECK}")
    op.execute(f"ALTER TABLE task_history ADD CONSTRAINT {CHECK} CHECK (act IN ({names}))")
