"""Callers who keep their place, for supervisors and admins."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec
import sqlalchemy as sa
from aiohttp import web

from cti.board.board import Board
from cti.callbacks import store
from cti.callbacks.keeper import CallbackKeeper
from cti.callbacks.model import Callback, CallbackState
from cti.callbacks.turn import place
from cti.customers.numbers import mask
from cti.http.keys import ENGINE
from cti.http.principal import Principal, Role, Scope
from cti.http.problems import Problem
from cti.http.routing import Nothing, Routes
from cti.http.shapes import (
    CursorInstant,
    Instant,
    Items,
    Page,
    PageQuery,
    decode_cursor,
    encode_cursor,
    instant,
    instant_or_none,
)

routes = Routes(tag="queue callbacks")

LEADERS: Final = (Role.SUPERVISOR, Role.ADMIN)
BOARD: web.AppKey[Board] = web.AppKey("callbacks board")
KEEPER: web.AppKey[CallbackKeeper] = web.AppKey("callback keeper")

CallbackId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]{1,160}$")]


class CallbackView(msgspec.Struct, frozen=True, kw_only=True):
    """One callback. ``place`` is the place in the line, 1 for the head, while it waits."""

    id: str
    call_id: str
    queue: str
    number: str | None
    language: str | None
    promised_at: Instant
    state: str
    place: int | None
    dialled_at: Instant | None
    ended_at: Instant | None


@routes.get("/api/v1/queue-callbacks", roles=LEADERS, summary="List callers who keep their place")
async def list_callbacks(request: web.Request, principal: Principal) -> Items[CallbackView]:
    """In the order of their places, queue by queue; also those who are being called."""
    board = request.app[BOARD]
    found = sorted(board.callbacks(), key=lambda one: (one.queue, one.place_at, one.id))
    full = principal.has_scope(Scope.NUMBERS_READ)
    return Items(items=[_view(one, board, found, full=full) for one in found])


@routes.get("/api/v1/queue-callbacks/ended", roles=LEADERS, summary="List callbacks that are over")
async def list_ended(request: web.Request, principal: Principal, query: PageQuery) -> Page[CallbackView]:
    """The last promised first, with what became of them."""
    after = decode_cursor(query.cursor, tuple[CursorInstant, str]) if query.cursor else None
    before = (datetime.fromtimestamp(after[0], UTC), after[1]) if after else None
    async with request.app[ENGINE].connect() as connection:
        rows, following = await store.page_ended(connection, limit=query.limit, before=before)
    full = principal.has_scope(Scope.NUMBERS_READ)
    return Page(
        items=[_row(row, full=full) for row in rows],
        next_cursor=encode_cursor(following[0].timestamp(), following[1]) if following else None,
    )


@routes.post(
    "/api/v1/queue-callbacks/{callback_id}/cancel", roles=LEADERS, summary="Call somebody back no more"
)
async def cancel(request: web.Request, callback_id: CallbackId, body: Nothing) -> None:  # noqa: ARG001
    """He loses his place. One who is being called already is not stopped."""
    found = next((one for one in request.app[BOARD].callbacks() if one.id == callback_id), None)
    if found is None:
        raise Problem("queue_callback.not_found")
    if found.state is not CallbackState.WAITING:
        raise Problem("queue_callback.is_dialled")
    request.app[KEEPER].cancel(found)


def _view(callback: Callback, board: Board, callbacks: list[Callback], *, full: bool) -> CallbackView:
    of_queue = [one for one in callbacks if one.queue == callback.queue]
    joined = [entry.joined_at for entry in board.waiting() if entry.queue == callback.queue]
    return CallbackView(
        id=callback.id,
        call_id=callback.call_id,
        queue=callback.queue,
        number=callback.number if full else mask(callback.number),
        language=callback.language,
        promised_at=instant(callback.promised_at),
        state=callback.state.value,
        place=place(callback, of_queue, joined) if callback.state is CallbackState.WAITING else None,
        dialled_at=instant_or_none(callback.dialled_at),
        ended_at=None,
    )


def _row(row: sa.Row[Any], *, full: bool) -> CallbackView:
    return CallbackView(
        id=row.id,
        call_id=row.call_id,
        queue=row.queue,
        number=row.number if full else mask(row.number),
        language=row.language,
        promised_at=instant(row.promised_at.timestamp()),
        state=row.state,
        place=None,
        dialled_at=instant(row.dialled_at.timestamp()) if row.dialled_at else None,
        ended_at=instant(row.ended_at.timestamp()) if row.ended_at else None,
    )
