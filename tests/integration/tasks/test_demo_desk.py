"""What the demonstration keeps for its flows: there once, each cell as its column wants it."""

from sqlalchemy.ext.asyncio import AsyncConnection

from cti.db.engine import open_engine
from cti.hours import store as hours
from cti.reference import store as reference
from cti.reference.cells import read_cell
from cti.simulation import demo_desk


async def test_the_demonstration_fills_what_is_missing_and_changes_nothing_else(postgres_url: str) -> None:
    async with open_engine(postgres_url) as engine:
        async with engine.begin() as connection:
            await demo_desk.load(connection)
            first = await kept(connection)
            await demo_desk.load(connection)
            assert await kept(connection) == first
        async with engine.begin() as connection:
            [(products, _)] = [
                one for one in await reference.list_tables(connection) if one[0].name == "products"
            ]
            await reference.delete_row(connection, products.id, "1")
            await demo_desk.load(connection)
            assert "1" not in (await reference.read_rows(connection, [products.id]))[products.id]


async def kept(connection: AsyncConnection) -> object:
    """All of it, after each cell was seen to fit."""
    tables = [table for table, _ in await reference.list_tables(connection)]
    rows = await reference.read_rows(connection, [table.id for table in tables])
    for table in tables:
        for row in rows[table.id].values():
            for column in table.columns:
                assert (
                    read_cell(column, row[column.name], is_key=column.name == table.key) == row[column.name]
                )
    assert {table.name for table in tables} == {"branches", "lines", "products"}
    calendars = await hours.read_calendars(connection)
    assert calendars["main"].days["2027-01-01"].title_en == "New Year"
    return calendars, tables, rows
