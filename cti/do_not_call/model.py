"""A reason not to call a number. A number may be called when there is none."""

from enum import StrEnum

import msgspec


class Level(StrEnum):
    """For whom a number is not called."""

    #: For nobody.
    GLOBAL = "global"
    #: Not for one client, whatever the campaign.
    CLIENT = "client"
    CAMPAIGN = "campaign"


class Source(StrEnum):
    """Who said so."""

    #: The person called, by a key in a flow.
    KEY = "key"
    #: An agent whom the person told.
    AGENT = "agent"
    #: A supervisor or an admin, on the page.
    PERSON = "person"
    #: Another system.
    API = "api"
    IMPORT = "import"


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why a number may not be called now. Instants are epoch seconds.

    ``name`` is the client's or the campaign's, None at the global level; ``entry_id`` is None for a refusal
    that the database has not taken yet.
    """

    entry_id: int | None
    level: Level
    name: str | None
    source: Source
    text: str | None
    added_at: float
    expires_at: float | None = None
