"""What a run has done for it: in time or not at all, and nothing for whom it is not."""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from cti.asterisk.events import parse
from cti.errors import LookupFailed
from cti.flows.actions import (
    Answered,
    Done,
    Entered,
    Failed,
    Find,
    Found,
    Mistaken,
    NotFound,
    RefuseCalls,
    SendMessage,
    SwitchAnnouncement,
)
from cti.flows.deed_words import RefusalScope
from cti.flows.question_words import QuestionKind
from cti.flows.sources import LookUpSource
from cti.ivr.sessions.flow_deeds import FlowDeeds
from cti.ivr.sessions.run_record import Away, RunRecord

CALL = {"call.number": "+8613800138000", "call.campaign": ""}


class Journal:
    """Keeps blocks; on disk at once, or never."""

    def __init__(self, *, writes: bool = True) -> None:
        self.blocks: list[bytes] = []
        self._writes = writes

    def take(self, block: bytes) -> int:
        self.blocks.append(block)
        return len(self.blocks)

    async def durable(self, position: int) -> None:
        if not self._writes:
            await asyncio.Event().wait()

    def record(self) -> RunRecord:
        return RunRecord(
            uniqueid="n-1.1", name="n-1.1.f1", flow="main", take=self.take, durable=self.durable,
            clock=lambda: 5.0,
        )  # fmt: skip

    @property
    def events(self) -> list[dict[str, str]]:
        return [parse(block).headers for block in self.blocks]


class Answers:
    """A source that answers with what a test wants."""

    def __init__(self, answer: Any) -> None:
        self.asked: list[Mapping[str, object]] = []
        self._answer = answer

    async def look_up(self, arguments: Mapping[str, object]) -> Any:
        self.asked.append(arguments)
        if isinstance(self._answer, Exception):
            raise self._answer
        if self._answer == "late":
            await asyncio.sleep(5)
        return self._answer


class Switches:
    """Announcements that note who switched them."""

    def __init__(self) -> None:
        self.switched: list[tuple[str, bool, int | None]] = []

    async def switch(self, name: str, *, on: bool, user_id: int | None) -> None:
        self.switched.append((name, on, user_id))


class Known:
    """Endpoints of which one is known."""

    def knows(self, name: str) -> bool:
        return name == "tips"


def find(source: LookUpSource = LookUpSource.CUSTOMER, **arguments: str) -> Find:
    return Find(step="main/find", source=source, arguments=dict(arguments), timeout_seconds=0.05)


@pytest.mark.parametrize(
    ("answer", "event"),
    [
        ({"name": "Lin"}, Found(values={"name": "Lin"})),
        (None, NotFound()),
        (LookupFailed("down"), Failed(reason="customers.lookup_failed")),
        ("late", Failed(reason="lookup.late")),
    ],
)
async def test_what_nobody_can_tell_is_not_the_same_as_what_is_not_there(answer: Any, event: Any) -> None:
    deeds = FlowDeeds(sources={LookUpSource.CUSTOMER: Answers(answer)})
    assert await deeds.do(find(), Journal().record(), CALL) == event


async def test_the_caller_is_looked_up_by_his_number_and_no_endpoint_is_told_of_it() -> None:
    customers, endpoint = Answers(None), Answers(None)
    deeds = FlowDeeds(sources={LookUpSource.CUSTOMER: customers, LookUpSource.HTTP: endpoint})
    record = Journal().record()
    await deeds.do(find(), record, CALL)
    await deeds.do(find(number="1"), record, CALL)
    await deeds.do(find(LookUpSource.HTTP, url="prices"), record, CALL)
    assert [asked["number"] for asked in customers.asked] == ["+8613800138000", "1"]
    assert endpoint.asked == [{"url": "prices"}]


async def test_a_source_that_is_not_there_is_our_failure() -> None:
    event = await FlowDeeds(sources={}).do(find(), Journal().record(), CALL)
    assert isinstance(event, Failed)


async def test_nobody_switches_an_announcement_who_has_not_shown_who_he_is() -> None:
    switches = Switches()
    deeds = FlowDeeds(
        sources={LookUpSource.STAFF: Answers({"id": 7, "name": "Li", "role": "supervisor"})},
        announcements=switches,
    )
    record = Journal().record()
    switch = SwitchAnnouncement(step="main/s", announcement="outage", on=True)
    assert await deeds.do(switch, record, CALL) == Failed(reason="switch.nobody")
    await deeds.do(find(LookUpSource.STAFF, staff="0007", pin="123456"), record, CALL)
    assert await deeds.do(switch, record, CALL) == Done()
    assert switches.switched == [("outage", True, 7)]


async def test_a_message_is_in_the_journal_and_goes_only_where_the_settings_say() -> None:
    journal = Journal()
    deeds = FlowDeeds(sources={}, endpoints=Known())
    record = journal.record()
    assert await deeds.do(SendMessage(step="m/s", to="tips", values={"a": "新\n"}), record, CALL) == Done()
    event = await deeds.do(SendMessage(step="m/s", to="http://evil", values={}), record, CALL)
    assert isinstance(event, Failed)
    [sent] = journal.events
    assert (sent["Event"], sent["To"], sent["Message"]) == ("CtiMessageQueued", "tips", "n-1.1.f1.m1")
    assert msgspec.json.decode(sent["Payload"]) == {"a": "新\n"}


async def test_what_is_not_safe_is_not_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cti.journal.durability.PATIENCE_SECONDS", 0.01)
    refuse = RefuseCalls(step="m/r", scope=RefusalScope.ALL)
    deeds = FlowDeeds(sources={})
    assert await deeds.do(refuse, Journal().record(), CALL) == Done()
    assert isinstance(await deeds.do(refuse, Journal(writes=False).record(), CALL), Failed)
    of_nobody = await deeds.do(refuse, Journal().record(), {"call.number": None})
    assert isinstance(of_nobody, Failed), "a withheld number cannot be refused"


def test_notes_are_counted_in_one_order_and_name_the_flow_in_which_they_were_made() -> None:
    journal = Journal()
    record = journal.record()
    record.note([Entered(flow="sub", step="ask", way="start")])
    answered = record.note(
        [
            Mistaken(flow="sub", step="ask", keys="9"),
            Answered(
                flow="sub", step="ask", question="q", kind=QuestionKind.SCALE, value="****", keys="****"
            ),
        ]
    )
    assert answered
    assert [(one["Event"], one["Ordinal"], one["Flow"]) for one in journal.events] == [
        ("CtiFlowStep", "1", "sub"),
        ("CtiFlowMistake", "2", "sub"),
        ("CtiFlowAnswer", "3", "sub"),
    ]


def test_where_a_run_is_comes_back_as_it_was_written() -> None:
    away = Away(parts={"sub": "0123456789ab"}, run=msgspec.Raw('{"x": "新"}'.encode()))
    read = Away.read(away.text())
    assert (read.parts, bytes(read.run)) == (away.parts, bytes(away.run))
    assert away.text().isascii()
    for broken in ("", "####", "e30="):
        with pytest.raises(ValueError):  # noqa: PT011
            Away.read(broken)
