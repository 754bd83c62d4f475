"""A leg can end because Asterisk was stopped or died."""

from alembic import op

revision = "0010_asterisk_stopped"
down_revision = "0009_references"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _allow("'hangup', 'reconciled', 'asterisk_stopped'")


def downgrade() -> None:
    op.execute("UPDATE legs SET ending = 'reconciled' WHERE ending = 'asterisk_stopped'")
    _allow("'hangup', 'reconciled'")


def _allow(endings: str) -> None:
    op.execute("ALTER TABLE legs DROP CONSTRAINT ck_legs_ending")
    op.execute(f"ALTER TABLE legs ADD CONSTRAINT ck_legs_ending CHECK (ending IN ({endings}))")
