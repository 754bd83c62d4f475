"""The embedded PostgreSQL is there when asked for, and private."""

import stat
from pathlib import Path

import pytest

from cti.installation.postgres import EmbeddedPostgres, PostgresFailed


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
