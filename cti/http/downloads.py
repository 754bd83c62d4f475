"""Files that a browser saves."""

from collections.abc import AsyncIterator, Mapping

import structlog
from aiohttp import web

from cti.db.engine import UNAVAILABLE

log = structlog.get_logger(__name__)

#: Without it Excel takes UTF-8 for the encoding of its own country.
_BYTE_ORDER_MARK = "\ufeff"


def csv_download(file_name: str, text: str) -> web.Response:
    """A table as CSV; ``file_name`` is of our own making or a name that was checked."""
    return web.Response(body=(_BYTE_ORDER_MARK + text).encode(), headers=_headers(file_name))


async def csv_stream(
    request: web.Request,
    file_name: str,
    pieces: AsyncIterator[str],
    *,
    headers: Mapping[str, str] | None = None,
) -> web.StreamResponse:
    """A table as CSV that is sent while it is read, however long it is; ``file_name`` as for `csv_download`.

    ``pieces`` are texts of whole lines, one at least, and the first begins with the headings. What goes wrong
    before that one is there is raised, and can still be answered. When the database does not give the rest,
    the connection breaks.
    """
    first = await anext(pieces)
    response = web.StreamResponse(headers={**_headers(file_name), **(headers or {})})
    await response.prepare(request)
    try:
        await response.write((_BYTE_ORDER_MARK + first).encode())
        async for piece in pieces:
            await response.write(piece.encode())
        await response.write_eof()
    except UNAVAILABLE as error:
        # Half a table that looks whole would be worse than none.
        log.warning("download.broken_off", file=file_name, error=str(error)[:200])
        if request.transport is not None:
            request.transport.abort()
    return response


def _headers(file_name: str) -> dict[str, str]:
    return {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{file_name}"',
        "Cache-Control": "no-store",
    }
