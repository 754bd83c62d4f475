"""What a queue promises: how fast it answers, how long its agents may wrap up."""

import msgspec


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """A queue's settings; ``name`` is Asterisk's, ``title`` is what people read."""

    id: int
    name: str
    title: str
    #: Dialled to reach the queue, also by transfers; None when nobody can.
    extension: str | None
    #: The callers' language; None for either.
    language: str | None
    #: Answered within so long counts as served well.
    service_level_seconds: int
    #: The share of callers that should be, 0 to 1.
    service_level_target: float
    #: How long an agent may wrap up a call of this queue.
    wrap_up_seconds: int
    #: So many offers in a row not answered pause the agent.
    missed_offers_limit: int
    #: Whether callers are asked for their rating.
    survey: bool
