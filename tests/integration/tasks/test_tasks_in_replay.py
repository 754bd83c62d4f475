"""Tasks are made again from the journal like everything else, and nobody's work on them is lost by it."""

from pathlib import Path

import asyncpg

from cti.db.engine import plain_dsn
from cti.replay import replay as replaying
from cti.replay.replay import Plan
from tests.stage.recording import NODE, Service, all_blocks

SOMEBODY = "INSERT INTO users (username, name, role, language) VALUES ('ann', 'Ann', 'agent', 'en')"
TAKEN = "UPDATE tasks SET state = 'taken', taken_by = 1, taken_at = now(), note = 'mine'"
#: A task of a call that the journal does not know, as after an older journal was erased.
OLDER = """INSERT INTO tasks (id, opened_at, node, reference, kind, supervisor, details)
    VALUES ('older', '2026-01-02', 'lab', '0010011', 'tip', false, '{}')"""


async def test_a_lost_task_comes_back_and_a_taken_one_stays_taken(postgres_url: str, tmp_path: Path) -> None:
    service = Service(tmp_path, postgres_url)
    await service.start()
    service.feed(all_blocks())
    await service.finish()
    connection = await asyncpg.connect(plain_dsn(postgres_url))
    plan = Plan(journal_dir=tmp_path, database_url=postgres_url, node=NODE, from_at=None)
    try:
        await connection.execute(f"{SOMEBODY}; {OLDER}; {TAKEN}")
        before = await connection.fetch("SELECT id, reference FROM tasks ORDER BY id")
        await connection.execute(
            "DELETE FROM tasks WHERE id = (SELECT min(id) FROM tasks);"
            "UPDATE tasks SET kind = 'complaint' WHERE id = (SELECT min(id) FROM tasks)"
        )
        found = await replaying.check(plan, lambda _: None)
        [counted] = [one for one in found.tables if one.table == "tasks"]
        assert (counted.missing, counted.changed, counted.extra) == (1, 1, 0)
        await replaying.replay(plan, lambda _: None)
        rows = await connection.fetch("SELECT id, reference, kind, state, note FROM tasks ORDER BY id")
        assert [(row["id"], row["reference"]) for row in rows] == [tuple(row) for row in before]
        assert {row["kind"] for row in rows} == {"tip"}
        assert [row["state"] for row in rows] == ["open", *["taken"] * (len(rows) - 1)]
        assert (await replaying.check(plan, lambda _: None)).count == 0
    finally:
        await connection.close()
