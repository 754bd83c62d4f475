"""Campaigns on the live connection: whoever looks at one, or at the list of all, is told how they stand each
time that it changes, and whether all dialling is switched off.
"""

import asyncio
from collections import defaultdict
from contextlib import suppress
from typing import Final

import msgspec
from aiohttp import web

from cti.campaigns.runs.live_reading import LiveReading
from cti.campaigns.runs.run_shapes import KillSwitchView, ListedCampaignView
from cti.db.engine import UNAVAILABLE
from cti.http.principal import Language
from cti.http.problems import Problem
from cti.web.live_client import LiveClient

#: Campaigns are looked at so often, and sooner when their dialler says that something has changed.
_LOOK_SECONDS: Final = 1.0
_GATHER_SECONDS: Final = 0.25
_encode: Final = msgspec.json.Encoder().encode


class _Watch(msgspec.Struct):
    """What a reader looks at, and what he was told last; None and empty before the first time."""

    campaign_id: int | None = None
    told: bytes = b""
    is_at_list: bool = False
    #: By id.
    told_list: dict[int, ListedCampaignView] | None = None
    told_switch: KillSwitchView | None = None


class LiveCampaigns:
    """Reads what anybody looks at once for all, a campaign in each of their languages; nothing else."""

    def __init__(self, reading: LiveReading) -> None:
        self._reading = reading
        self._watches: dict[LiveClient, _Watch] = {}
        self._news = asyncio.Event()

    def watch(self, client: LiveClient, campaign_id: int | None) -> None:
        """A reader looks at a campaign, and at no other any more; None: at none."""
        watch = self._watches.setdefault(client, _Watch())
        watch.campaign_id, watch.told = campaign_id, b""
        self._turned(client, watch)

    def watch_list(self, client: LiveClient, *, looks: bool) -> None:
        """A reader looks at the list of all campaigns, or no more."""
        watch = self._watches.setdefault(client, _Watch())
        watch.is_at_list, watch.told_list = looks, None
        self._turned(client, watch)

    def leave(self, client: LiveClient) -> None:
        """A reader is gone."""
        self._watches.pop(client, None)

    def changed(self, campaign_id: int) -> None:
        """Something happened in a campaign; never waits."""
        if any(watch.is_at_list or watch.campaign_id == campaign_id for watch in self._watches.values()):
            self._news.set()

    async def run(self) -> None:
        """Tells everybody, for ever."""
        while True:
            if not self._watches:
                await self._news.wait()
            self._news.clear()
            # While the database is away nobody knows how it stands; that it is away is told to the same
            # readers.
            with suppress(*UNAVAILABLE):
                await self._tell()
            await asyncio.sleep(_GATHER_SECONDS)
            try:
                async with asyncio.timeout(_LOOK_SECONDS - _GATHER_SECONDS):
                    await self._news.wait()
            except TimeoutError:
                continue

    def _turned(self, client: LiveClient, watch: _Watch) -> None:
        if watch.campaign_id is None and not watch.is_at_list:
            self.leave(client)
        else:
            self._news.set()

    async def _tell(self) -> None:
        # What stops everything comes first.
        self._tell_switch(await self._reading.kill_switch())
        if any(watch.is_at_list for watch in self._watches.values()):
            self._tell_list(await self._reading.read_list())
        await self._tell_campaigns()

    def _tell_switch(self, switch: KillSwitchView) -> None:
        frame = b'"type":"kill_switch","kill_switch":' + _encode(switch)
        for client, watch in self._watches.items():
            if watch.told_switch != switch:
                watch.told_switch = switch
                client.send(frame)

    def _tell_list(self, listed: list[ListedCampaignView]) -> None:
        now = {one.id: one for one in listed}
        for client, watch in self._watches.items():
            before = watch.told_list
            if not watch.is_at_list or before == now:
                continue
            watch.told_list = now
            known = before or {}
            changed = [one for one in listed if known.get(one.id) != one]
            removed = [campaign_id for campaign_id in known if campaign_id not in now]
            told = (_encode(before is None), _encode(changed), _encode(removed))
            client.send(b'"type":"campaigns","whole":%s,"campaigns":%s,"removed":%s' % told)

    async def _tell_campaigns(self) -> None:
        readers: defaultdict[tuple[int, Language], list[LiveClient]] = defaultdict(list)
        for client, watch in self._watches.items():
            if watch.campaign_id is not None:
                readers[watch.campaign_id, client.language].append(client)
        for (campaign_id, language), clients in readers.items():
            try:
                view = await self._reading.read(campaign_id, language)
                # What time it is is no news; each frame says it anyway.
                content = _encode(msgspec.structs.replace(view, at=""))
                live = _encode(view)
            except Problem:
                content = live = b"null"
            frame = b'"type":"campaign","id":%d,"live":%s' % (campaign_id, live)
            for client in clients:
                now = self._watches.get(client)
                if now is not None and now.campaign_id == campaign_id and now.told != content:
                    now.told = content
                    client.send(frame)


LIVE_CAMPAIGNS = web.AppKey("live campaigns", LiveCampaigns)
