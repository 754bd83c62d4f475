"""`cti campaign` as somebody types it: YAML is told with line and column, files of contacts are imported."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import msgspec
import pytest_asyncio

from cti.db.engine import plain_dsn

GOOD = """\
campaign: renewals
title: {zh-CN: 续费提醒, en: Renewal reminder}
kind: ivr
flow: renewal-reminder
caller_ids: ["010 6552 9988"]
window:
  from: "09:00"
  to: "18:00"
  days: [mon, tue]
retries:
  busy: {times: 3}
flow_retries:
  later: {times: 2}
machine_detection: hang_up
abandon_cap: 0.02
abandon_cap_holds: always
needs_consent: true
script: {zh-CN: 您好……}
"""
BAD = """\
campaign: renewals
title: {en: Renewal reminder}
kind: ivr
flow: nothing
window: {from: "9", to: "18:00", dayz: [mon]}
caller_ids: ["12"]
retries:
  busi: {times: 3}
flow_retries:
  later: {times: 2, after_seconds: 60}
"""


class Command:
    """The command; its exit status and what it printed."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment

    async def __call__(self, *words: object) -> tuple[int, str, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cti", "campaign", *map(str, words), env=self._environment,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, errors = await process.communicate()
        return process.returncode or 0, out.decode(), errors.decode()


@pytest_asyncio.fixture
async def database(postgres_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(plain_dsn(postgres_url))
    await connection.execute("DELETE FROM campaigns; DELETE FROM flows")
    await connection.execute("INSERT INTO flows (name, kind) VALUES ('renewal-reminder', 'outbound')")
    yield connection
    await connection.close()


@pytest_asyncio.fixture
async def cti(database: asyncpg.Connection, postgres_url: str, tmp_path: Path) -> Command:
    secrets = dict.fromkeys(("CTI_AMI_SECRET", "CTI_AMI_PHONE_SECRET", "CTI_AGI_SECRET"), "x" * 20)
    own = {"CTI_DATABASE_URL": postgres_url, "CTI_HOME": str(tmp_path), "CTI_DEFAULT_LANGUAGE": "en"}
    return Command({**os.environ, **secrets, **own, "COLUMNS": "200"})


async def test_a_file_says_what_a_campaign_is(
    cti: Command, database: asyncpg.Connection, tmp_path: Path
) -> None:
    file = tmp_path / "renewals.yaml"
    file.write_text(GOOD)
    assert await cti("apply", file, "--dry-run") == (0, "renewals: no errors.\n", "")
    assert await database.fetchval("SELECT count(*) FROM campaigns") == 0
    assert await cti("apply", file) == (0, "renewals: added as a draft.\n", "")
    assert await cti("apply", file) == (0, "renewals: as it was.\n", "")
    file.write_text(GOOD.replace("times: 3", "times: 4"))
    assert await cti("apply", file, "--language", "zh-CN") == (0, "renewals：已修改，当前版本 2。\n", "")
    row = await database.fetchrow("SELECT state, version, caller_ids FROM campaigns")
    assert tuple(row) == ("draft", 2, ["+861065529988"])
    row = await database.fetchrow(
        "SELECT machine_detection, abandon_cap, abandon_cap_holds, needs_consent, script->>'zh-CN'"
        " FROM campaigns"
    )
    assert tuple(row) == ("hang_up", 0.02, "always", True, "您好……")
    kept = await database.fetchval("SELECT flow_retries->'later' FROM campaigns")
    assert msgspec.json.decode(kept) == {"times": 2, "after_seconds": 86_400}


async def test_a_file_changes_a_campaign_where_it_stands_and_what_was_is_kept(
    cti: Command, database: asyncpg.Connection, tmp_path: Path
) -> None:
    file = tmp_path / "renewals.yaml"
    file.write_text(GOOD)
    await cti("apply", file)
    await database.execute("UPDATE campaigns SET state = 'running'")
    file.write_text(GOOD.replace("times: 3", "times: 4").replace('"18:00"', '"19:00"'))
    assert await cti("apply", file, "--dry-run") == (
        0,
        "renewals: no errors; of version 1 would change: window.to, retries.busy.times.\n",
        "",
    )
    assert await cti("apply", file) == (0, "renewals: changed, now version 2.\n", "")
    row = await database.fetchrow("SELECT state, version, \"window\"->>'to', looks_anew FROM campaigns")
    assert tuple(row) == ("running", 2, "19:00", True)
    kept = await database.fetch(
        "SELECT version, definition->'window'->>'to', changed_by FROM campaign_versions ORDER BY version"
    )
    assert [tuple(row) for row in kept] == [(1, "18:00", None), (2, "19:00", None)]
    # Who speaks stays while it runs, and with one error nothing is changed.
    without_flow = GOOD.replace("flow_retries:\n  later: {times: 2}\n", "")
    file.write_text(without_flow.replace("kind: ivr", "kind: progressive\nqueue: sales"))
    await database.execute(
        "INSERT INTO queues (name, title) VALUES ('sales', 'Sales') ON CONFLICT DO NOTHING"
    )
    for words in (("--dry-run",), ()):
        status, out, errors = await cti("apply", file, *words)
        assert (status, out) == (1, "")
        codes = [line.rpartition(" ")[2] for line in errors.splitlines()[:-1]]
        assert codes == ["[campaign.fixed_while_running]"] * 2
        assert errors.startswith(f"{file}:3:")
    assert await database.fetchval("SELECT version FROM campaigns") == 2


async def test_all_that_is_wrong_is_told_at_once_with_its_place(
    cti: Command, database: asyncpg.Connection, tmp_path: Path
) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(GOOD)
    bad.write_text(BAD)
    status, out, errors = await cti("apply", good, bad)
    assert (status, out) == (1, "")
    places = [line.removeprefix(f"{bad}:").partition(" ")[0] for line in errors.splitlines()[:-1]]
    assert places == ["5:16:", "5:34:", "8:3:", "10:36:"]
    assert errors.splitlines()[-1] == "Nothing was changed; errors: 4."
    text = BAD.replace('"9"', '"09:00"').replace("dayz", "days").replace("busi", "busy")
    bad.write_text(text.replace("seconds: 60", "seconds: 3600"))
    status, out, errors = await cti("apply", bad, good)
    assert [line.partition(" ")[0] for line in errors.splitlines()[:-1]] == [f"{bad}:4:1:", f"{bad}:6:14:"]
    assert "There is no outbound flow nothing. [campaign.unknown_flow]" in errors
    assert await database.fetchval("SELECT count(*) FROM campaigns") == 0


async def test_a_file_of_contacts_is_looked_at_and_imported(
    cti: Command, database: asyncpg.Connection, tmp_path: Path
) -> None:
    campaign, file = tmp_path / "renewals.yaml", tmp_path / "people.csv"
    campaign.write_text(GOOD)
    file.write_text("姓名;手机;备注\n王芳;13800138000;x\n李雷;12;y\n小王;13800138000;z\n", encoding="gb18030")
    await cti("apply", campaign)
    status, out, _ = await cti("import", "renewals", file, "--dry-run")
    assert status == 0
    assert out.splitlines() == [
        "姓名: name",
        "手机: phone",
        "备注: left out",
        "Of the first 3 rows 1 can be taken.",
        "line 3, 手机: 12 has no area code, or is not a public number.",
        "line 4, 手机: +8613800138000 stands in line 2 already.",
    ]
    columns = ("--column", "手机=phone", "--column", "备注=details.note")
    status, out, errors = await cti("import", "renewals", file, *columns)
    assert (status, errors) == (0, "")
    assert out.splitlines()[-1].endswith(": 3 rows read, 1 added, 2 refused.")
    row = await database.fetchrow("SELECT phone, name, details FROM contacts")
    assert tuple(row) == ("+8613800138000", None, '{"note": "x"}')
    status, _, errors = await cti("import", "nothing", file)
    assert (status, errors) == (1, "There is no campaign nothing.\n")
    file.write_bytes(b"\x81\xff\xff")
    status, _, errors = await cti("import", "renewals", file)
    assert (status, errors) == (
        1,
        "Line 1 is neither UTF-8, UTF-16 nor GB 18030; save the file as UTF-8.\n",
    )
