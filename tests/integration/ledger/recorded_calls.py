"""All recorded calls as one day of one Asterisk: in the database, as its CEL and as its queue_log."""

from pathlib import Path

from cti.asterisk.events import parse
from cti.config import Settings, load
from cti.db import migrations
from tests.integration.recorder.test_recorder import BLOCKS, Service
from tests.unit.board.scenario import TRANSCRIPTS

NAMES = sorted(path.stem for path in TRANSCRIPTS.glob("*.ami"))


async def record(url: str, folder: Path) -> Settings:
    """The database with every recorded call; the settings with which they are compared."""
    await migrations.upgrade(url)
    service = Service(folder / "journal", url)
    await service.start()
    service.feed(BLOCKS)
    await service.finish()
    return settings_for(url, folder)


def settings_for(url: str, folder: Path) -> Settings:
    """Settings that name CEL and queue_log of all recorded calls, written below ``folder``."""
    cel, queue_log = folder / "cel.csv", folder / "queue_log"
    order = sorted(NAMES, key=lambda name: (TRANSCRIPTS / f"{name}.cel.csv").read_text().split(",")[1])
    cel.write_text("".join((TRANSCRIPTS / f"{name}.cel.csv").read_text(encoding="utf-8") for name in order))
    queue_log.write_text("".join((TRANSCRIPTS / f"{name}.queue_log").read_text() for name in order))
    return load(
        home=folder, database_url=url, node="lab", cel_csv_path=cel, queue_log_path=queue_log,
        ami_secret="x", ami_phone_secret="x", agi_secret="x",
    )  # fmt: skip


def span() -> tuple[float, float]:
    """From before the first to after the last of them."""
    instants = [at for block in BLOCKS if (at := parse(block).at)]
    return min(instants) - 10, max(instants) + 60
