"""A database without campaigns, for whoever dials in a test."""

from collections.abc import AsyncIterator

import pytest_asyncio
from dial_room import HOLDER, NOW, DialRoom
from followed_attempt import Followed

from cti.campaigns.model import CampaignKind
from cti.db.engine import open_engine
from cti.dialling.records import attempt_store
from tests.stage.dialled_campaign import empty


@pytest_asyncio.fixture
async def room(postgres_url: str) -> AsyncIterator[DialRoom]:
    """Nothing is in it, and the limits are those of the first day."""
    async with open_engine(postgres_url) as engine:
        made = DialRoom(engine)
        await made.clear()
        yield made


@pytest_asyncio.fixture
async def ground(postgres_url: str) -> None:
    """Whatever campaigns other tests left is gone before a service dials."""
    await empty(postgres_url)


@pytest_asyncio.fixture
async def followed(room: DialRoom) -> Followed:
    """One attempt of a campaign whose flow speaks, just sent."""
    campaign = await room.campaign(kind=CampaignKind.IVR, flow="reminder")
    await room.contact(campaign)
    (claim,) = await room.claim(campaign)
    async with room.engine.begin() as connection:
        assert await attempt_store.set_sending(
            connection, claim.attempt_id, holder=HOLDER, epoch=1, now=NOW, boot=""
        )
    return Followed(room, claim.attempt_id, campaign.id)
