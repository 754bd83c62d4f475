"""Asterisk's own ledger (CEL) as it grows, and what the service's rows lack or have too much beside it."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from cti.asterisk.cel import CelParser
from cti.db.engine import plain_dsn

#: How long rows may take to be written while calls go on, and CEL to name a channel that AMI has told of.
_SETTLE_SECONDS = 20.0
_LOOK_SECONDS = 0.2
_SHOWN = 5

_LEGS = "SELECT uniqueid, count(*), count(*) FILTER (WHERE ending IS NULL) FROM legs GROUP BY uniqueid"


@dataclass
class CelLedger:
    """Channels by Uniqueid: how often each began and ended since the ledger was opened."""

    path: Path
    begun: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    _offset: int = 0
    _rest: str = ""
    _parser: CelParser = field(default_factory=CelParser)

    def __post_init__(self) -> None:
        self._offset = self.path.stat().st_size if self.path.exists() else 0

    def read(self) -> None:
        """Takes in what Asterisk has written since."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self._offset)
            data = file.read()
        self._offset += len(data)
        text = self._rest + data.decode("utf-8", "replace")
        whole, _, self._rest = text.rpartition("\n")
        for row in map(self._parser.row, whole.splitlines()):
            if row is None:
                continue
            if row.event == "CHAN_START":
                self.begun[row.uniqueid] += 1
            elif row.event == "CHAN_END" and row.uniqueid in self.begun:
                self.ended[row.uniqueid] += 1


async def differences(ledger: CelLedger, database_url: str, *, all_over: bool) -> list[str]:
    """I1, I2 and I5: what is wrong with the legs of the channels that CEL has by now.

    While calls go on (not ``all_over``) only channels that have ended must have an ended leg. Rows get some
    seconds to be written.
    """
    ledger.read()
    begun, ended = Counter(ledger.begun), Counter(ledger.begun if all_over else ledger.ended)
    connection = await asyncpg.connect(plain_dsn(database_url))
    try:
        deadline = asyncio.get_running_loop().time() + _SETTLE_SECONDS
        while True:
            legs = {row[0]: (row[1], row[2]) for row in await connection.fetch(_LEGS)}
            ledger.read()
            found = _findings(begun, ended, legs, ledger.begun)
            if not found or asyncio.get_running_loop().time() > deadline:
                return found
            await asyncio.sleep(_LOOK_SECONDS)
    finally:
        await connection.close()


def _findings(
    begun: Counter[str], ended: Counter[str], legs: dict[str, tuple[int, int]], known: Counter[str]
) -> list[str]:
    none = (0, 0)
    missing = [uniqueid for uniqueid, count in begun.items() if legs.get(uniqueid, none)[0] < count]
    doubled = [uniqueid for uniqueid, (count, _) in legs.items() if count > known[uniqueid] > 0]
    still_open = [
        uniqueid
        for uniqueid, count in ended.items()
        if legs.get(uniqueid, none)[0] - legs.get(uniqueid, none)[1] < count
    ]
    invented = [uniqueid for uniqueid in legs if uniqueid not in known]
    return [
        f"{rule}: {len(channels)} {what}: {', '.join(channels[:_SHOWN])}"
        for rule, what, channels in (
            ("I1", "channels of CEL without their leg", missing),
            ("I1", "channels of CEL with too many legs", doubled),
            ("I2", "legs of ended channels are open", [one for one in still_open if one not in missing]),
            ("I5", "legs that no channel of CEL has", invented),
        )
        if channels
    ]
