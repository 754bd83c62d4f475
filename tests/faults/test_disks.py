"""A disk is full: the journal's, the log's, the database's. It is said loudly, calls go on, nothing is
acknowledged that is not durable.
"""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from cti.simulation.lab import Lab
from tests.faults import scale
from tests.faults.ground import Ground, open_ground
from tests.faults.onlooker import Onlooker
from tests.faults.own_postgres import OwnPostgres, own_postgres
from tests.faults.record import FaultTable
from tests.faults.small_disk import SmallDisk, small_disk

FULL_SECONDS = scale.times(12, 120)
_RECOVERED_SECONDS = 30.0


async def full_for_a_while(site: Ground, sue: Onlooker, disk: SmallDisk) -> tuple[list[str], dict[str, Any]]:
    """Fills the disk; what was wrong meanwhile, and how the service said it was."""
    site.ledger.read()
    before = sum(site.ledger.ended.values())
    disk.fill()
    await asyncio.sleep(FULL_SECONDS)
    status = {**await sue.status(), "troubles": await sue.warned_of()}
    site.ledger.read()
    over = sum(site.ledger.ended.values()) - before
    return ([] if over else ["no call came to its end meanwhile"]), status


@pytest.mark.timeout(scale.times(280, 1800))
async def test_a_full_disk_is_said_stops_no_call_and_acknowledges_nothing_that_is_not_durable(
    exchange: Lab, tmp_path: Path, record: FaultTable
) -> None:
    findings: list[str] = []
    with (
        small_disk(tmp_path / "journal", 24) as journal,
        small_disk(tmp_path / "log", 1) as log,
        small_disk(tmp_path / "pg", 192) as data,
    ):
        async with own_postgres(data.folder / "data") as server:
            ground = open_ground(
                exchange, server, tmp_path, name="full disks", rate=1.0, log_folder=log.folder,
                journal_dir=journal.folder / "journal",
            )  # fmt: skip
            async with ground as site, Onlooker(site) as sue:
                site.writer.patience = scale.times(15, 75)
                for what, fault in (
                    ("journal", journal_full),
                    ("log", log_full),
                    ("database", database_full),
                ):
                    found, note = await fault(site, sue, {"journal": journal, "log": log, "pg": data}, server)
                    began = time.monotonic()
                    await site.well(_RECOVERED_SECONDS)
                    await sue.caught_up()
                    found += await site.check()
                    record.add(
                        f"disk of the {what} full for {FULL_SECONDS} s", times=1,
                        worst=time.monotonic() - began, limit=_RECOVERED_SECONDS, note=note, findings=found,
                    )  # fmt: skip
                    findings += [f"{what}: {one}" for one in found]
                await sue.leave()
                findings += await site.finish()
    assert findings == [], "\n".join(findings)


async def journal_full(
    site: Ground, sue: Onlooker, disks: dict[str, SmallDisk], server: OwnPostgres
) -> tuple[list[str], str]:
    """The journal keeps in memory what the disk refuses; nothing after it reaches the database meanwhile."""
    found, status = await full_for_a_while(site, sue, disks["journal"])
    journal, recorder = status["journal"], status["recorder"]
    if await site.service.is_well() or journal["health"] != "failing" or "ENOSPC" not in journal["error"]:
        found.append(f"it does not say that the disk is full: {journal}")
    if "journal_refused" not in status["troubles"]:
        found.append(f"no page warns of it: {status['troubles']}")
    if recorder["position"] > journal["durable_position"]:
        found.append("rows were written that the journal does not have")
    if (await site.service.figures())["cti_journal_ok"]:
        found.append("no figure says so")
    said = site.service.log.count("journal.disk_refuses")
    if said != 1:
        found.append(f"it was logged {said} times")
    unthanked = site.service.log.count("flow.not_durable")
    if not unthanked:
        found.append("no caller keyed an answer meanwhile")
    disks["journal"].free()
    waiting = journal["position"] - journal["durable_position"]
    return found, f"{waiting} events in memory, {unthanked} callers not thanked for their answers"


async def log_full(
    site: Ground, sue: Onlooker, disks: dict[str, SmallDisk], server: OwnPostgres
) -> tuple[list[str], str]:
    """Lines are lost, and nothing else."""
    found, status = await full_for_a_while(site, sue, disks["log"])
    if not await site.service.is_well():
        found.append(f"it is not well: {status}")
    disks["log"].free()
    return found, "nothing but lines is lost"


async def database_full(
    site: Ground, sue: Onlooker, disks: dict[str, SmallDisk], server: OwnPostgres
) -> tuple[list[str], str]:
    """PostgreSQL refuses, or ends; writes over the API are refused, and rows wait in the journal."""
    acknowledged = len(site.writer.acknowledged)
    found, status = await full_for_a_while(site, sue, disks["pg"])
    disks["pg"].free()
    if "database_down" not in status["troubles"]:
        found.append(f"no page warns of it: {status['troubles']}")
    if not server.is_running():
        await server.start_again()
    recorder, taken = status["recorder"], len(site.writer.acknowledged) - acknowledged
    return (
        found,
        f"recorder {recorder['state']}, {recorder['lag_seconds']:.0f} s behind; {taken} writes acknowledged",
    )
