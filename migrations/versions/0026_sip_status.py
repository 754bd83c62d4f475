"""The SIP status with which a channel ended."""

from alembic import op

revision = "0026_sip_status"
down_revision = "0025_attempts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE legs ADD COLUMN sip_status integer")


def downgrade() -> None:
    op.execute("ALTER TABLE legs DROP COLUMN sip_status")
