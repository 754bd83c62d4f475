"""Users and tokens as the rest of the service sees them."""

import msgspec

from cti.http.principal import Language, Role, Scope


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person who signs in; ``agent_id`` is None for everybody who takes no calls."""

    id: int
    username: str
    name: str
    role: Role
    language: Language
    agent_id: int | None
    active: bool
    #: Names of the queues an agent serves.
    queues: list[str] = []


class ApiToken(msgspec.Struct, frozen=True, kw_only=True):
    """An integration's token, without its secret; instants are RFC 3339 texts."""

    id: int
    name: str
    scopes: list[Scope]
    created_at: str
    last_used_at: str | None
