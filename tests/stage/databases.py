"""Databases for tests, each a copy of one that was made ready once, which takes longer than copying it."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import pytest

from cti.db import migrations
from cti.installation.postgres import EmbeddedPostgres

#: Of the newest revision, once for each server; nobody writes to it.
_MIGRATED: Final = "migrated"


async def migrated_database(postgres: EmbeddedPostgres) -> str:
    """The name of a database of the newest revision, to be copied; made by who asks first."""
    if await postgres.create(_MIGRATED):
        await migrations.upgrade(postgres.url(_MIGRATED))
    return _MIGRATED


async def copy_database(postgres: EmbeddedPostgres, name: str, template: str) -> str:
    """The address of a new database like ``template``, to which nobody may be connected."""
    connection = await postgres.connect()
    try:
        like = "ENCODING 'UTF8' LOCALE 'C.UTF-8'"
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" {like}')
    finally:
        await connection.close()
    return postgres.url(name)


async def new_database(postgres: EmbeddedPostgres, name: str) -> str:
    """The address of a new database of the newest revision, without data."""
    return await copy_database(postgres, name, await migrated_database(postgres))


@asynccontextmanager
async def module_database(
    postgres: EmbeddedPostgres, request: pytest.FixtureRequest, *, prefix: str, template: str
) -> AsyncIterator[str]:
    """The address of a database like ``template`` that lives as long as the requesting module."""
    module = re.sub(r"\W+", "_", request.module.__name__).strip("_")[-50:].lower()
    name = f"{prefix}_{module}"
    yield await copy_database(postgres, name, template)
    await postgres.drop(name)
