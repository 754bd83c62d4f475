"""What flows want others to know: messages to other systems, and who is not to be called any more."""

import msgspec


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Something that an endpoint is told. It never changes; instants are epoch seconds of Asterisk's clock.

    ``id`` is the flow run's and a number, so that the same message twice is one. ``payload`` is a JSON
    object.
    """

    id: str
    queued_at: float
    node: str
    endpoint: str
    payload: str
    #: None when its call is not known.
    call_id: str | None = None
    call_started_at: float | None = None
    #: The run of a flow that sent it.
    run_id: str | None = None


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody does not want to be called any more: at all (``scope`` `all`), or by one campaign."""

    id: str
    refused_at: float
    node: str
    number: str
    scope: str
    campaign: str | None = None
    call_id: str | None = None
    call_started_at: float | None = None
