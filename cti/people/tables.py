"""Users, their sessions and PINs, integration tokens and idempotency keys, as PostgreSQL keeps them."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from cti.db.metadata import metadata

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
    #: Lower case, so that a name belongs to one person however it is typed.
    sa.Column("username", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    #: Argon2id in PHC form; NULL lets nobody in.
    sa.Column("password_hash", sa.Text),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)

sessions = sa.Table(
    "sessions",
    metadata,
    #: SHA-256 of the opaque token in the cookie: whoever reads this table cannot sign in with it.
    sa.Column("token_hash", sa.LargeBinary, primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    #: The absolute end, however busy the session is.
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
)

api_tokens = sa.Table(
    "api_tokens",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("token_hash", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("scopes", ARRAY(sa.Text), nullable=False),
    sa.Column("created_by", sa.ForeignKey("users.id", ondelete="SET NULL")),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("last_used_at", sa.DateTime(timezone=True)),
    sa.Column("revoked_at", sa.DateTime(timezone=True)),
)

idempotency_keys = sa.Table(
    "idempotency_keys",
    metadata,
    #: `user:7` or `token:3`.
    sa.Column("owner", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    #: SHA-256 of method, address and body.
    sa.Column("fingerprint", sa.LargeBinary, nullable=False),
    #: NULL while the request is being worked on.
    sa.Column("status", sa.SmallInteger),
    #: NULL when the answer held a secret.
    sa.Column("body", sa.LargeBinary),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)

#: How supervisors and admins are known on the telephone.
phone_access = sa.Table(
    "phone_access",
    metadata,
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    #: What he keys to say who he is.
    sa.Column("staff_number", sa.Text, nullable=False, unique=True),
    #: Argon2id in PHC form.
    sa.Column("pin_hash", sa.Text, nullable=False),
    sa.Column("set_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    #: Attempts since the last right one, and until when there is no other.
    sa.Column("failures", sa.SmallInteger, nullable=False, server_default="0"),
    sa.Column("locked_until", sa.DateTime(timezone=True)),
)
