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
