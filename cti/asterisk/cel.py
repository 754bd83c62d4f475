"""Asterisk's channel event log (CEL), read from text: our own file, and what other people's PBXs write.

CEL has no replay over AMI, but its file has: what happened while nobody listened stands there, by Asterisk's
own clock. It knows nothing of hold, pause and who is a member of which queue.

A text may be a CSV file in the order of `asterisk_conf/cel_custom.conf` or of Asterisk's own sample, a CSV
file whose first line names its columns, a table as psql prints it, or a `COPY` of pg_dump. Which one it is,
its first lines say.
"""

import csv
import re
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Final

import msgspec

#: Of broken lines so many are named; all are counted.
MOST_FAULTS: Final = 20

#: The order of `asterisk_conf/cel_custom.conf`, and of the sample that comes with Asterisk.
_OWN: Final = [
    "eventtype",
    "eventtime",
    "uniqueid",
    "linkedid",
    "channame",
    "exten",
    "context",
    "appname",
    "appdata",
    "cidnum",
    "ciddnid",
    "peer",
    "accountcode",
    "userfield",
    "userdeftype",
    "extra",
]
_SAMPLE: Final = [
    "eventtype",
    "eventtime",
    "cidname",
    "cidnum",
    "cidani",
    "cidrdnis",
    "ciddnid",
    "exten",
    "context",
    "channame",
    "appname",
    "appdata",
    "amaflags",
    "accountcode",
    "uniqueid",
    "linkedid",
    "peer",
    "userfield",
    "userdeftype",
    "extra",
]
#: What others call the columns.
_ALIASES: Final = {
    "event": "eventtype", "type": "eventtype", "time": "eventtime", "timestamp": "eventtime",
    "channel": "channame", "chan": "channame", "channelname": "channame", "app": "appname",
    "application": "appname", "data": "appdata", "num": "cidnum", "callerid": "cidnum",
    "calleridnum": "cidnum", "calleridname": "cidname", "name": "cidname", "eventextra": "extra",
    "ani": "cidani", "dnid": "ciddnid", "extension": "exten", "bridgepeer": "peer",
}  # fmt: skip
#: What a row in one of those orders begins with, even one that breaks off.
_EVENTS: Final = frozenset(
    {"CHAN_START", "CHAN_END", "ANSWER", "HANGUP", "APP_START", "APP_END", "LINKEDID_END"}
    | {"BRIDGE_ENTER", "BRIDGE_EXIT", "CtiAttemptMachine", "CtiAttemptAbandoned", "CtiAttemptRefused"}
)
_NEEDED: Final = ("eventtype", "eventtime", "uniqueid")
_UNIQUEID: Final = re.compile(r"(?:[\w.-]+-)?\d{9,11}\.\d+", re.ASCII)
#: What a HANGUP said before it said it in JSON: cause, source, status of the dial.
_OLD_HANGUP: Final = re.compile(r"(\d{1,3}),([^,]*),", re.ASCII)
_COPY: Final = re.compile(r"COPY\s+\S+\s*\(([^)]*)\)\s+FROM\s+stdin", re.IGNORECASE)
_RULE: Final = frozenset("+-= \t")
_COPY_ESCAPE: Final = re.compile(r"\\(.)")
_COPY_ESCAPED: Final = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f", "v": "\v"}
#: What stands for the end of time: an instant beyond it is none.
_LATEST: Final = 253_402_300_800.0


class CelRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row. ``at`` is epoch seconds of Asterisk's clock; ``extra`` is what the event says beyond that."""

    event: str
    at: float
    uniqueid: str
    linkedid: str
    channel: str
    exten: str
    context: str
    application: str
    data: str
    number: str
    extra: dict[str, str]
    name: str = ""
    peer: str = ""


#: Where rows of one instant stand: HANGUP and CHAN_END have the same.
_FIRST_AND_LAST: Final = {"CHAN_START": -1, "CHAN_END": 1, "LINKEDID_END": 2}


def order_of(row: CelRow) -> tuple[float, int]:
    """The key by which rows are put in order."""
    return row.at, _FIRST_AND_LAST.get(row.event, 0)


class CelFault(msgspec.Struct, frozen=True, kw_only=True):
    """A line that is no row, and why."""

    line: int
    reason: str


class CelColumnsError(ValueError):
    """The text does not say, or says wrongly, what its columns are."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


class CelParser:
    """Takes a text line by line. ``timezone`` is what a time without a zone is in.

    A broken line is counted in ``broken`` and, if it is one of the first, kept in ``faults``.
    """

    def __init__(self, timezone: tzinfo = UTC) -> None:
        self.lines = 0
        self.broken = 0
        self.faults: list[CelFault] = []
        self._timezone = timezone
        self._places: dict[str, int] | None = None
        self._split = _split_csv
        self._width = 0
        self._heading = ""

    @property
    def knows_columns(self) -> bool:
        """Whether it has found out what the columns are."""
        return self._places is not None

    def begin_again(self, *, at_line: int) -> None:
        """Goes on elsewhere in the same text, after ``at_line`` lines, with no fault so far."""
        self.lines, self.broken = at_line, 0
        self.faults.clear()

    def row(self, line: str) -> CelRow | None:
        """The row of the next line; None for a heading, a rule, or a broken line.

        Raises:
            CelColumnsError: it is the first line, and neither a row in a known order nor a heading.
        """
        self.lines += 1
        line = line.rstrip("\r\n")
        if not line.strip() or _RULE.issuperset(line) or line == "\\." or line == self._heading:
            return None
        try:
            if (self._places is None or line.startswith("COPY ")) and self._learn(line):
                self._heading = line
                return None
            return self._read(self._split(line))
        except CelColumnsError:
            raise
        except (ValueError, csv.Error) as error:
            self._fault(str(error))
            return None

    def _fault(self, reason: str) -> None:
        self.broken += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(CelFault(line=self.lines, reason=reason))

    # --- what the columns are ---

    def _learn(self, line: str) -> bool:
        """Finds out the order of the columns; whether the line is a heading."""
        copy = _COPY.match(line)
        if copy is not None:
            self._split = _split_copy
            self._name(copy[1].split(","))
            return True
        if line.startswith(("--", "SET ", "SELECT ", "\\")):
            return True  # what pg_dump writes before
        if "|" in line and '"' not in line.partition("|")[0]:
            self._split = _split_table
            self._name(_split_table(line))
            return True
        values = _split_csv(line)
        for order in (_OWN, _SAMPLE):
            place = order.index("uniqueid")
            if len(values) > place and _UNIQUEID.fullmatch(values[place].strip()):
                self._places = {name: number for number, name in enumerate(order)}
                return False
        if values[0].strip() in _EVENTS:
            for order in (_OWN, _SAMPLE):  # somebody chose the id of the channel
                if len(values) == len(order):
                    self._places = {name: number for number, name in enumerate(order)}
                    return False
            raise ValueError(f"it breaks off after {len(values)} columns")
        self._name(values)
        return True

    def _name(self, names: Sequence[str]) -> None:
        known = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in names]
        known = [_ALIASES.get(name, name) for name in known]
        missing = [name for name in _NEEDED if name not in known]
        if missing:
            raise CelColumnsError(
                self.lines,
                f"no column {', '.join(missing)}, and not the order of Asterisk's CEL: "
                f"{', '.join(names)[:200]}",
            )
        self._places = {name: number for number, name in enumerate(known)}
        self._width = len(known)

    # --- rows ---

    def _read(self, values: list[str]) -> CelRow:
        places = self._places
        assert places is not None  # noqa: S101
        if self._width and len(values) != self._width:
            raise ValueError(f"{len(values)} columns where the heading has {self._width}")
        count = len(values)

        def value(name: str) -> str:
            place = places.get(name, count)
            return values[place] if place < count else ""

        event, uniqueid = value("eventtype"), value("uniqueid")
        if not event or not uniqueid:
            raise ValueError("no event or no uniqueid")
        return CelRow(
            event=event, at=_instant(value("eventtime"), self._timezone), uniqueid=uniqueid,
            linkedid=value("linkedid") or uniqueid, channel=value("channame"), exten=value("exten"),
            context=value("context"), application=value("appname"), data=value("appdata"),
            number=value("cidnum"), extra=self._extra(value("extra")), name=value("cidname"),
            peer=value("peer"),
        )  # fmt: skip

    def _extra(self, text: str) -> dict[str, str]:
        try:
            return _extra(text)
        except ValueError as error:
            self._fault(str(error))  # the rest of the row is whole
            return {}


def read_record(values: dict[str, object], timezone: tzinfo = UTC) -> CelRow:
    """The row of a record from a database, by the names of its columns.

    Raises:
        ValueError: it has no event, no instant or no channel.
    """
    found = {}
    for column, value in values.items():
        name = re.sub(r"[^a-z0-9]", "", column.lower())
        found[_ALIASES.get(name, name)] = value
    event, uniqueid = str(found.get("eventtype") or ""), str(found.get("uniqueid") or "")
    if not event or not uniqueid:
        raise ValueError("no event or no uniqueid")
    at = found.get("eventtime")
    if isinstance(at, datetime):
        instant = (at if at.tzinfo else at.replace(tzinfo=timezone)).timestamp()
    else:
        instant = _instant(str(at), timezone)

    def text(name: str) -> str:
        return str(found.get(name) or "")

    return CelRow(
        event=event, at=instant, uniqueid=uniqueid, linkedid=text("linkedid") or uniqueid,
        channel=text("channame"), exten=text("exten"), context=text("context"), application=text("appname"),
        data=text("appdata"), number=text("cidnum"), extra=_extra(text("extra")), name=text("cidname"),
        peer=text("peer"),
    )  # fmt: skip


def _split_csv(line: str) -> list[str]:
    return next(csv.reader((line,), strict=True))


def _split_table(line: str) -> list[str]:
    return [value.strip() for value in line.split("|")]


def _split_copy(line: str) -> list[str]:
    return [
        "" if value == "\\N" else _COPY_ESCAPE.sub(lambda found: _COPY_ESCAPED.get(found[1], found[1]), value)
        for value in line.split("\t")
    ]


def _instant(text: str, timezone: tzinfo) -> float:
    try:
        at = float(text)
    except ValueError:
        # `2019-08-28 15:29:32.22454`: as many digits as PostgreSQL needs, which is not what Python takes.
        text = re.sub(r"\.(\d+)", lambda found: "." + found[1][:6].ljust(6, "0"), text.strip(), count=1)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{text[:40]!r} is no instant") from None
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone)).timestamp()
    if not 0.0 < at < _LATEST:
        raise ValueError(f"{text[:40]!r} is no instant")
    return at


def _extra(text: str) -> dict[str, str]:
    if not text:
        return {}
    if (old := _OLD_HANGUP.match(text)) is not None:
        return {"hangupcause": old[1], "hangupsource": old[2]}
    try:
        extra = msgspec.json.decode(text)
    except msgspec.DecodeError:
        raise ValueError("what it says beyond its columns is no JSON") from None
    if not isinstance(extra, dict):
        return {}
    return {str(key): str(value) for key, value in extra.items()}
