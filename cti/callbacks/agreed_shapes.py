"""Callbacks that agents agree with people, as the API takes and gives them."""

from typing import Annotated

import msgspec
from pydantic import Field

from cti.agents.directory import Directory
from cti.callbacks.agreed import AgreedCallback
from cti.customers.model import AgentName, CustomerName
from cti.customers.numbers import display
from cti.dialling.rules.whereabouts import zones_of
from cti.http.shapes import Body, Instant, PageQuery, PlainText, When, instant, instant_or_none

Note = Annotated[PlainText, Field(max_length=4000)]


class AgreedQuery(PageQuery):
    """Those that are to be made, or with ``ended`` those that are over."""

    ended: bool = False


class Agreement(Body):
    """Whom to call and when; by oneself, or with a ``queue`` by any of its agents."""

    number: str = Field(min_length=1, max_length=64)
    at: When
    queue: str | None = Field(None, pattern=r"^[a-z0-9-]{1,64}$")
    note: Note | None = None


class Postponement(Body):
    """Another time; a note takes the place of the one before."""

    at: When
    note: Note | None = None


class AgreedView(msgspec.Struct, frozen=True, kw_only=True):
    """A person to be called back. ``agent`` is who is to call, null: any agent of ``queue``.

    ``time_zones`` are those in which the person may be. ``promises`` is how many promises the one call keeps,
    and ``earlier`` what was noted with those before. ``state`` is `open`, `done` or `cancelled`.
    """

    id: int
    number: str | None
    number_display: str | None
    customer: CustomerName | None
    due_at: Instant
    time_zones: list[str]
    agent: AgentName | None
    queue: str | None
    note: str | None
    promises: int
    earlier: list[str]
    promised_by: AgentName | None
    promised_at: Instant
    state: str
    ended_at: Instant | None


def agreed_view(found: AgreedCallback, directory: Directory, region: str) -> AgreedView:
    """A callback as people see it, who see numbers in full."""
    customer = None
    if found.customer_id is not None:
        customer = CustomerName(id=found.customer_id, name=found.customer_name or "")
    return AgreedView(
        id=found.id,
        number=found.number,
        number_display=None if found.number is None else display(found.number, region),
        customer=customer,
        due_at=instant(found.due_at),
        time_zones=[] if found.number is None else list(zones_of(found.number)),
        agent=_agent(found.agent_id, directory),
        queue=found.queue,
        note=found.note,
        promises=found.promises,
        earlier=list(found.earlier),
        promised_by=_agent(found.promised_by, directory),
        promised_at=instant(found.promised_at),
        state="open" if found.ended_as is None else found.ended_as.value,
        ended_at=instant_or_none(found.ended_at),
    )


def _agent(agent_id: int | None, directory: Directory) -> AgentName | None:
    return None if agent_id is None else AgentName(id=agent_id, name=directory.agent_name(agent_id))
