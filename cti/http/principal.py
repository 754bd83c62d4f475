"""Who sends a request, and what he may do: a role, and for integrations the scopes of the token."""

from enum import StrEnum
from typing import Final

import msgspec


class Role(StrEnum):
    """What somebody is to the contact centre; one each."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
    #: Another system, with a token.
    INTEGRATION = "integration"


class Language(StrEnum):
    """The languages in which everything is said and written."""

    CHINESE = "zh-CN"
    ENGLISH = "en"


class Scope(StrEnum):
    """What an integration's token may be good for."""

    CALLS_READ = "calls:read"
    CUSTOMERS_READ = "customers:read"
    CUSTOMERS_WRITE = "customers:write"
    SURVEYS_READ = "surveys:read"
    QUEUES_READ = "queues:read"
    #: See tasks and hear their recordings.
    TASKS_READ = "tasks:read"
    #: Write down what a recording says.
    TASKS_WRITE = "tasks:write"
    #: Ask whether a number may be called, and why not.
    DO_NOT_CALL_READ = "do_not_call:read"
    #: Put a number on the do-not-call list.
    DO_NOT_CALL_WRITE = "do_not_call:write"
    #: Add people to campaigns, one by one.
    CONTACTS_WRITE = "contacts:write"
    METRICS_READ = "metrics:read"
    #: See numbers in full rather than masked.
    NUMBERS_READ = "numbers:read"


#: Everybody who signs in with a password.
PERSON: Final = frozenset({Role.AGENT, Role.SUPERVISOR, Role.ADMIN})


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """The authenticated sender of a request.

    ``key`` names him in idempotency keys and logs: `user:7` or `token:3`. ``user_id`` is None for an
    integration, ``agent_id`` for everybody who is no agent. ``session_key`` is the hash of the session's
    token, empty for a bearer token; ``csrf_token`` is what a write of this session must show.
    """

    key: str
    role: Role
    name: str
    language: Language | None = None
    user_id: int | None = None
    agent_id: int | None = None
    scopes: frozenset[Scope] = frozenset()
    session_key: bytes = b""
    csrf_token: str = ""

    def has_scope(self, scope: Scope) -> bool:
        """Whether an integration was granted this; True for people, who are judged by their role."""
        return self.role is not Role.INTEGRATION or scope in self.scopes
