"""Tasks over HTTP and on the live connection: who sees them, who has them, who hears their recordings."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
import sqlalchemy as sa
from web_site import Site, Visitor

from cti.asterisk.events import encode, parse
from cti.board.board import Board
from cti.db.engine import plain_dsn
from cti.recorder.batch import Changes
from cti.recorder.batch_writer import write_batch
from tests.stage.live_reader import LiveReader

AT = 1_795_651_200.0
NUMBER = "+8613800138000"


class Opening:
    """Opens tasks as the service does: an event, the board, the recorder's rows."""

    def __init__(self, site: Site, connection: asyncpg.Connection) -> None:
        self.site = site
        self.board = Board("lab")
        self._connection = connection
        self._position = 0

    async def __call__(self, task_id: str, *, written: bool = True, **headers: str | float) -> None:
        given = {"Kind": "callback", "Queue": "sales", "Supervisor": 0, "Number": NUMBER, **headers}
        facts = self.board.apply(parse(encode("CtiTaskOpened", AT + self._position, Task=task_id, **given)))
        self.site.desk.observe(facts)
        if written:
            changes = Changes("lab")
            changes.mark(facts, 1)
            before, self._position = self._position, self._position + 1
            await write_batch(self._connection, "lab", changes.cut(self._position), before)


@pytest_asyncio.fixture
async def opening(site: Site, database: str) -> AsyncIterator[Opening]:
    connection = await asyncpg.connect(plain_dsn(database))
    try:
        await connection.execute(
            "TRUNCATE tasks CASCADE; DELETE FROM recorder_positions;"
            "INSERT INTO recorder_positions (node, position) VALUES ('lab', 0)"
        )
        site.desk.tasks._new.clear()
        await site.desk.tasks.refresh()
        await site.desk.directory.refresh()
        yield Opening(site, connection)
    finally:
        await connection.close()


async def act(visitor: Visitor, task_id: str, what: str, body: Any = None) -> tuple[int, Any]:
    return await visitor.ask("POST", f"/api/v1/tasks/{task_id}/{what}", body or {})


async def listed(visitor: Visitor, query: str = "") -> list[str]:
    _, page = await visitor.ask("GET", f"/api/v1/tasks{query}")
    return [task["id"] for task in page["items"]]


async def test_agents_see_tasks_of_their_queues_and_supervisors_all(site: Site, opening: Opening) -> None:
    ann, sue = await site.signed_in("ann"), await site.signed_in("sue")
    await opening("sales", DueAt=AT + 500)
    await opening("elsewhere", Queue="legal")
    await opening("for-sue", Supervisor=1, DueAt=AT + 100)
    await opening("nobodys", Queue="", Supervisor=1)
    assert await listed(ann) == ["sales"]
    assert await listed(sue) == ["elsewhere", "nobodys", "for-sue", "sales"]
    assert await listed(sue, "?queue=sales") == ["for-sue", "sales"]
    for hidden in ("elsewhere", "for-sue", "nobodys", "no-such"):
        assert (await act(ann, hidden, "take"))[1]["code"] == "task.not_found"
        assert (await ann.ask("GET", f"/api/v1/tasks/{hidden}"))[0] == 404
    _, mine = await ann.ask("GET", "/api/v1/task-counts")
    assert mine["items"] == [{"queue": "sales", "supervisor": False, "open": 1, "taken": 0}]
    _, all_counts = await sue.ask("GET", "/api/v1/task-counts")
    assert sum(one["open"] for one in all_counts["items"]) == 4


async def test_a_taken_task_is_nobody_elses_until_it_is_given_back(site: Site, opening: Opening) -> None:
    ann, bob, sue = [await site.signed_in(name) for name in ("ann", "bob", "sue")]
    await opening("t-1")
    answers = await asyncio.gather(*(act(one, "t-1", "take") for one in (ann, bob, ann, bob)))
    won = {answer["taken_by"]["name"] for status, answer in answers if status == 200}
    assert len(won) == 1
    assert {answer["code"] for status, answer in answers if status != 200} == {"task.taken"}
    holder, other = (ann, bob) if won == {"Ann"} else (bob, ann)
    for what in ("release", "done", "cancel", "take"):
        assert (await act(other, "t-1", what))[1]["code"] == "task.taken"
    assert (await other.ask("PUT", "/api/v1/tasks/t-1/note", {"note": "mine"}))[1]["code"] == "task.taken"
    assert (await act(holder, "t-1", "release"))[1]["state"] == "open"
    assert (await act(other, "t-1", "take"))[0] == 200
    assert (await act(sue, "t-1", "release"))[1]["taken_by"] is None
    for wrong in (
        "state='taken'",
        "state='done'",
        "taken_by=1, taken_at=now()",
        "closed_by=1, closed_at=now()",
    ):
        await refused(site, f"UPDATE tasks SET {wrong}")
    assert (await act(ann, "t-1", "take"))[0] == 200
    await refused(site, "UPDATE tasks SET taken_by=2")


async def refused(site: Site, statement: str) -> None:
    """PostgreSQL itself takes no such row."""
    async with site.engine.connect() as connection:
        with pytest.raises(sa.exc.IntegrityError):
            await connection.execute(sa.text(statement))


async def test_a_task_is_done_and_that_can_be_undone(site: Site, opening: Opening) -> None:
    ann, bob, sue = [await site.signed_in(name) for name in ("ann", "bob", "sue")]
    await opening("t-2", Details='{"topic": "renewal", "other": "13900139000"}')
    _, task = await ann.ask("GET", "/api/v1/tasks/t-2")
    assert task["task"]["number"] != NUMBER
    assert task["task"]["values"]["topic"] == "renewal"
    assert task["task"]["values"]["other"] != "13900139000"
    _, task = await act(ann, "t-2", "take")
    assert (task["number"], task["values"]["other"]) == (NUMBER, "13900139000")
    await ann.ask("PUT", "/api/v1/tasks/t-2/note", {"note": "call again at five"})
    _, done = await act(ann, "t-2", "done", {"note": "renewed"})
    assert (done["state"], done["note"], done["closed_by"]["name"]) == ("done", "renewed", "Ann")
    assert (await act(ann, "t-2", "done"))[0] == 200
    assert (await act(ann, "t-2", "take"))[1]["code"] == "task.closed"
    assert await listed(ann) == []
    assert await listed(ann, "?closed=true&mine=true") == ["t-2"]
    assert (await act(bob, "t-2", "reopen"))[1]["code"] == "task.closed_by_other"
    _, back = await act(ann, "t-2", "reopen")
    assert (back["state"], back["taken_by"]["name"], back["closed_by"]) == ("taken", "Ann", None)
    assert (await act(sue, "t-2", "cancel", {"note": "twice"}))[1]["state"] == "cancelled"
    assert (await act(sue, "t-2", "reopen"))[1]["state"] == "taken"
    _, detail = await sue.ask("GET", "/api/v1/tasks/t-2")
    acts = [(entry["act"], entry["by"]["name"], entry["note"]) for entry in detail["history"]]
    assert acts == [
        ("taken", "Ann", None),
        ("noted", "Ann", "call again at five"),
        ("done", "Ann", "renewed"),
        ("reopened", "Ann", None),
        ("cancelled", "Sue", "twice"),
        ("reopened", "Sue", None),
    ]


async def test_pages_follow_one_another_and_a_reference_finds_its_task(site: Site, opening: Opening) -> None:
    sue = await site.signed_in("sue")
    for number in range(7):
        await opening(f"p-{number}", DueAt=AT + 1000 + number // 2)
    seen: list[str] = []
    cursor = ""
    while True:
        _, page = await sue.ask("GET", f"/api/v1/tasks?limit=2{cursor}")
        seen += [task["id"] for task in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [f"p-{number}" for number in range(7)]
    _, task = await sue.ask("GET", "/api/v1/tasks/p-3")
    assert await listed(sue, f"?reference={task['task']['reference']}") == ["p-3"]
    assert (await sue.ask("GET", "/api/v1/tasks?cursor=WzEsMl0"))[1]["code"] == "paging.cursor_invalid"


async def test_a_row_that_is_written_again_loses_nobodys_work(site: Site, opening: Opening) -> None:
    ann = await site.signed_in("ann")
    await opening("again")
    await act(ann, "again", "take")
    await opening("again")
    _, task = await ann.ask("GET", "/api/v1/tasks/again")
    assert task["task"]["state"] == "taken"


async def test_another_system_hears_a_recording_and_writes_down_what_it_says(
    site: Site, opening: Opening
) -> None:
    sound = b"RIFF" + bytes(100)
    (site.recordings / "tip-1.wav").write_bytes(sound)
    await opening("tip", Kind="tip", Recording="tip-1")
    full, narrow = site.visitor(token=site.tokens["full"]), site.visitor(token=site.tokens["narrow"])
    _, page = await full.ask("GET", "/api/v1/tasks")
    [task] = page["items"]
    assert task["number"] == NUMBER
    assert (await hear(full, "tip"))[:2] == (200, sound)
    path = f"/api/v1/task-references/{task['reference']}/transcription"
    assert (await narrow.ask("PUT", path, {"text": "x"}))[1]["code"] == "auth.scope_missing"
    assert (await full.ask("PUT", path, {"text": "路口漏水\nA pipe leaks."}))[0] == 204
    sue = await site.signed_in("sue")
    _, detail = await sue.ask("GET", "/api/v1/tasks/tip")
    assert detail["task"]["transcription"] == "路口漏水\nA pipe leaks."
    assert [(entry["act"], entry["by"]) for entry in detail["history"]] == [
        ("listened", None),
        ("transcribed", None),
    ]
    nothing = "/api/v1/task-references/0000000/transcription"
    assert (await full.ask("PUT", nothing, {"text": "x"}))[1]["code"] == "task.not_found"


async def test_everybody_hears_at_once_of_what_he_may_see(site: Site, opening: Opening) -> None:
    ann, sue = await site.signed_in("ann"), await site.signed_in("sue")
    async with LiveReader(ann) as agent, LiveReader(sue) as supervisor:
        assert agent.frames[0]["tasks"] == []
        # Before the database has it.
        await opening("now", written=False)
        frame = await agent.until(lambda frame: frame["type"] == "tasks" and "now" in frame["changed"])
        assert frame["tasks"] == [{"queue": "sales", "supervisor": False, "open": 1, "taken": 0}]
        await opening("now")
        await site.desk.tasks.refresh()
        await opening("hidden", Queue="legal")
        frame = await supervisor.until(lambda frame: "hidden" in frame.get("changed", []))
        assert [(one["queue"], one["open"]) for one in frame["tasks"]] == [("legal", 1), ("sales", 1)]
        await act(ann, "now", "take")
        frame = await supervisor.until(
            lambda frame: [one["taken"] for one in frame.get("tasks", [])] == [0, 1]
        )
        assert "now" in frame["changed"]
        assert not any("hidden" in frame.get("changed", []) for frame in agent.frames)
        async with LiveReader(ann) as later:
            assert later.frames[0]["tasks"] == [
                {"queue": "sales", "supervisor": False, "open": 0, "taken": 1}
            ]


async def hear(visitor: Visitor, task_id: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    path = f"/api/v1/tasks/{task_id}/recording"
    async with visitor.session.get(path, headers={**visitor.headers, **headers}) as response:
        return response.status, await response.read(), dict(response.headers)


async def test_a_recording_is_heard_whole_or_in_parts_by_who_may_see_the_task(
    site: Site, opening: Opening
) -> None:
    ann, sue = await site.signed_in("ann"), await site.signed_in("sue")
    sound = b"RIFF" + bytes(range(256)) * 8
    (site.recordings / "run-1.r1.wav").write_bytes(sound)
    (site.recordings / "link.wav").symlink_to("/etc/passwd")
    await opening("heard", Recording="run-1.r1")
    await opening("secret", Queue="legal", Recording="run-1.r1")
    status, body, headers = await hear(ann, "heard")
    assert (status, body, headers["Content-Type"]) == (200, sound, "audio/wav")
    assert "no-store" in headers["Cache-Control"]
    status, body, headers = await hear(ann, "heard", Range="bytes=100-199")
    assert (status, body, headers["Content-Range"]) == (206, sound[100:200], f"bytes 100-199/{len(sound)}")
    assert (await hear(ann, "heard", Range="bytes=99999-"))[0] == 416
    assert (await hear(ann, "secret"))[0] == 404
    assert (await hear(sue, "secret"))[0] == 200
    assert (await hear(site.visitor(), "heard"))[0] == 401
    _, detail = await sue.ask("GET", "/api/v1/tasks/heard")
    assert [(entry["act"], entry["by"]["name"]) for entry in detail["history"]] == [("listened", "Ann")]
    for number, outside in enumerate(("../secret", "link", "/etc/passwd", "a/../../b", "gone", "..", "a..b")):
        await opening(f"out-{number}", Recording=outside)
        assert (await hear(sue, f"out-{number}"))[0] == 404, outside
