"""What is missing in the record, made from CEL: as events for the journal, like everything that is recorded.

A call is only filled in once all of it is over. How an event becomes rows, `cti.board.ledger_calls` says.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.asterisk.cel import CelRow
from cti.asterisk.events import encode
from cti.board.ledger_calls import LedgerCall
from cti.config import Settings
from cti.errors import InvalidField, JournalError
from cti.ledger import store
from cti.ledger.channels import Channel, ChannelFold
from cti.ledger.comparison import Finding, FindingKind, OurLeg, Result, compare
from cti.ledger.gap_events import LedgerKind, ledger_headers
from cti.ledger.legs import boot_at, legs_of
from cti.ledger.sources import open_source
from cti.ledger.store import StoredFinding

log = structlog.get_logger(__name__)

#: Calls merge: whose channels belong to one shows only when all rows were seen, some times over.
_PASSES: Final = 3
#: A call with more rows is none.
_MOST_ROWS: Final = 20_000
#: So many are remembered as filled in.
_MOST_FILLED: Final = 50_000
_FILLABLE: Final = frozenset(
    {FindingKind.CHANNEL_WITHOUT_LEG, FindingKind.TIME_DIFFERS, FindingKind.LEG_STILL_OPEN}
)


class Family(msgspec.Struct, kw_only=True):
    """Everything that CEL has of one call."""

    rows: list[CelRow]
    channels: list[Channel]


async def families(settings: Settings, findings: Iterable[Finding]) -> list[Family]:
    """The calls that the findings are about, each once.

    Raises:
        LedgerError: CEL cannot be read.
    """
    findings = list(findings)
    begin = min(_first_instant(finding) for finding in findings) - 5.0
    links = {finding.linkedid for finding in findings}
    members = {finding.uniqueid for finding in findings}
    rows: list[CelRow] = []
    for _ in range(_PASSES):
        before = len(links) + len(members)
        rows = await _rows_of(settings, begin, links, members)
        if len(links) + len(members) == before:
            break
    return _grouped(rows)


def _first_instant(finding: Finding) -> float:
    """When the call began at the latest; Asterisk writes the second into the Linkedid."""
    second = finding.linkedid.rpartition("-")[2].partition(".")[0]
    began_at = finding.began_at or finding.at
    return min(began_at, float(second)) if second.isdecimal() and len(second) == 10 else began_at


async def _rows_of(settings: Settings, begin: float, links: set[str], members: set[str]) -> list[CelRow]:
    """The rows of channels and of what is linked to them; both sets grow by what turns up."""
    source = open_source(settings, after=begin)
    found: list[CelRow] = []
    try:
        while rows := await source.rows():
            for row in rows:
                if row.uniqueid in members or row.linkedid in links:
                    members.add(row.uniqueid)
                    links.add(row.linkedid)
                    found.append(row)
            if len(found) > _MOST_ROWS:
                log.warning("ledger.too_many_rows", rows=len(found))
                break
    finally:
        await source.close()
    return found


def _grouped(rows: Sequence[CelRow]) -> list[Family]:
    """Rows by call: everything that shares a Linkedid, transitively."""
    group: dict[str, str] = {}

    def root(name: str) -> str:
        while group.setdefault(name, name) != name:
            name = group[name]
        return name

    for row in rows:
        group[root(row.uniqueid)] = root(row.linkedid)
    found: dict[str, list[CelRow]] = {}
    for row in rows:
        found.setdefault(root(row.uniqueid), []).append(row)
    return [Family(rows=mine, channels=_channels(mine)) for mine in found.values()]


def _channels(rows: Sequence[CelRow]) -> list[Channel]:
    fold = ChannelFold()
    fold.take(rows)
    fold.lose(list(fold.open))
    return fold.take_ended(float("inf"))


class Filling:
    """Settles what fits by now, and fills in what does not.

    ``write`` gives an event to the journal and the board; ``is_live`` says whether a channel is on the board.
    """

    def __init__(
        self,
        settings: Settings,
        write: Callable[[bytes], int],
        *,
        clock: Callable[[], float],
        is_live: Callable[[str], bool],
    ) -> None:
        self._settings = settings
        self._write = write
        self._clock = clock
        self._is_live = is_live
        #: Channels that were filled in; once is enough.
        self._filled: set[str] = set()

    async def work_on(
        self, connection: AsyncConnection, found: Sequence[StoredFinding], *, before: float
    ) -> int:
        """Looks again at findings of calls that were over ``before`` an instant; how many are settled.

        The database must reflect everything up to then, or what it lacks would be undone.

        Raises:
            LedgerError: CEL cannot be read.
        """
        settled = 0
        for family in await families(self._settings, [one.finding for one in found]):
            if max(row.at for row in family.rows) >= before or self._end_what_is_over(family):
                continue
            legs = await legs_of(connection, self._settings.node, family.channels)
            result = compare(family.channels, legs, node=self._settings.node, with_queue_log=False)
            settled += await self._settle(connection, self._of(family, found), result, legs)
            if any(finding.kind in _FILLABLE for finding in result.findings):
                await self._fill(connection, family, result, legs)
        return settled

    def _end_what_is_over(self, family: Family) -> bool:
        """Ends legs on the board whose end was not seen; whether any leg of the call is there at all."""
        live = {channel.uniqueid for channel in family.channels if self._is_live(channel.uniqueid)}
        for at, headers in ledger_headers(family.rows):
            if headers["Kind"] == LedgerKind.ENDED and headers["Uniqueid"] in live:
                log.warning("ledger.end_missed", uniqueid=headers["Uniqueid"])
                self._write(encode("CtiLedger", at, **headers))
        return bool(live)

    async def _settle(
        self,
        connection: AsyncConnection,
        found: Sequence[StoredFinding],
        result: Result,
        legs: Sequence[OurLeg],
    ) -> int:
        settled = 0
        misfits = {finding.uniqueid for finding in result.findings}
        for (uniqueid, _), group in store.subjects(found).items():
            # Waits were not compared this time.
            lasting = any(one.finding.kind is FindingKind.QUEUE_DIFFERS for one in group)
            if uniqueid in misfits or lasting:
                continue
            leg = next((leg for leg in legs if leg.uniqueid == uniqueid), None)
            settled += await store.settle(
                connection,
                group[0].finding,
                leg_id=leg.id if leg is not None else None,
                call_id=leg.call_id if leg is not None else None,
            )
        return settled

    def _of(self, family: Family, found: Sequence[StoredFinding]) -> list[StoredFinding]:
        members = {channel.uniqueid for channel in family.channels}
        return [one for one in found if one.finding.uniqueid in members]

    async def _fill(
        self, connection: AsyncConnection, family: Family, result: Result, legs: Sequence[OurLeg]
    ) -> None:
        missing = [one.uniqueid for one in result.findings if one.kind is FindingKind.CHANNEL_WITHOUT_LEG]
        vague = {one.leg_id for one in result.findings if one.kind is not FindingKind.CHANNEL_WITHOUT_LEG}
        known = await store.read_call(connection, legs[0].call_id) if legs else None
        first = min(row.at for row in family.rows)
        boot = legs[0].boot if legs else await boot_at(connection, self._settings.node, first)
        # Only what nobody knew is filled in; what is known and differs is for people to judge.
        unknown = [
            leg
            for leg in (known[1] if known is not None else [])
            if leg.id in vague and (leg.ending == "reconciled" or (known is not None and known[0].gap))
        ]
        done = {*missing, *(leg.uniqueid for leg in unknown)}
        if done <= self._filled:
            return
        if len(self._filled) > _MOST_FILLED:
            self._filled.clear()
        self._filled |= done
        said = LedgerCall(
            rows=ledger_headers(family.rows), missing=missing, unknown=unknown,
            known=known[0] if known is not None else None,
        )  # fmt: skip
        try:
            self._write(encode("CtiLedgerCall", self._clock(), Boot=boot or "", Call=_text(said)))
        except (InvalidField, JournalError) as error:
            log.error("ledger.not_filled", uniqueid=family.rows[0].uniqueid, error=error.message)
            return
        log.warning("ledger.filled", legs=len(missing), completed=len(unknown), call=family.rows[0].linkedid)


def _text(said: LedgerCall) -> str:
    text = json.dumps(msgspec.to_builtins(said), separators=(",", ":"))
    return text.replace("\x7f", " ")
