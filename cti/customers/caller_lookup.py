"""How the caller of one call is found: asked of our tables and of the external system (CRM), the tables shown
at once, the other for as long as a person may wait.
"""

import asyncio
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec

from cti.customers.crm import Crm, CrmCustomer
from cti.customers.lookup import CustomerLookup, Found
from cti.customers.model import Candidate, Number, ScreenPop
from cti.customers.patient_lookup import PatientLookup
from cti.customers.pop_content import CrmAnswer
from cti.errors import CrmFailed, CustomerNotFound, LookupFailed

#: How long a pop waits for the external system before it shows what it has.
CRM_PATIENCE_SECONDS: Final = 0.3


@dataclass(slots=True, eq=False)
class CallerWatch:
    """One call whose caller is looked up."""

    call_id: str
    number: Number
    pop: ScreenPop
    #: Grows when the number or the choice changes, so that an answer to an older question is not shown.
    question: int = 0
    chosen_id: int | None = None
    others: tuple[Candidate, ...] = ()
    crm: CrmAnswer | None = None


class Show(Protocol):
    """Takes what is found until now; not ``complete`` while more may come."""

    def __call__(
        self, watch: CallerWatch, question: int, *, tables: Found | None, complete: bool = True
    ) -> None: ...


class CallerLookup:
    """Asks for watched calls; ``patience_seconds`` is how long the CRM is waited for."""

    def __init__(
        self,
        lookup: CustomerLookup,
        patient: PatientLookup,
        crm: Crm | None,
        *,
        show: Show,
        patience_seconds: float = CRM_PATIENCE_SECONDS,
    ) -> None:
        self._lookup = lookup
        self._patient = patient
        self._crm = crm
        self._show = show
        self._patience = patience_seconds

    async def look_up(self, watch: CallerWatch, question: int) -> None:
        """Shows what is found, as soon as it is; ``question`` is that of the watch when it was asked."""
        e164 = watch.number.e164
        if self._crm is None or watch.crm is not None or e164 is None:
            self._show(watch, question, tables=await self._tables(watch))
            return
        started = asyncio.get_running_loop().time()
        asking = asyncio.create_task(self._crm.find(e164), name=f"crm {watch.call_id}")
        try:
            tables = await self._tables(watch)
            if tables is not None and tables.customers and not asking.done():
                self._show(watch, question, tables=tables, complete=False)
            spent = asyncio.get_running_loop().time() - started
            await asyncio.wait({asking}, timeout=max(0.0, self._patience - spent))
            if not asking.done():
                self._show(watch, question, tables=tables, complete=False)
            try:
                customers = await asking
            except CrmFailed:
                self._show(watch, question, tables=tables, complete=False)
                return
            if question == watch.question:
                watch.crm = await self._mirrored(customers, e164)
                if watch.crm.ids:
                    tables = await self._tables(watch)
                self._show(watch, question, tables=tables)
        finally:
            asking.cancel()

    async def _tables(self, watch: CallerWatch) -> Found | None:
        return await self._patient.ask(watch.call_id, watch.number.e164 or "", lambda: self.read(watch))

    async def read(self, watch: CallerWatch) -> Found:
        """What our tables have of the caller, or of whom the call is tied to.

        Raises:
            LookupFailed: the database cannot be asked.
        """
        e164 = watch.number.e164 or ""
        chosen_id = watch.chosen_id
        if chosen_id is None:
            found = await self._lookup.by_number(e164, watch.call_id)
            chosen_id = watch.chosen_id = found.chosen_id
            if chosen_id is None or [c.id for c in found.customers] == [chosen_id]:
                return found
            watch.others = tuple(c.candidate() for c in found.customers) if len(found.customers) > 1 else ()
        try:
            return await self._lookup.by_customer(chosen_id, e164, watch.call_id)
        except CustomerNotFound:
            watch.chosen_id = None
            return await self._lookup.by_number(e164, watch.call_id)

    async def _mirrored(self, customers: list[CrmCustomer], e164: str) -> CrmAnswer:
        if not customers:
            return CrmAnswer(customers=())
        try:
            ids = await self._lookup.mirror(msgspec.json.encode(customers), e164)
        except LookupFailed:
            ids = {}
        return CrmAnswer(customers=customers, ids=ids)
