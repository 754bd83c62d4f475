"""What CEL knows of a gap, as events for the journal.

After a gap in AMI's events (the service was killed, the connection broke) the rows that Asterisk wrote
meanwhile become `CtiLedger` events with the same headers that AMI would use, stamped with CEL's time. They
go the way of every event, so the board, the recorder and a replay know no second kind of history.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from enum import StrEnum
from typing import Final

import structlog

from cti.asterisk.cel import CelRow
from cti.asterisk.events import encode
from cti.board.heard import Heard
from cti.board.queues import HANG_UP_SECONDS
from cti.errors import LedgerError

log = structlog.get_logger(__name__)

#: AMI's events lag behind CEL's by some milliseconds, so the last ones before the gap are read again.
_OVERLAP_SECONDS: Final = 1.0
#: Asterisk writes its rows a little later than it sends its events. So long is waited before each look at
#: them, until they have come as far as the events; as long as no event comes, until they are settled.
_WAITS_SECONDS: Final = (0.0, 0.02, 0.04, 0.08, 0.16, *[0.3] * 7)
_SETTLED_SECONDS: Final = 0.3
#: Asterisk tells in whole seconds for how long it has run.
_SECOND: Final = 1.0
#: Asterisk is met when it is fully booted, which it is no sooner than so long after the end of its last life.
_START_SECONDS: Final = 0.1
#: One of these has the first channel of a life.
_LOWEST_NUMBERS: Final = 2


#: The headers of an event.
Headers = dict[str, str]


class LedgerKind(StrEnum):
    """What a `CtiLedger` event reports."""

    BEGUN = "begun"
    ANSWERED = "answered"
    BRIDGED = "bridged"
    PARTED = "parted"
    QUEUED = "queued"
    UNQUEUED = "unqueued"
    BLIND_TRANSFER = "blind_transfer"
    ATTENDED_TRANSFER = "attended_transfer"
    PICKED_UP = "picked_up"
    #: The dialplan said something of an attempt of the dialler.
    SAID = "said"
    ENDED = "ended"


class Ledger:
    """Reads what CEL wrote since events stopped to come.

    ``rows_after`` reads the rows from an instant on; ``heard`` tells how far Asterisk has been heard.
    """

    def __init__(
        self, rows_after: Callable[[float], Awaitable[list[CelRow]]], heard: Callable[[], Heard]
    ) -> None:
        self._rows_after = rows_after
        self._heard = heard

    def is_another_life(self, boot: str) -> bool:
        """Whether the board still has the calls of another boot."""
        return self._heard().boot not in ("", boot)

    async def of_last_life(self, started_at: float) -> list[bytes]:
        """What the boot whose calls the board has did until it ended, and every one between it and the
        present one, which began at ``started_at``, give or take a second.
        """
        heard = self._heard()
        since = heard.until
        rows = None if since is None else await self._read(since)
        if since is None or rows is None:
            return []
        return _told(since, _untold(heard, split_lives(rows, started_at)[0], heard.boot_started_at))

    async def of_this_life(self, heard_from: Callable[[], float | None], *, started_at: float) -> list[bytes]:
        """The present boot's events up to the first that was heard again; none when the file cannot be read,
        which is logged.

        It began at ``started_at``, give or take a second. ``heard_from`` gives the instant of the first event
        that was heard again, None as long as there is none. An event of AMI is never older than its row of
        CEL, so every row after that instant has been, or will be, heard.
        """
        heard = self._heard()
        since = heard.until
        if since is None:
            return []
        clock = asyncio.get_running_loop().time
        settled_at = clock() + _SETTLED_SECONDS
        for seconds in _WAITS_SECONDS:
            await asyncio.sleep(seconds)
            are_settled = clock() >= settled_at
            found = await self._read(since)
            if found is None:
                return []
            until = heard_from()
            rows = _untold(heard, found, started_at)
            if are_settled if until is None else rows and rows[-1].at >= until:
                break
        return _told(since, rows, until=until)

    async def _read(self, since: float) -> list[CelRow] | None:
        try:
            return await self._rows_after(since - _OVERLAP_SECONDS)
        except LedgerError as error:
            log.warning("ledger.unreadable", error=error.message, code=error.code)
            return None


def _told(since: float, rows: list[CelRow], *, until: float | None = None) -> list[bytes]:
    blocks = [encode("CtiLedgerBegin", since), *ledger_events(rows, until=until)]
    log.info("ledger.read", rows=len(rows), events=len(blocks))
    return blocks


def _untold(heard: Heard, rows: list[CelRow], started_at: float | None) -> list[CelRow]:
    """Without what boots before the board's have done: that was told when the board's was met.

    Also when the board's was heard before the gap: it may have been for less time than is read again.
    """
    if heard.last_boot == heard.boot:
        met_at = heard.boot_met_at
        return rows if met_at is None else [row for row in rows if row.at >= met_at - _START_SECONDS]
    return rows if started_at is None else split_lives(rows, started_at)[1]


def split_lives(rows: Iterable[CelRow], started_at: float) -> tuple[list[CelRow], list[CelRow]]:
    """The rows of Asterisk's lives before the present one, and those of the present one, in order of time.

    When it began is known to a second. Within that, the numbers of channels tell: they begin anew with each
    life, so the first channel that begins with one of the lowest numbers, and not a higher one than there was
    before, is the first of the present one.
    """
    before: list[CelRow] = []
    after: list[CelRow] = []
    channels: set[str] = set()
    highest = -1
    for row in rows:
        number = _number(row)
        if row.at < started_at - _SECOND:
            is_before = True
        elif row.at >= started_at + _SECOND:
            is_before = False
        elif row.event == "CHAN_START":
            is_before = not channels and (number is None or number > min(highest, _LOWEST_NUMBERS))
        else:
            is_before = row.uniqueid not in channels
        if is_before:
            before.append(row)
            highest = highest if number is None else max(highest, number)
        else:
            after.append(row)
            channels.add(row.uniqueid)
    return before, after


def _number(row: CelRow) -> int | None:
    """The count of the channel; None when whoever dials has chosen its id, as of attempts."""
    number = row.uniqueid.rpartition(".")[2]
    return int(number) if number.isascii() and number.isdecimal() else None


def ledger_events(rows: Iterable[CelRow], *, until: float | None = None) -> list[bytes]:
    """The events that rows of CEL, in order of time, amount to.

    Those after ``until`` only tell how it went on.
    """
    return [encode("CtiLedger", at, **headers) for at, headers in ledger_headers(rows, until=until)]


def ledger_headers(rows: Iterable[CelRow], *, until: float | None = None) -> list[tuple[float, Headers]]:
    """As `ledger_events`, each as its instant and headers."""
    rows = list(rows)
    #: By channel: how it left its last bridge, and whether the dialplan went on with it since.
    left: set[str] = set()
    hang_ups: dict[str, CelRow] = {}
    blocks: list[tuple[float, Headers]] = []
    last: dict[str, CelRow] = {}
    nexts: dict[int, CelRow] = {}
    newest = max((row.at for row in rows), default=0.0)
    for row in rows:
        before = last.get(row.uniqueid)
        if before is not None:
            nexts[id(before)] = row
        last[row.uniqueid] = row
    for row in rows:
        if until is not None and row.at > until:
            break
        match row.event, row.application.lower():
            case "CHAN_START", _:
                blocks.append(_block(row, LedgerKind.BEGUN))
            case "ANSWER", _:
                blocks.append(_block(row, LedgerKind.ANSWERED))
            case "BRIDGE_ENTER", _:
                left.discard(row.uniqueid)
                blocks.append(_block(row, LedgerKind.BRIDGED))
            case "BRIDGE_EXIT", _:
                left.add(row.uniqueid)
                blocks.append(_block(row, LedgerKind.PARTED))
            case "APP_START", application:
                left.discard(row.uniqueid)
                if application == "queue":
                    blocks.append(_block(row, LedgerKind.QUEUED, Queue=row.data.partition(",")[0]))
            case "APP_END", "queue":
                after = nexts.get(id(row))
                if after is not None or newest > row.at + HANG_UP_SECONDS:
                    gone = (
                        after is not None
                        and after.event in ("HANGUP", "CHAN_END")
                        and after.at <= row.at + HANG_UP_SECONDS
                    )
                    outcome = "abandoned" if gone else "overflow"
                    blocks.append(_block(row, LedgerKind.UNQUEUED, Outcome=outcome))
            case (("BLINDTRANSFER" | "ATTENDEDTRANSFER" | "PICKUP"), _):
                blocks.append(_handed_on(row))
            case (("CtiAttemptMachine" | "CtiAttemptAbandoned" | "CtiAttemptRefused"), _):
                blocks.append(_said(row))
            case "HANGUP", _:
                hang_ups[row.uniqueid] = row
            case "CHAN_END", _:
                blocks.append(_end(row, hang_ups.get(row.uniqueid), left_bridge=row.uniqueid in left))
    return blocks


def _handed_on(row: CelRow) -> tuple[float, Headers]:
    extra = row.extra
    match row.event:
        case "BLINDTRANSFER":
            return _block(
                row,
                LedgerKind.BLIND_TRANSFER,
                TransfereeUniqueid=extra.get("transferee_channel_uniqueid", ""),
                Extension=extra.get("extension", ""),
            )
        case "PICKUP":
            taker = extra.get("pickup_channel_uniqueid", "")
            return _block(row, LedgerKind.PICKED_UP, By=taker, ByChannel=extra.get("pickup_channel", ""))
    return _block(
        row,
        LedgerKind.ATTENDED_TRANSFER,
        SecondUniqueid=extra.get("channel2_uniqueid", ""),
        TransfereeUniqueid=extra.get("transferee_channel_uniqueid", ""),
        TargetUniqueid=extra.get("transfer_target_channel_uniqueid", ""),
    )


def _said(row: CelRow) -> tuple[float, Headers]:
    """What the dialplan says of an attempt, as in its event; of a machine the status, a space, the cause."""
    said = row.extra.get("extra", "").split()
    status = said[0] if len(said) > 1 else ""
    return _block(row, LedgerKind.SAID, UserEvent=row.event, Status=status, Cause=said[-1] if said else "")


def _end(row: CelRow, hang_up: CelRow | None, *, left_bridge: bool) -> tuple[float, Headers]:
    extra = hang_up.extra if hang_up is not None else {}
    # Who hangs up while connected leaves the bridge for nowhere; for the other one the dialplan goes on.
    by_itself = left_bridge and extra.get("hangupsource") == row.channel
    return _block(row, LedgerKind.ENDED, Cause=extra.get("hangupcause", ""), HungUpFirst=int(by_itself))


def _block(row: CelRow, kind: LedgerKind, **more: str | int) -> tuple[float, Headers]:
    headers: dict[str, str | int] = {
        "Kind": kind.value,
        "Uniqueid": row.uniqueid,
        "Linkedid": row.linkedid,
        "Channel": row.channel,
        "Context": row.context,
        "Exten": row.exten,
        "CallerIDNum": row.number,
        "CallerIDName": row.name,
        **more,
    }
    if "bridge_id" in row.extra:
        headers["BridgeUniqueid"] = row.extra["bridge_id"]
        headers["BridgeTechnology"] = row.extra.get("bridge_technology", "")
    plain = {
        key: "".join(letter if letter.isprintable() else " " for letter in str(value))
        for key, value in headers.items()
    }
    return row.at, plain
