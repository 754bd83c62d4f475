"""The embedded PostgreSQL is there when asked for, and private."""

import asyncio
import contextlib
import os
import signal
import stat
from pathlib import Path

import psutil
import pytest

from cti.installation.postgres import EmbeddedPostgres, PostgresFailed
from tests.faults.own_postgres import own_postgres


async def test_a_database_is_made_once_and_speaks_utf8(postgres: EmbeddedPostgres) -> None:
    assert await postgres.create("once")
    assert not await postgres.create("once")
    connection = await postgres.connect("once")
    try:
        assert await connection.fetchval("SELECT '李静 Müller'") == "李静 Müller"
        assert await connection.fetchval("SHOW listen_addresses") == ""
    finally:
        await connection.close()
        await postgres.drop("once")


async def test_only_its_owner_reaches_the_socket(postgres: EmbeddedPostgres) -> None:
    assert stat.S_IMODE(postgres.socket_dir.stat().st_mode) & 0o077 == 0


@pytest.mark.parametrize("name", ['x"; DROP DATABASE postgres; --', "", "a b"])
async def test_odd_names_are_refused(postgres: EmbeddedPostgres, name: str) -> None:
    with pytest.raises(PostgresFailed):
        await postgres.create(name)


async def test_folders_above_stay_closed_to_others(tmp_path: Path) -> None:
    from cti.installation.postgres import embedded

    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    async with embedded(private / "data") as server:
        assert await server.create("x")
    assert stat.S_IMODE(private.stat().st_mode) & (stat.S_IROTH | stat.S_IWOTH | stat.S_IWGRP) == 0


async def test_it_is_set_up_for_a_busy_centre_until_told_otherwise(tmp_path: Path) -> None:
    from cti.installation.postgres import embedded

    async with embedded(tmp_path / "data") as server:
        connection = await server.connect()
        assert await connection.fetchval("SHOW max_wal_size") == "4GB"
        assert await connection.fetchval("SHOW fsync") == "on"
        await connection.execute("ALTER SYSTEM SET max_wal_size = '3GB'")
        await connection.close()
    async with embedded(tmp_path / "data") as server:
        connection = await server.connect()
        assert await connection.fetchval("SHOW max_wal_size") == "3GB"
        assert await connection.fetchval("SHOW checkpoint_timeout") == "15min"
        await connection.close()
    assert (tmp_path / "data" / "postgresql.conf").read_text().count("cti.conf") == 1


async def test_one_that_recovers_from_a_crash_for_long_is_waited_for(tmp_path: Path) -> None:
    """The package itself waits for ten seconds."""
    async with own_postgres(tmp_path / "data") as server:
        assert await server.create("kept")
        before = server.processes()[-1].pid
        server.kill()
        starting = asyncio.create_task(server.start_again())
        while (first := _first_process(tmp_path / "data")) in (None, before):  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        assert first is not None
        os.kill(first, signal.SIGSTOP)
        try:
            while _package_waits():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.3)
            assert not starting.done()
        finally:
            os.kill(first, signal.SIGCONT)
        await starting
        assert not await server.create("kept")


def _package_waits() -> bool:
    try:
        return any("pg_ctl" in one.name() for one in psutil.Process().children(recursive=True))
    except psutil.NoSuchProcess:
        return True


def _first_process(folder: Path) -> int | None:
    with contextlib.suppress(OSError, IndexError, ValueError):
        return int((folder / "postmaster.pid").read_text().split()[0])
    return None
