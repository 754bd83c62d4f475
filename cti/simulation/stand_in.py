"""A stand-in for the service's FastAGI server, for laboratories without the service.

It can ask, be mute, or talk nonsense: recordings have a survey, and tests show what the dialplan does without
a sane service.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

Session = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def _head(reader: asyncio.StreamReader) -> dict[str, str]:
    head = {}
    while line := (await reader.readline()).decode(errors="replace").strip():
        name, _, value = line.partition(": ")
        head[name] = value
    return head


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, command: str) -> str:
    writer.write(f"{command}\n".encode())
    await writer.drain()
    while line := (await reader.readline()).decode(errors="replace").strip():
        if line.startswith("200"):
            return line.partition("result=")[2]
    return ""


async def survey(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer who calls in with nothing; ask two questions of whose agent has hung up."""
    head = await _head(reader)
    if head.get("agi_arg_2") == "survey":
        await _ask(reader, writer, 'SET VARIABLE TIMEOUT(absolute) "120"')
        for question in ("cti/survey-question-1", "cti/survey-question-2"):
            await _ask(reader, writer, f"GET DATA {question} 5000 1")
        await _ask(reader, writer, 'STREAM FILE cti/survey-thanks ""')


async def mute(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Accept and never say a word."""
    await reader.read()


async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say what is no command, and stay."""
    await _head(reader)
    for _ in range(100):
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n\x00\xff")
    await reader.read()


async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send lines without end, reading nothing."""
    await _head(reader)
    while True:
        writer.write(b"NOOP nonsense\n" * 10)
        await writer.drain()
        await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def serving(port: int, session: Session, host: str = "127.0.0.1") -> AsyncIterator[list[str]]:
    """Serve ``session`` at a port; the list grows with the peer of each connection."""
    seen: list[str] = []
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        seen.append(str(writer.get_extra_info("peername")))
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await session(reader, writer)
        writer.close()

    server = await asyncio.start_server(connected, host, port)
    try:
        yield seen
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
