"""Journal, board and recorder, joined as the program joins them, without an Asterisk."""

import asyncio
from pathlib import Path
from typing import Any

from cti.asterisk.events import parse
from cti.board.board import Board
from cti.journal.journal import Journal
from cti.recorder import recovery
from cti.recorder.recorder import Recorder

NODE = "lab"


class Service:
    """The part of the service between an event and its rows; `kill` leaves everything as it lies."""

    def __init__(self, folder: Path, url: str, **options: Any) -> None:
        self.recorder = Recorder(url, NODE, gather_seconds=0.005, **options)
        self.folder = folder
        self.tasks: list[asyncio.Task[None]] = []

    async def start(self, *, segment_bytes: int = 20_000) -> None:
        committed = await self.recorder.committed_position()
        self.journal = Journal(
            self.folder,
            segment_bytes=segment_bytes,
            checkpoint=lambda: self.board.dump(),
            not_below=committed or 0,
            gather_seconds=0.001,
        )
        self.board = Board(NODE)
        self.board = recovery.recover(self.journal, NODE, committed, self.recorder)
        self.tasks = [
            asyncio.create_task(self.journal.run()),
            asyncio.create_task(self.recorder.run(self.journal)),
        ]

    def feed(self, blocks: list[bytes]) -> None:
        for block in blocks:
            position = self.journal.append(block)
            self.recorder.take(self.board.apply(parse(block)), position)

    async def finish(self) -> None:
        async with asyncio.timeout(30):
            await self.recorder.drain()
        await self.kill()

    async def kill(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.journal.close()
