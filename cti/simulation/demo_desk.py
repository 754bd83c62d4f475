"""What the demonstration's flows look up: hours with holidays, products, branches, what a number is for."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.hours import store as hours
from cti.hours.model import Span, SpecialDay
from cti.hours.tables import calendars
from cti.reference import store as reference
from cti.reference.model import Column, ColumnType, Row
from cti.reference.tables import reference_tables

_OFFICE: Final = (Span(9 * 60, 12 * 60), Span(13 * 60 + 30, 18 * 60))
_SATURDAY: Final = (Span(10 * 60, 16 * 60),)
_HOLIDAYS: Final = {
    "2026-10-01": ("国庆节", "National Day"),
    "2027-01-01": ("元旦", "New Year"),
    "2027-05-01": ("劳动节", "Labour Day"),
    "2027-10-01": ("国庆节", "National Day"),
}


def _column(name: str, kind: ColumnType, zh: str, en: str, *, required: bool = False) -> Column:
    return Column(name=name, type=kind, title_zh=zh, title_en=en, required=required)


_T = ColumnType
#: Name, titles, columns (the first is the key), rows.
_TABLES: Final[tuple[tuple[str, str, str, tuple[Column, ...], tuple[Row, ...]], ...]] = (
    (
        "products", "产品与价格", "Products and prices",
        (
            _column("number", _T.DIGITS, "编号", "Number"),
            _column("name", _T.TEXT, "名称", "Name", required=True),
            _column("price", _T.MONEY, "价格", "Price"),
        ),
        (
            {"number": "1", "name": "日报全年", "price": 360},
            {"number": "2", "name": "晚报全年", "price": 288},
            {"number": "3", "name": "周末版", "price": 98.5},
        ),
    ),
    (
        "branches", "网点", "Branches",
        (
            _column("area", _T.DIGITS, "区号", "Area code"),
            _column("name", _T.TEXT, "名称", "Name", required=True),
            _column("address", _T.TEXT, "地址", "Address"),
            _column("phone", _T.DIGITS, "电话", "Phone"),
        ),
        (
            {"area": "021", "name": "上海", "address": "上海市黄浦区南京东路一号", "phone": "02160001234"},
            {"area": "010", "name": "北京", "address": "北京市东城区建国门大街八号", "phone": "01060001234"},
        ),
    ),
    (
        "lines", "线路", "Lines",
        (
            _column("dialled", _T.DIGITS, "被叫号码", "Dialled number"),
            _column("greeting", _T.PROMPT, "问候", "Greeting", required=True),
            _column("calendar", _T.TEXT, "日历", "Calendar", required=True),
        ),
        tuple({"dialled": number, "greeting": "welcome", "calendar": "main"} for number in ("4001", "4002")),
    ),
)  # fmt: skip


async def load(connection: AsyncConnection) -> None:
    """Write what is missing, in the connection's transaction."""
    if await connection.scalar(sa.select(calendars.c.id).where(calendars.c.name == "main")) is None:
        values = {
            "title_zh": "营业时间",
            "title_en": "Business hours",
            "time_zone": "Asia/Shanghai",
            "week": (*((_OFFICE,) * 5), _SATURDAY, ()),
        }
        calendar = await hours.create_calendar(connection, "main", values, user_id=None)
        days = {day: SpecialDay(title_zh=zh, title_en=en) for day, (zh, en) in _HOLIDAYS.items()}
        await hours.write_days(connection, calendar.id, days)
    there = set((await connection.execute(sa.select(reference_tables.c.name))).scalars())
    for name, zh, en, columns, rows in _TABLES:
        if name not in there:
            key = columns[0].name
            given = {"name": name, "title_zh": zh, "title_en": en, "columns": columns, "key": key}
            table = await reference.create_table(connection, given, user_id=None)
            await reference.write_rows(connection, table.id, {str(row[key]): row for row in rows})
