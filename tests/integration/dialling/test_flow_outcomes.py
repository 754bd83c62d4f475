"""With what the flow of an attempt ended is kept with its end, whenever it is told."""

import asyncio

import pytest
import pytest_asyncio
from dial_room import DAY, HOLDER, NODE, NOW, PHONE, DialRoom

from cti.asterisk.events import AmiEvent, encode, parse
from cti.board.board import Board
from cti.campaigns.model import CampaignKind
from cti.dialling import attempt_store
from cti.dialling.attempt import AttemptState
from cti.dialling.attempt_book import AttemptBook, Settlement
from cti.dialling.open_attempt import OpenAttempt
from cti.dialling.outcome import Outcome
from cti.dialling.retry import DEFAULT_RULES, AttemptLimits

ENDED_AT = NOW + 40


def event(kind: str, at: float, attempt_id: str, **headers: str) -> AmiEvent:
    return parse(encode(kind, at, Uniqueid=attempt_id, Linkedid=attempt_id, **headers))


def flow(kind: str, at: float, attempt_id: str, **headers: str) -> AmiEvent:
    return event(f"CtiFlow{kind}", at, attempt_id, Run=f"{attempt_id}.f1", Flow="reminder", **headers)


def begins(attempt_id: str, kind: str) -> list[AmiEvent]:
    channel = {"Channel": "PJSIP/trunk-1", "ChannelState": "6", "Context": "dialled", "Exten": "s"}
    return [
        event("Newchannel", NOW + 1, attempt_id, **channel),
        flow("Started", NOW + 2, attempt_id, Kind=kind, Version="0123456789ab", Language="en"),
    ]


def hangup(attempt_id: str) -> AmiEvent:
    return event("Hangup", ENDED_AT, attempt_id, Channel="PJSIP/trunk-1", Cause="16")


def ends(attempt_id: str, at: float) -> AmiEvent:
    return flow("Ended", at, attempt_id, Outcome="later")


class Followed:
    """An attempt that was sent, a board, and a book that follows both."""

    def __init__(self, room: DialRoom, attempt_id: str, campaign_id: int) -> None:
        self.id = attempt_id
        self.board = Board(NODE)
        self.book = AttemptBook(
            self.board, room.engine, clock=lambda: ENDED_AT + 1.0,
            retries_of=lambda _: (DEFAULT_RULES, AttemptLimits()),
        )  # fmt: skip
        self.written = asyncio.Event()
        self.book.on_end = lambda _attempt, _end: self.written.set()
        self._campaign_id = campaign_id

    def open(self, **changes: object) -> None:
        given = {
            "id": self.id, "phone": PHONE, "campaign_id": self._campaign_id, "queue": None, "sent_at": NOW,
            "told": True, **changes,
        }  # fmt: skip
        self.book.open(OpenAttempt(**given))  # type: ignore[arg-type]

    def happens(self, *events: AmiEvent) -> None:
        for one in events:
            self.book.observe(self.board.apply(one))

    async def until_it_is_written(self) -> None:
        writing = asyncio.create_task(self.book.run())
        try:
            async with asyncio.timeout(10):
                await self.written.wait()
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)


@pytest_asyncio.fixture
async def followed(room: DialRoom) -> Followed:
    campaign = await room.campaign(kind=CampaignKind.IVR, flow="reminder")
    await room.contact(campaign)
    (claim,) = await room.claim(campaign)
    async with room.engine.begin() as connection:
        assert await attempt_store.set_sending(
            connection, claim.attempt_id, holder=HOLDER, epoch=1, now=NOW, boot=""
        )
    return Followed(room, claim.attempt_id, campaign.id)


async def kept(room: DialRoom) -> tuple[object, ...]:
    ((outcome, flow_outcome, state, next_at),) = await room.rows(
        "SELECT a.outcome, a.flow_outcome, c.state, extract(epoch FROM c.next_at)::float8"
        " FROM attempts a JOIN contacts c ON c.id = a.contact_id"
    )
    return outcome, flow_outcome, state, next_at


ASKED = ("answered", "later", "open", ENDED_AT + DAY)


@pytest.mark.parametrize("hurries", [False, True])
async def test_who_asks_for_another_time_has_asked_for_it_also_when_he_hangs_up_meanwhile(
    room: DialRoom, followed: Followed, hurries: bool
) -> None:
    followed.open()
    followed.happens(*begins(followed.id, "outbound"))
    last = [ends(followed.id, ENDED_AT - 0.1), hangup(followed.id)]
    if hurries:
        last = [hangup(followed.id), ends(followed.id, ENDED_AT + 0.1)]
    followed.happens(*last)
    await followed.until_it_is_written()
    assert await kept(room) == ASKED


async def test_whose_call_was_over_before_it_was_taken_over_has_asked_for_it(
    room: DialRoom, followed: Followed
) -> None:
    """The service died after the flow had ended, and the journal has told the board of it."""
    followed.happens(*begins(followed.id, "outbound"), ends(followed.id, ENDED_AT - 0.1), hangup(followed.id))
    followed.open(look_at=ENDED_AT, state=AttemptState.BRIDGED)
    followed.book.end(followed.id, Settlement(outcome=Outcome.ANSWERED, ended_at=ENDED_AT))
    await followed.until_it_is_written()
    assert await kept(room) == ASKED


async def test_what_a_survey_ends_with_says_nothing_of_an_attempt(room: DialRoom, followed: Followed) -> None:
    followed.open()
    followed.happens(*begins(followed.id, "survey"), ends(followed.id, ENDED_AT - 0.1), hangup(followed.id))
    await followed.until_it_is_written()
    assert (await kept(room))[:3] == ("answered", None, "closed")
