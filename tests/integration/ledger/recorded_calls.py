"""All recorded calls as one day of one Asterisk: in the database, as its CEL and as its queue_log."""

from datetime import UTC
from pathlib import Path

from cti.asterisk.events import encode, parse
from cti.config import Settings, load
from cti.ledger.sources import PastRows
from tests.integration.recorder.test_recorder import Service
from tests.unit.board.scenario import TRANSCRIPTS, read_blocks


def _spans() -> dict[str, tuple[float, float]]:
    found = {}
    for path in TRANSCRIPTS.glob("*.cel.csv"):
        instants = [row.at for row in PastRows(path, timezone=UTC)]
        found[path.name.removesuffix(".cel.csv")] = (min(instants), max(instants))
    return found


def _one_after_another() -> list[str]:
    """The calls of one Asterisk: some were recorded on several at the same time, which are left out."""
    chosen: list[str] = []
    over_at = 0.0
    for name, (begin, end) in sorted(_spans().items(), key=lambda one: one[1][1]):
        if begin > over_at + 1.0:
            chosen.append(name)
            over_at = end
    return chosen


NAMES = _one_after_another()
BLOCKS = [
    block
    for number, name in enumerate(NAMES)
    for block in (
        encode("CtiBoot", _spans()[name][0] - 1, Boot=f"boot{number}"),
        *read_blocks(TRANSCRIPTS / f"{name}.ami"),
    )
]


async def record(url: str, folder: Path) -> Settings:
    """A migrated database gets every recorded call; the settings with which they are compared."""
    service = Service(folder / "journal", url)
    await service.start()
    service.feed(BLOCKS)
    await service.finish()
    return settings_for(url, folder)


def settings_for(url: str, folder: Path) -> Settings:
    """Settings that name CEL and queue_log of all recorded calls, written below ``folder``."""
    cel, queue_log = folder / "cel.csv", folder / "queue_log"
    cel.write_text("".join((TRANSCRIPTS / f"{name}.cel.csv").read_text(encoding="utf-8") for name in NAMES))
    queue_log.write_text("".join((TRANSCRIPTS / f"{name}.queue_log").read_text() for name in NAMES))
    return load(
        home=folder, database_url=url, node="lab", cel_csv_path=cel, queue_log_path=queue_log,
        ami_secret="x", ami_phone_secret="x", agi_secret="x",
    )  # fmt: skip


def span() -> tuple[float, float]:
    """From before the first to after the last of them."""
    instants = [at for block in BLOCKS if (at := parse(block).at)]
    return min(instants) - 10, max(instants) + 60
