"""The flows in memory, so that a call is answered at once and without the database.

A call gets the active version and keeps it to its end, sub-flows included, whatever is activated meanwhile.
While the database is away the last known versions serve, and before it was ever reached those that came with
the service.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.errors import CtiError
from cti.flows.model import Flow
from cti.flows.version import version_of
from cti.ivr.library.flow_store import NewVersion, read_text, read_texts, register_shipped

log = structlog.get_logger(__name__)

_REFRESH_SECONDS: Final = 10.0
_TIME_LIMIT_SECONDS: Final = 5.0
#: Versions stay at hand for so long after another was activated; no call is longer.
_REPLACED_SECONDS: Final = 24 * 3600.0

#: Older versions that calls asked for are kept up to this number.
_MOST_ASKED_FOR: Final = 50

#: Makes a flow of a text; raises a CtiError when it is none.
Reader = Callable[[str], Flow]
_Key = tuple[str, str]
_NO_PARTS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True, slots=True)
class Edition:
    """What one call runs through: a version of a flow, and of each sub-flow that it can come to.

    ``parts`` are the sub-flows' versions by name; with them `FlowBook.version` gives the same edition again.
    ``flows`` has them all by name, the flow itself too: what `cti.flows.run.Run` takes.
    """

    name: str
    version: str
    flow: Flow
    parts: Mapping[str, str]
    flows: Mapping[str, Flow]


class FlowBook:
    """Active and recent versions of all flows; `run` is the loop, `refresh` reads at once after a change.

    ``shipped`` are the texts that came with the service, by the flow's name. A text is made a flow when it is
    needed for the first time, or by `refresh`, in a thread, before.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        shipped: Mapping[str, str],
        read: Reader,
        *,
        refresh_seconds: float = _REFRESH_SECONDS,
    ) -> None:
        self._engine = engine
        self._read = read
        self._refresh_seconds = refresh_seconds
        self._shipped = {(name, version_of(text)): text for name, text in shipped.items()}
        self._texts: dict[_Key, str] = dict(self._shipped)
        self._flows: dict[_Key, Flow] = {}
        #: Texts that were asked for by calls, the latest last.
        self._asked_for: dict[_Key, str] = {}
        #: The version that callers should get, and those that they get when it cannot be used.
        self._active: dict[str, list[str]] = {name: [version] for name, version in self._shipped}
        self._turn = asyncio.Lock()
        self._is_registered = False
        self._is_down = False
        #: Why a version cannot be used, by flow and version: another release wrote it.
        self.broken: dict[_Key, str] = {}

    def active(self, name: str) -> Edition | None:
        """What a call that begins now runs through; None when there is no such flow."""
        for version in self._active.get(name, ()):
            edition = self.version(name, version)
            if edition is not None:
                return edition
        return None

    def active_texts(self) -> dict[str, tuple[str, Flow]]:
        """The text and the flow of each active version, by name."""
        editions = [edition for name in self._active if (edition := self.active(name)) is not None]
        return {one.name: (self._texts[one.name, one.version], one.flow) for one in editions}

    def version(self, name: str, version: str, parts: Mapping[str, str] = _NO_PARTS) -> Edition | None:
        """A version that some call began with, as far as it is at hand; see `find`.

        Sub-flows come in the versions of ``parts``, and where it does not say, in the active ones.
        """
        flow = self._flow((name, version))
        if flow is None:
            return None
        found = {name: flow}
        versions: dict[str, str] = {}
        waiting = [flow]
        while waiting:
            for part in parts_of(waiting.pop()):
                key = self._part(part, parts)
                if part not in found and key is not None:
                    found[part], versions[part] = self._flows[key], key[1]
                    waiting.append(found[part])
        return Edition(
            name=name,
            version=version,
            flow=flow,
            parts=MappingProxyType(versions),
            flows=MappingProxyType(found),
        )

    async def find(self, name: str, version: str, parts: Mapping[str, str] = _NO_PARTS) -> Edition | None:
        """As `version`, and what is not at hand is read from the database, however old.

        While that is away, only what is at hand is found.
        """
        for key in ((name, version), *parts.items()):
            if key not in self._texts:
                await self._fetch(key)
        return self.version(name, version, parts)

    async def load(self) -> bool:
        """Reads which versions are active, and makes no flow of them yet: for a start that waits for nothing.

        False (and once a line in the log) when the database does not answer.
        """
        async with self._turn:
            return await self._ask_database(self._load)

    async def refresh(self) -> bool:
        """Reads the active versions and has their flows at hand; answers as `load`."""
        async with self._turn:
            await self._make_flows()
            if not await self._ask_database(self._register):
                return False
            await self._make_flows()
        return True

    async def run(self) -> None:
        """Refreshes until cancelled."""
        while True:
            await self.refresh()
            await asyncio.sleep(self._refresh_seconds)

    async def _ask_database(self, ask: Callable[[], Awaitable[None]]) -> bool:
        try:
            async with asyncio.timeout(_TIME_LIMIT_SECONDS):
                await ask()
        except (OSError, TimeoutError, SQLAlchemyError) as error:
            if not self._is_down:
                log.warning("Flows go on in their last known versions", reason=type(error).__name__)
            self._is_down = True
            return False
        if self._is_down:
            log.info("The versions of flows can be read again")
        self._is_down = False
        return True

    async def _register(self) -> None:
        if not self._is_registered:
            shipped = [
                new_version(text, self._flows[key])
                for key, text in self._shipped.items()
                if key in self._flows
            ]
            async with self._engine.begin() as connection:
                changed = await register_shipped(connection, shipped)
            self._is_registered = True
            if changed:
                log.info("flows.shipped_activated", flows=changed)
        await self._load()

    async def _load(self) -> None:
        async with self._engine.connect() as connection:
            texts = await read_texts(connection, seconds=_REPLACED_SECONDS)
        found = {(text.flow, text.version): text.text for text in texts}
        for text in texts:
            if text.active:
                self._put_first(text.flow, text.version)
        serving = {(name, version) for name, versions in self._active.items() for version in versions}
        self._texts = (
            {key: text for key, text in self._texts.items() if key in serving} | found | self._shipped
        )
        self._flows = {key: flow for key, flow in self._flows.items() if key in self._texts}

    def _put_first(self, name: str, version: str) -> None:
        """When the version cannot be used, what served so far goes on, or what was shipped."""
        before = [known for known in self._active.get(name, []) if (name, known) in self._flows][:1]
        shipped = [known for flow, known in self._shipped if flow == name]
        self._active[name] = list(dict.fromkeys([version, *before, *shipped]))

    async def _fetch(self, key: _Key) -> None:
        try:
            async with asyncio.timeout(_TIME_LIMIT_SECONDS), self._engine.connect() as connection:
                text = await read_text(connection, *key)
        except (OSError, TimeoutError, SQLAlchemyError) as error:
            log.warning("flows.version_not_read", flow=key[0], version=key[1], reason=type(error).__name__)
            return
        if text is not None:
            while len(self._asked_for) >= _MOST_ASKED_FOR:
                del self._asked_for[next(iter(self._asked_for))]
            self._asked_for[key] = self._texts[key] = text
            # A long text takes tens of milliseconds, in which calls want to go on.
            await asyncio.to_thread(self._flow, key)

    async def _make_flows(self) -> None:
        for key in list(self._texts):
            if key not in self._flows and key not in self.broken:
                await asyncio.to_thread(self._flow, key)

    def _flow(self, key: _Key) -> Flow | None:
        flow = self._flows.get(key)
        if flow is None and key in self._texts and key not in self.broken:
            try:
                flow = self._flows[key] = self._read(self._texts[key])
            except CtiError as error:
                self.broken[key] = error.message
                log.error("flows.version_unreadable", flow=key[0], version=key[1], reason=error.message)
        return flow

    def _part(self, name: str, parts: Mapping[str, str]) -> _Key | None:
        for version in (parts.get(name), *self._active.get(name, ())):
            if version is not None and self._flow((name, version)) is not None:
                return name, version
        return None


def new_version(text: str, flow: Flow, note: str = "") -> NewVersion:
    """What is stored of a text that was read as this flow."""
    return NewVersion(
        flow=flow.flow,
        kind=flow.kind.value,
        version=version_of(text),
        title=flow.title,
        text=text,
        note=note,
    )


def parts_of(flow: Flow) -> set[str]:
    """The sub-flows that a flow calls itself."""
    return {step.subdialog.flow for step in flow.steps.values() if step.subdialog is not None}
