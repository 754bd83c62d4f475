"""A dialled number can lead into a flow."""

import sqlalchemy as sa
from alembic import op

revision = "0015_number_flows"
down_revision = "0014_tasks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("inbound_numbers", sa.Column("flow", sa.Text))


def downgrade() -> None:
    op.drop_column("inbound_numbers", "flow")
