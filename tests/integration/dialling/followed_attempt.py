"""An attempt that was sent, and what is seen of it, without an Asterisk: events, a board and a book."""

import asyncio

from dial_room import NODE, NOW, PHONE, DialRoom

from cti.asterisk.events import AmiEvent, encode, parse
from cti.board.board import Board
from cti.dialling.attempts.attempt_book import AttemptBook
from cti.dialling.attempts.open_attempt import OpenAttempt
from cti.dialling.rules.retry import DEFAULT_RULES, AttemptLimits

ANSWERED_AT = NOW + 1
ENDED_AT = NOW + 40
#: When it is looked at.
LATER = ENDED_AT + 1


def event(kind: str, at: float, attempt_id: str, **headers: str) -> AmiEvent:
    return parse(encode(kind, at, Uniqueid=attempt_id, Linkedid=attempt_id, **headers))


def flow(kind: str, at: float, attempt_id: str, **headers: str) -> AmiEvent:
    return event(f"CtiFlow{kind}", at, attempt_id, Run=f"{attempt_id}.f1", Flow="reminder", **headers)


def answers(attempt_id: str) -> AmiEvent:
    channel = {"Channel": "PJSIP/trunk-1", "ChannelState": "6", "Context": "dialled", "Exten": "s"}
    return event("Newchannel", ANSWERED_AT, attempt_id, **channel)


def begins(attempt_id: str, kind: str) -> list[AmiEvent]:
    return [
        answers(attempt_id),
        flow("Started", NOW + 2, attempt_id, Kind=kind, Version="0123456789ab", Language="en"),
    ]


def hangup(attempt_id: str, at: float = ENDED_AT) -> AmiEvent:
    return event("Hangup", at, attempt_id, Channel="PJSIP/trunk-1", Cause="16")


def ends(attempt_id: str, at: float) -> AmiEvent:
    return flow("Ended", at, attempt_id, Outcome="later")


class Followed:
    """An attempt that was sent, a board, and a book that follows both."""

    def __init__(self, room: DialRoom, attempt_id: str, campaign_id: int) -> None:
        self.id = attempt_id
        self.board = Board(NODE)
        self.book = AttemptBook(
            self.board, room.engine, clock=lambda: LATER,
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
