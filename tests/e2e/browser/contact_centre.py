"""What the browser tests stand on: the running service, its people, and a wire to it that can be cut."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from playwright.async_api import Browser, BrowserContext, Page, expect

from cti.app import Service
from cti.board.facts import Fact
from cti.customers.demo import demo_number
from cti.simulation.call import SimulatedCall
from cti.simulation.lab import Lab
from cti.simulation.lab_ports import HOST
from cti.simulation.phone import SimulatedPhone

#: The caller whom sipp plays first, a demo customer who speaks Chinese.
KNOWN_NUMBER = demo_number(0)
UNKNOWN_NUMBER = "+8615499999999"
#: Of a common telephone, in the browser's pixels.
PHONE_WIDTH = 390
#: Playwright waits this long for what a test expects (ms); the machine may be busy.
PATIENCE_MS = 10_000
#: How long the database may take for what the service has heard.
RECORDED_SECONDS = 20.0

expect.set_options(timeout=PATIENCE_MS)

Some = TypeVar("Some", bound=Fact)


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
    service: Service
    wire: Wire
    browser: Browser
    passwords: dict[str, str]
    #: The demo customer at `KNOWN_NUMBER`.
    customer_name: str
    pictures: Path
    _contexts: list[BrowserContext] = field(default_factory=list)
    #: What the browser complained about; a test that expects none looks here.
    complaints: list[str] = field(default_factory=list)
    _awaited: list[Callable[[Fact], bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.service.intake.listen(self._observe)

    async def visit(
        self, path: str = "/", *, locale: str = "zh-CN", scheme: str = "light", width: int = 1280
    ) -> Page:
        """A browser of somebody who was never here before, at a page."""
        context = await self.browser.new_context(
            locale=locale,
            color_scheme="dark" if scheme == "dark" else "light",
            viewport={"width": width, "height": 720 if width > PHONE_WIDTH else 844},
        )
        self._contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self._console(message.type, message.text))
        await page.goto(self.wire.url + path)
        return page

    async def signed_in(
        self, username: str, *, locale: str = "zh-CN", scheme: str = "light", width: int = 1280
    ) -> Page:
        """The start page of somebody who has just signed in."""
        page = await self.visit(locale=locale, scheme=scheme, width=width)
        await page.fill("#username", username)
        await page.fill("#password", self.passwords[username])
        await page.keyboard.press("Enter")
        await page.wait_for_url(lambda url: "sign-in" not in url)
        return page

    async def ready_agent(
        self, username: str = "agent", extension: int = 1001, *, locale: str = "zh-CN", scheme: str = "light"
    ) -> Page:
        """The page of an agent who is ready at a phone."""
        page = await self.signed_in(username, locale=locale, scheme=scheme)
        await page.get_by_role("radio", name=f"Phone {extension}").check()
        await page.click("[data-test=agent-sign-in]")
        await page.click("[data-test=ready]")
        await expect_state(page, "ready")
        return page

    def fact(self, kind: type[Some], holds: Callable[[Some], bool] = lambda _: True) -> asyncio.Future[Some]:
        """A future for the service's next fact of a kind; ask before causing it."""
        found: asyncio.Future[Some] = asyncio.get_running_loop().create_future()

        def wanted(fact: Fact) -> bool:
            if not found.done() and isinstance(fact, kind) and holds(fact):
                found.set_result(fact)
            return found.done()

        self._awaited.append(wanted)
        return found

    async def recorded(self) -> None:
        """Wait until the database has all that the service has heard until now."""
        async with asyncio.timeout(RECORDED_SECONDS):
            await self.service.recorder.drain()

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

    def _observe(self, facts: list[Fact]) -> None:
        for fact in facts:
            self._awaited = [wanted for wanted in self._awaited if not wanted(fact)]

    def _console(self, kind: str, text: str) -> None:
        # That nobody is signed in, and that a wire is cut, the browser reports too; both are wanted.
        if kind == "error" and "401" not in text and "ERR_" not in text and "WebSocket" not in text:
            self.complaints.append(text)


async def ask(page: Page, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Ask the service as the person at a page could; the status, and what it answers."""
    answer = await page.evaluate(_ASK, [method, path, body])
    return answer["status"], answer["body"]


_ASK = """async ([method, path, body]) => {
  const session = await (await fetch('/api/v1/session')).json()
  const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': session.csrf_token }
  const sent = body === null ? undefined : JSON.stringify(body)
  const answer = await fetch('/api/v1' + path, { method, headers, body: sent })
  const text = await answer.text()
  return { status: answer.status, body: text === '' ? null : JSON.parse(text) }
}"""


async def expect_state(page: Page, state: str) -> None:
    """Wait until an agent's page shows a state."""
    await expect(page.locator(f"[data-test=agent-state][data-state={state}]")).to_be_visible()


async def expect_phase(page: Page, phase: str) -> None:
    """Wait until an agent's page shows a call in a phase."""
    await expect(page.locator(f"[data-test=call][data-phase={phase}]")).to_be_visible()


async def open_by_menu(page: Page, heading: str, name: str) -> None:
    """Go to a page by the menu, with the keyboard: its group, then the page."""
    group = page.locator(f"[data-test=menu-{heading}]")
    await group.focus()
    await page.keyboard.press("ArrowDown")
    link = group.locator("xpath=..").get_by_role("link", name=name, exact=True)
    await link.focus()
    await page.keyboard.press("Enter")
    await expect(link).to_be_hidden()


async def answered(phone: SimulatedPhone, count: int = 1) -> SimulatedCall:
    """Let a phone ring and answer at once."""
    call = await phone.next_call(count)
    call.ring()
    await call.answer()
    return call
