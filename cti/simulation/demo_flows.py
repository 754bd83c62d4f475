"""Simulated callers of the demonstration's flow: they key their way through the main menu."""

import asyncio
from collections.abc import Sequence
from typing import Final

from cti.simulation.demo_agents import CallersOnLine, chance
from cti.simulation.phone import SimulatedPhone

#: Leads into the main menu.
FLOW_NUMBER: Final = "4100"
_FLOW: Final = "main-menu"
#: The language, then what he wants: the price of a product, the address of a branch, sales, support, or
#: nothing that there is.
_KEYED: Final = (
    ("1", "3", "1", "2#", "2"),
    ("2", "3", "2", "021#", "2"),
    ("1", "1"),
    ("2", "2"),
    ("2", "8", "1"),
)
_THINKING_SECONDS: Final = (6.0, 8.0)
_PATIENCE_SECONDS: Final = 120.0


def flow_number() -> dict[str, str]:
    """The row of `inbound_numbers` that leads there."""
    return {"dnis": FLOW_NUMBER, "queue": "support", "flow": _FLOW}


async def key_now_and_then(
    trunk: SimulatedPhone, callers: CallersOnLine, numbers: Sequence[str], every: float
) -> None:
    """One caller after the other for ever, ``every`` seconds between two."""
    while True:
        number = chance.choice(numbers)
        if number not in callers.by_number:
            await _one_caller(trunk, callers, number)
        await asyncio.sleep(every)


async def _one_caller(trunk: SimulatedPhone, callers: CallersOnLine, number: str) -> None:
    call = await trunk.dial(FLOW_NUMBER, caller=number)
    callers.by_number[number] = call
    try:
        for keys in chance.choice(_KEYED):
            await call.stay(chance.uniform(*_THINKING_SECONDS))
            if not call.over:
                await call.press(keys)
        await call.stay(_PATIENCE_SECONDS)
        await call.hang_up()
    finally:
        callers.by_number.pop(number, None)
