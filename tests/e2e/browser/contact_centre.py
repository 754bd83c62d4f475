"""What the browser tests stand on: the running service, its people, and a wire to it that can be cut."""

import asyncio
import contextlib
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from playwright.async_api import Browser, BrowserContext, Page, expect

from cti.customers.demo import demo_number
from cti.simulation.call import SimulatedCall
from cti.simulation.lab import HOST, Lab
from cti.simulation.phone import SimulatedPhone

#: The caller whom sipp plays first, a demo customer who speaks Chinese.
KNOWN_NUMBER = demo_number(0)
UNKNOWN_NUMBER = "+8615499999999"
#: Playwright waits this long for what a test expects (ms); the machine may be busy.
PATIENCE_MS = 10_000

expect.set_options(timeout=PATIENCE_MS)


def chromium_path() -> str | None:
    """The browser of the system; playwright's own is not needed."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CTI_TEST_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


class Wire:
    """A relay on the way from the browser to the service: cut it, and no byte passes any more."""

    def __init__(self, port: int) -> None:
        self._service_port = port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def __aenter__(self) -> Self:
        await self.mend()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.cut()

    @property
    def url(self) -> str:
        """What the browser opens."""
        return f"http://{HOST}:{self.port}"

    async def mend(self) -> None:
        """Let connections through, at the port they had."""
        self._server = await asyncio.start_server(self._relay, HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """End every connection and refuse new ones."""
        if self._server is not None:
            self._server.close()
        for writer in tuple(self._writers):
            writer.transport.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(OSError):
            other_reader, other_writer = await asyncio.open_connection(HOST, self._service_port)
            self._writers |= {writer, other_writer}
            try:
                # It may have been cut while this connection was being made.
                if self._server is not None and self._server.is_serving():
                    await asyncio.gather(_pipe(reader, other_writer), _pipe(other_reader, writer))
            finally:
                self._writers -= {writer, other_writer}
                for end in (writer, other_writer):
                    end.transport.abort()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@dataclass(kw_only=True)
class Centre:
    """The contact centre under test."""

    lab: Lab
    wire: Wire
    browser: Browser
    passwords: dict[str, str]
    #: The demo customer at `KNOWN_NUMBER`.
    customer_name: str
    pictures: Path
    _contexts: list[BrowserContext] = field(default_factory=list)
    #: What the browser complained about; a test that expects none looks here.
    complaints: list[str] = field(default_factory=list)

    async def visit(self, path: str = "/", *, locale: str = "zh-CN", scheme: str = "light") -> Page:
        """A browser of somebody who was never here before, at a page."""
        context = await self.browser.new_context(
            locale=locale,
            color_scheme="dark" if scheme == "dark" else "light",
            viewport={"width": 1280, "height": 720},
        )
        self._contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self._console(message.type, message.text))
        await page.goto(self.wire.url + path)
        return page

    async def signed_in(self, username: str, *, locale: str = "zh-CN", scheme: str = "light") -> Page:
        """The start page of somebody who has just signed in."""
        page = await self.visit(locale=locale, scheme=scheme)
        await page.fill("#username", username)
        await page.fill("#password", self.passwords[username])
        await page.keyboard.press("Enter")
        await page.wait_for_url(lambda url: "sign-in" not in url)
        return page

    async def ready_agent(self, username: str = "agent", extension: int = 1001, **options: str) -> Page:
        """The page of an agent who is ready at a phone."""
        page = await self.signed_in(username, **options)
        await page.get_by_role("radio", name=f"Phone {extension}").check()
        await page.click("[data-test=agent-sign-in]")
        await page.click("[data-test=ready]")
        await expect_state(page, "ready")
        return page

    def phone(self, extension: int = 1001) -> SimulatedPhone:
        """An agent's phone."""
        return self.lab.phone(extension)

    async def picture(self, page: Page, name: str) -> None:
        """Keep what the page looks like, for a person to look at."""
        await page.screenshot(path=self.pictures / f"{name}.png")

    async def leave(self) -> None:
        """Close every browser window of the test."""
        for context in self._contexts:
            await context.close()
        self._contexts.clear()
        self.complaints.clear()

    def _console(self, kind: str, text: str) -> None:
        # That nobody is signed in, and that a wire is cut, the browser reports too; both are wanted.
        if kind == "error" and "401" not in text and "ERR_" not in text and "WebSocket" not in text:
            self.complaints.append(text)


async def expect_state(page: Page, state: str) -> None:
    """Wait until an agent's page shows a state."""
    await expect(page.locator(f"[data-test=agent-state][data-state={state}]")).to_be_visible()


async def expect_phase(page: Page, phase: str) -> None:
    """Wait until an agent's page shows a call in a phase."""
    await expect(page.locator(f"[data-test=call][data-phase={phase}]")).to_be_visible()


async def answered(phone: SimulatedPhone, count: int = 1) -> SimulatedCall:
    """Let a phone ring and answer at once."""
    call = await phone.next_call(count)
    call.ring()
    await call.answer()
    return call
