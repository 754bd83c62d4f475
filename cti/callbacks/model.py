"""A promise to call somebody back, and what became of it."""

from enum import StrEnum

import msgspec


class CallbackState(StrEnum):
    """How far a callback is."""

    WAITING = "waiting"
    DIALLING = "dialling"
    #: He answered, and went to the head of his queue.
    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    #: The network refused, or Asterisk could not dial.
    FAILED = "failed"
    #: It was being dialled when the service or Asterisk died. It is not dialled again.
    UNKNOWN = "unknown"
    #: Nobody was there to take it for so long that people have to see to it.
    EXPIRED = "expired"
    #: A supervisor took it out.
    CANCELLED = "cancelled"
    #: After the promise the number came onto the do-not-call list.
    REFUSED = "refused"

    @property
    def is_open(self) -> bool:
        """Whether something is still to come."""
        return self in (CallbackState.WAITING, CallbackState.DIALLING)

    @property
    def needs_somebody(self) -> bool:
        """Whether a person has to call, since we did not reach him."""
        nobody = (CallbackState.ANSWERED, CallbackState.CANCELLED, CallbackState.REFUSED)
        return not self.is_open and self not in nobody


class Callback(msgspec.Struct, kw_only=True):
    """One promise. Instants are epoch seconds of Asterisk's clock."""

    id: str
    #: The part of the id that Asterisk's channels may have in their names.
    name: str
    call_id: str
    call_started_at: float
    queue: str
    #: As it is dialled.
    number: str
    #: Asterisk's name of it: `zh`, `en`.
    language: str | None
    promised_at: float
    #: When he joined the queue whose place he keeps.
    place_at: float
    state: CallbackState = CallbackState.WAITING
    dialled_at: float | None = None
    #: The Uniqueid of the channel that calls him.
    attempt: str | None = None
    ended_at: float | None = None
