"""Who was dialled, and with what the flow that he goes through begins."""

from collections.abc import Collection, Mapping
from typing import Final, Protocol

from cti.campaigns.model import DialledContact
from cti.flows.actions import Value

#: Before an outcome of the flow: whether the campaign calls again after it.
_AGAIN: Final = "again."


class Contacts(Protocol):
    """Where dialled people are found: `cti.campaigns.contact_lookup.ContactLookup`."""

    async def of_attempt(self, attempt_id: str) -> DialledContact | None:
        """Whom an attempt was to; None for what is no attempt of ours.

        Raises:
            LookupFailed: nobody can tell.
        """


def beginning(
    contact: DialledContact | None,
    *,
    number: str | None,
    language: str,
    answered_by: str,
    inputs: Collection[str],
) -> Mapping[str, Value]:
    """What a flow begins with: the call's variables, and those of its ``inputs`` of which anything is known.

    A detail of the contact goes before what we would say ourselves. ``answered_by`` is `person`, `machine` or
    `unknown`; ``machine`` is what the former gets, `message`, since others are hung up on. `again.later` is
    true when the contact is called again after the outcome `later`, whatever the details say.
    """
    known: dict[str, Value] = {"answered_by": answered_by, "machine": "message", "language": language}
    data: dict[str, Value] = {"call.number": number, "call.dialled": number}
    if contact is not None:
        known |= {"name": contact.name, "queue": contact.queue, "customer_id": contact.customer_id}
        known |= {name: value for name, value in contact.details.items() if not name.startswith(_AGAIN)}
        known |= {f"{_AGAIN}{outcome}": True for outcome in contact.again}
        data["call.campaign"] = contact.campaign
    wanted = [name for name in known if name in inputs and not name.startswith("call.")]
    return data | {name: known[name] for name in wanted if known[name] is not None}
