"""Tables of products, prices, branches that an admin keeps."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0018_reference_tables"
down_revision = "0017_announcements"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reference_tables",
        sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("title_zh", sa.Text, nullable=False),
        sa.Column("title_en", sa.Text, nullable=False),
        sa.Column("columns", JSONB, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False, server_default="1"),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("updated_by", sa.BigInteger),
        sa.UniqueConstraint("name", name="uq_reference_tables_name"),
        sa.ForeignKeyConstraint(
            ["updated_by"], ["users.id"], ondelete="SET NULL", name="fk_reference_tables_updated_by_users"
        ),
        sa.CheckConstraint("name ~ '^[a-z][a-z0-9]*([-_][a-z0-9]+)*$'", name="ck_reference_tables_name"),
        sa.CheckConstraint("jsonb_typeof(columns) = 'array'", name="ck_reference_tables_columns"),
    )
    op.create_table(
        "reference_rows",
        sa.Column("table_id", sa.BigInteger, primary_key=True),
        sa.Column("key", sa.Text(collation="C"), primary_key=True),
        sa.Column("cells", JSONB, nullable=False),
        sa.ForeignKeyConstraint(
            ["table_id"],
            ["reference_tables.id"],
            ondelete="CASCADE",
            name="fk_reference_rows_table_id_reference_tables",
        ),
        sa.CheckConstraint("key <> ''", name="ck_reference_rows_key"),
    )
    op.create_table(
        "reference_imports",
        sa.Column("table_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("user_id", sa.BigInteger),
        sa.Column("before", JSONB, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["table_id"],
            ["reference_tables.id"],
            ondelete="CASCADE",
            name="fk_reference_imports_table_id_reference_tables",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], ondelete="SET NULL", name="fk_reference_imports_user_id_users"
        ),
    )


def downgrade() -> None:
    op.drop_table("reference_imports")
    op.drop_table("reference_rows")
    op.drop_table("reference_tables")
