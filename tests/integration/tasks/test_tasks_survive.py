"""A caller who was told a reference has a task, whatever was down and whoever died."""

from pathlib import Path

import asyncpg

from cti.db.engine import plain_dsn
from cti.flows.actions import OpenTask
from cti.flows.deed_words import TaskKind
from cti.recorder.recorder import RecorderState
from cti.tasks.opening import TaskOpener
from tests.stage.recording import Service

TIP = OpenTask(
    step="tips/file",
    kind=TaskKind.TIP,
    queue="sales",
    supervisor=False,
    values={"topic": "漏水"},
    recording="r",
)


def opener(service: Service) -> TaskOpener:
    """Opens tasks as the service does, at an instant of one day."""

    def take(block: bytes) -> int:
        service.feed([block])
        return service.journal.position

    return TaskOpener(
        take=take,
        durable=service.journal.wait_durable,
        reference=lambda at: service.board.task_reference(at),
        clock=lambda: 1_795_651_200.0 + service.journal.position,
    )


async def test_a_task_opened_without_a_database_is_there_when_it_is_back(
    postgres_url: str, tmp_path: Path
) -> None:
    told: dict[str, str] = {}
    service = Service(tmp_path, postgres_url.replace("host=", "host=/nowhere"))
    await service.start()
    assert service.recorder.status.state is RecorderState.DATABASE_DOWN
    for number in range(3):
        told[f"t{number}"] = await opener(service).open(f"t{number}", TIP)
    # It dies at once after it told the caller; the next one has no database either.
    await service.kill()
    service = Service(tmp_path, postgres_url.replace("host=", "host=/nowhere"))
    await service.start()
    told["t3"] = await opener(service).open("t3", TIP)
    assert len(set(told.values())) == 4
    # Asked for again by a run that goes on: the same task.
    await opener(service).open("t0", TIP)
    await service.kill()
    service = Service(tmp_path, postgres_url)
    await service.start()
    await service.finish()
    connection = await asyncpg.connect(plain_dsn(postgres_url))
    try:
        rows = await connection.fetch("SELECT id, reference, state, recording FROM tasks")
    finally:
        await connection.close()
    assert {row["id"]: row["reference"] for row in rows} == told
    assert {(row["state"], row["recording"]) for row in rows} == {("open", "r")}
