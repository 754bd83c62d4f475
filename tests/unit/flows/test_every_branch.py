"""Every way of every shipped flow is gone, without a phone; something is heard on each, and each ends."""

from collections import deque
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

import pytest

from cti.flows import simulation
from cti.flows.caller_words import UnfitWordError
from cti.flows.graph import edges
from cti.flows.library import FOLDER, read_folder
from cti.flows.simulation import Dialogue
from cti.prompts import table

FLOWS: Final = read_folder(FOLDER).flows

#: What a caller, an agent and the dialplan can do; what does not fit is passed over.
WORDS: Final = (
    *"0123456789*#", "10", "99#", "1234#", "noinput", "record:7", "answered", "timeout", "busy", "accepted",
    "refused", "hangup", "fail",
)  # fmt: skip
#: However often nothing, or nothing that fits, is keyed, a question is given up after fewer.
_DEEPEST: Final = 40

Data = dict[str, Any]

OPEN: Final[Data] = {"hours.open": True, "place.expected_wait_seconds": 240}
SURE: Final[Data] = {
    "line.greeting": "welcome", "line.calendar": "main", "staff.name": "Ann",
    "customer.name": "王芳", "customer.id": 7, "responsible.agent": "101",
    "subscription.product": "晨报", "subscription.ends_on": "2026-12-31", "subscription.amount": "168.00",
    "subscription.currency": "USD",
    "subscription.customer_name": "王芳", "subscription.id": 3,
    "product.name": "晨报", "product.price": "168", "branch.address": "人民路",
    "branch.phone": "02112345678",
}  # fmt: skip
#: What look-ups can find, beside nothing at all.
FOUND: Final[tuple[Data, ...]] = (
    {},
    OPEN | SURE,
    OPEN | SURE | {"news.prompt": "announcement-outage", "news.hang_up": False},
    OPEN | SURE | {"news.prompt": "announcement-outage", "news.hang_up": True},
    {"hours.open": False, "hours.reason": "hours"},
    {"hours.open": False, "hours.reason": "holiday"},
    SURE | {"of_queue.survey": False},
    SURE | {"answered_by": "machine", "machine": "message"},
    SURE | {"answered_by": "machine", "machine": "silent"},
    {"subscription.failed": True},
    SURE | {"again.later": False},
    SURE | {"again.later": False, "call.campaign": "spring"},
)


def dialogues(flow: str, language: str) -> Iterator[list[Dialogue]]:
    """Dialogues until every word was tried wherever somebody can say something; each as its parts."""
    for data in FOUND:
        seen: set[tuple[Any, ...]] = set()
        waiting = deque([[simulation.start(FLOWS, flow, texts=table.texts, language=language, data=data)]])
        while waiting:
            before = waiting.popleft()
            yield before
            last = before[-1]
            if last.outcome:
                continue
            mistakes = sum(len(exchange.mistakes) for exchange in last.exchanges)
            place = (last.exchanges[-1].step, last.exchanges[-1].action, mistakes, _tries(before))
            if place in seen or len(before) > _DEEPEST:
                continue
            seen.add(place)
            for word in WORDS:
                try:
                    waiting.append([*before, simulation.act(FLOWS, last.state, word, texts=table.texts)])
                except UnfitWordError:
                    continue


def _tries(parts: list[Dialogue]) -> int:
    """How often the present step was asked in a row."""
    place, count = parts[-1].exchanges[-1].step, 0
    for part in reversed(parts):
        if part.exchanges[-1].step != place:
            break
        count += 1
    return count


def gone(parts: list[Dialogue], flow: str) -> set[tuple[str, str]]:
    """The steps of this flow that followed one another."""
    steps = [
        way.step for part in parts for exchange in part.exchanges for way in exchange.ways if way.flow == flow
    ]
    return set(pairwise(steps))


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("flow", sorted(FLOWS))
def test_every_way_of_a_shipped_flow_can_be_gone_and_every_caller_gets_out(flow: str, language: str) -> None:
    left = {(edge.source, edge.target) for edge in edges(FLOWS[flow])}
    ended = 0
    for parts in dialogues(flow, language):
        left -= gone(parts, flow)
        ended += bool(parts[-1].outcome)
        said = [text for exchange in parts[-1].exchanges for text in exchange.says]
        assert all(text.strip() for text in said)
    assert left == set()
    assert ended
