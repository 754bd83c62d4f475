"""Demo customers: made up from lists of names, always the same, in Chinese and English.

No number here can belong to anybody. China reserves none for fiction, so the Chinese ones begin with 154,
which no operator has; the English ones are from the ranges that the United States (555-01xx) and the United
Kingdom keep for fiction.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

_SEED: Final = 20_26
_REFERENCE: Final = "demo-{}"
#: Of five customers so many speak Chinese.
_CHINESE_OF_FIVE: Final = 3

_SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾萧田董潘袁蔡蒋余于杜叶程魏苏吕丁任沈"
)
_GIVEN: Final = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰建国志文海婷鑫宇晨曦梓涵浩然雨欣子轩思远佳怡博"
)
_FIRST_NAMES: Final = (
    *(
        "Alice",
        "Brian",
        "Chloe",
        "Daniel",
        "Emma",
        "Frank",
        "Grace",
        "Henry",
        "Isla",
        "Jack",
        "Karen",
        "Liam",
    ),
    *("Maya", "Noah", "Olivia", "Peter", "Quinn", "Rosa", "Samuel", "Tara", "Umar", "Vera", "William", "Zoe"),
)
_LAST_NAMES: Final = (
    *("Abbott", "Barker", "Cooper", "Dawson", "Ellis", "Foster", "Gibson", "Harper", "Ingram", "Jarvis"),
    *("Keller", "Lawson", "Mercer", "Norris", "Osborne", "Porter", "Quigley", "Ramsey", "Sawyer", "Turner"),
    *("Underhill", "Vaughn", "Walton", "Yates"),
)
_COMPANIES: Final = {
    "zh-CN": ("示例科技有限公司", "样本贸易公司", "虚构物流有限公司", "演示餐饮集团"),
    "en": ("Example Trading", "Sample Logistics Ltd", "Placeholder Foods Inc.", "Specimen Software"),
}
_PRODUCTS: Final = {
    "zh-CN": (("家庭宽带 300M", 1188), ("企业专线", 26800), ("视频会员", 258), ("云存储 2TB", 408)),
    "en": (("Home fibre 300", 468), ("Business line", 3960), ("Video plus", 96), ("Cloud 2 TB", 120)),
}
_CURRENCIES: Final = {"zh-CN": "CNY", "en": "USD"}
_NOTES: Final = {
    "zh-CN": ("请在上午联系", "对上次上门服务不满意", "希望开具电子发票", "有意升级套餐"),
    "en": ("Prefers mornings", "Unhappy with the last visit", "Asks for invoices by e-mail", "May upgrade"),
}
_CALLBACK_NOTES: Final = {
    "zh-CN": ("续约报价", "故障处理进展回复", "退款确认"),
    "en": ("Renewal offer", "Report on the fault", "Confirm the refund"),
}

#: Area codes of the United States; 555-0100 to 555-0199 is fiction in each.
_AREA_CODES: Final = (
    *(202, 212, 213, 303, 305, 312, 404, 415, 469, 503, 512, 602, 617, 646, 702, 713, 720, 773, 786),
)
#: Prefixes that the United Kingdom keeps for fiction, each followed by three digits.
_UK_PREFIXES: Final = (
    *("+442079460", "+441214960", "+441314960", "+441134960", "+441614960", "+441174960", "+441184960"),
    *("+441514960", "+441414960", "+442920180", "+447700900", "+448081570", "+449098790"),
)


def demo_number(index: int) -> str:
    """The first number (E.164) of a demo customer, by his index counted from 0; simulated callers use it."""
    if index % 5 < _CHINESE_OF_FIVE:
        return f"+86154{index:08d}"
    place = index // 5 * (5 - _CHINESE_OF_FIVE) + index % 5 - _CHINESE_OF_FIVE
    if place < len(_AREA_CODES) * 100:
        return f"+1{_AREA_CODES[place // 100]}55501{place % 100:02d}"
    place -= len(_AREA_CODES) * 100
    if place < len(_UK_PREFIXES) * 1000:
        return f"{_UK_PREFIXES[place // 1000]}{place % 1000:03d}"
    return f"+86154{index:08d}"


async def load_demo_customers(
    connection: AsyncConnection, count: int = 5000, *, today: date | None = None
) -> int:
    """Writes the demo customers in the connection's transaction; how many were written.

    They are written once: when the first of them is there already, nothing is done. The same count and day
    give the same customers.
    """
    there = await connection.scalar(
        sa.text("SELECT 1 FROM customers WHERE external_ref = :reference"),
        {"reference": _REFERENCE.format(0)},
    )
    if there is not None or count <= 0:
        return 0
    day = today or datetime.now(UTC).date()
    sequence = "pg_get_serial_sequence('customers', 'id')"
    first_id = await connection.scalar(sa.text(f"SELECT nextval({sequence})"))
    await connection.execute(sa.text(f"SELECT setval({sequence}, :last)"), {"last": first_id + count - 1})
    tables = _Tables(first_id, day)
    for index in range(count):
        tables.add(index)
    driver: Any = (await connection.get_raw_connection()).driver_connection
    for table, columns, records in tables.contents():
        await driver.copy_records_to_table(table, columns=columns, records=records)
    for table in ("customers", "customer_numbers", "subscriptions", "callbacks"):
        await connection.execute(sa.text(f"ANALYZE {table}"))
    return count


class _Tables:
    """The rows of all demo customers."""

    def __init__(self, first_id: int, today: date) -> None:
        self._first_id = first_id
        self._today = today
        self._now = datetime.combine(today, datetime.min.time(), UTC) + timedelta(hours=2)
        self._chance = random.Random(_SEED)  # noqa: S311  (not for secrets: it must give the same each time)
        self._customers: list[tuple[Any, ...]] = []
        self._numbers: list[tuple[Any, ...]] = []
        self._subscriptions: list[tuple[Any, ...]] = []
        self._callbacks: list[tuple[Any, ...]] = []

    def contents(self) -> Iterator[tuple[str, Sequence[str], list[tuple[Any, ...]]]]:
        """Table, columns and rows, in the order in which they can be written."""
        yield (
            "customers",
            ("id", "name", "language", "company", "email", "note", "external_ref"),
            self._customers,
        )
        yield "customer_numbers", ("customer_id", "e164", "position"), self._numbers
        yield (
            "subscriptions",
            ("customer_id", "product", "status", "starts_on", "expires_on", "amount", "currency"),
            self._subscriptions,
        )
        yield "callbacks", ("customer_id", "e164", "due_at", "note"), self._callbacks

    def add(self, index: int) -> None:
        """Makes up one customer with all that belongs to him."""
        chance = self._chance
        customer_id = self._first_id + index
        language = "zh-CN" if index % 5 < _CHINESE_OF_FIVE else "en"
        self._customers.append(
            (
                customer_id,
                self._name(language),
                language,
                chance.choice(_COMPANIES[language]) if chance.random() < 0.2 else None,
                f"customer{index}@example.com" if chance.random() < 0.6 else None,
                chance.choice(_NOTES[language]) if chance.random() < 0.15 else None,
                _REFERENCE.format(index),
            )
        )
        number = demo_number(index)
        self._numbers.append((customer_id, number, 0))
        if index % 50 == 49:
            # A family: this customer also calls from the line of the one before.
            self._numbers.append((customer_id, demo_number(index - 1), 1))
        elif index % 10 == 0:
            self._numbers.append((customer_id, f"+86100000{index % 10_000:04d}", 1))
        for _ in range(chance.choice((0, 1, 1, 1, 2, 2, 3))):
            self._subscriptions.append(self._subscription(customer_id, language))
        if index % 33 == 0:
            due = self._now + timedelta(minutes=chance.randrange(-2 * 1440, 5 * 1440, 15))
            note = chance.choice(_CALLBACK_NOTES[language])
            self._callbacks.append((customer_id, number, due, note))

    def _name(self, language: str) -> str:
        chance = self._chance
        if language == "en":
            return f"{chance.choice(_FIRST_NAMES)} {chance.choice(_LAST_NAMES)}"
        return chance.choice(_SURNAMES) + "".join(chance.choices(_GIVEN, k=chance.choice((1, 2, 2))))

    def _subscription(self, customer_id: int, language: str) -> tuple[Any, ...]:
        chance = self._chance
        product, price = chance.choice(_PRODUCTS[language])
        expires_on = self._today + timedelta(days=chance.randrange(-60, 366))
        starts_on = expires_on - timedelta(days=chance.choice((30, 365, 365, 730)))
        if expires_on < self._today:
            status = "expired"
        else:
            status = "cancelled" if chance.random() < 0.05 else "active"
        amount = Decimal(price) * chance.choice((1, 1, 2))
        return customer_id, product, status, starts_on, expires_on, amount, _CURRENCIES[language]
