"""How campaigns stand, on the live connection: told to whoever looks at them, and to nobody else."""

from typing import Any

import msgspec
import pytest_asyncio
import sqlalchemy as sa
from web_site import Site, Visitor

from tests.stage.live_reader import LiveReader

PERSON = "+8613800138000"


@pytest_asyncio.fixture
async def ada(site: Site) -> Visitor:
    async with site.engine.begin() as connection:
        await connection.execute(sa.text("DELETE FROM campaigns"))
        await connection.execute(sa.text("UPDATE dial_limits SET kill_switch = false, changed_by = NULL"))
    return await site.signed_in("ada")


async def made(ada: Visitor, name: str) -> int:
    body = {"campaign": name, "title": {"en": name}, "kind": "progressive", "queue": "sales"}
    status, campaign = await ada.ask("POST", "/api/v1/campaigns", body)
    assert status == 201, campaign
    return int(campaign["id"])


async def look(live: LiveReader, campaign: int | None) -> None:
    await live.socket.send_str(msgspec.json.encode({"type": "campaign", "id": campaign}).decode())


def told(campaign: int, **contacts: int) -> Any:
    def fits(frame: dict[str, Any]) -> bool:
        return (
            frame["type"] == "campaign"
            and frame["id"] == campaign
            and contacts.items() <= frame["live"]["contacts"].items()
        )

    return fits


async def test_who_looks_at_a_campaign_is_told_what_changes(site: Site, ada: Visitor) -> None:
    poll, other = await made(ada, "poll"), await made(ada, "other")
    path = f"/api/v1/campaigns/{poll}"
    async with LiveReader(await site.signed_in("sue")) as sue:
        await look(sue, poll)
        await sue.until(lambda frame: frame["type"] == "watching" and frame["campaign"] == poll)
        first = await sue.until(told(poll, all=0))
        _, read = await ada.ask("GET", f"{path}/live")
        assert {**first["live"], "at": ""} == {**read, "at": ""}
        await ada.ask("POST", f"{path}/contacts", {"phone": PERSON})
        await sue.until(told(poll, all=1))
        # Looking at another, he hears no more of the first.
        await look(sue, other)
        await sue.until(told(other, all=0))
        seen = len(sue.frames)
        await ada.ask("POST", f"{path}/contacts", {"phone": "+8613800138001"})
        await ada.ask("POST", f"/api/v1/campaigns/{other}/contacts", {"phone": PERSON})
        await sue.until(told(other, all=1), seen)
        assert not any(frame.get("id") == poll for frame in sue.frames[seen:])
        await look(sue, None)
        await sue.until(lambda frame: frame["type"] == "watching" and frame["campaign"] is None)


def listed(frame: dict[str, Any]) -> dict[int, tuple[str, int, int]]:
    """Of the campaigns that a frame tells of: state, version and contacts."""
    return {one["id"]: (one["state"], one["version"], one["contacts"]) for one in frame["campaigns"]}


async def look_at_list(live: LiveReader, *, watch: bool = True) -> None:
    await live.socket.send_str(msgspec.json.encode({"type": "campaigns", "watch": watch}).decode())
    await live.until(lambda frame: frame["type"] == "watching" and frame.get("campaigns") is watch)


async def test_who_looks_at_the_list_is_told_it_whole_and_then_what_changes(site: Site, ada: Visitor) -> None:
    poll, other = await made(ada, "poll"), await made(ada, "other")
    async with LiveReader(await site.signed_in("sue")) as sue:
        await look_at_list(sue)
        first = await sue.until(lambda frame: frame["type"] == "campaigns")
        assert (first["whole"], first["removed"]) == (True, [])
        assert listed(first) == {poll: ("draft", 1, 0), other: ("draft", 1, 0)}
        # The words are those of the list.
        _, page = await ada.ask("GET", "/api/v1/campaigns")
        (line,) = [one for one in first["campaigns"] if one["id"] == poll]
        assert line.items() <= next(one for one in page["items"] if one["id"] == poll).items()
        await ada.ask("POST", f"/api/v1/campaigns/{poll}/contacts", {"phone": PERSON})
        frame = await sue.until(lambda frame: frame["type"] == "campaigns" and not frame["whole"])
        assert listed(frame) == {poll: ("draft", 1, 1)}
        assert (await ada.ask("DELETE", f"/api/v1/campaigns/{other}"))[0] == 204
        third = await made(ada, "third")
        await sue.until(lambda frame: frame["type"] == "campaigns" and other in frame["removed"])
        await sue.until(lambda frame: frame["type"] == "campaigns" and third in listed(frame))
        # Who comes back asks again, and misses nothing.
        async with LiveReader(await site.signed_in("sue")) as again:
            await look_at_list(again)
            whole = await again.until(lambda frame: frame["type"] == "campaigns")
            assert (whole["whole"], listed(whole)) == (True, {poll: ("draft", 1, 1), third: ("draft", 1, 0)})
        await look_at_list(sue, watch=False)
        seen = len(sue.frames)
        await ada.ask("POST", f"/api/v1/campaigns/{third}/contacts", {"phone": PERSON})
        await look(sue, third)
        await sue.until(told(third, all=1), seen)
        assert not any(frame["type"] == "campaigns" for frame in sue.frames[seen:])


async def test_who_looks_at_campaigns_is_told_of_the_kill_switch_whoever_switches(
    site: Site, ada: Visitor
) -> None:
    poll = await made(ada, "poll")

    def switched(on: bool, by: str | None) -> Any:
        return lambda frame: (
            frame["type"] == "kill_switch"
            and (frame["kill_switch"]["on"], frame["kill_switch"]["changed_by"]) == (on, by)
        )

    async with (
        LiveReader(await site.signed_in("sue")) as one,
        LiveReader(await site.signed_in("sue")) as list_of_all,
        LiveReader(await site.signed_in("sue")) as nothing,
    ):
        await look(one, poll)
        await look_at_list(list_of_all)
        for live in (one, list_of_all):
            await live.until(switched(False, None))
        assert (await ada.ask("PUT", "/api/v1/dialling/kill-switch", {"on": True}))[0] == 200
        for live in (one, list_of_all):
            frame = await live.until(switched(True, "Ada"))
            assert frame["kill_switch"] == (await ada.ask("GET", "/api/v1/dialling/kill-switch"))[1]
        # Also where no service of ours did it.
        async with site.engine.begin() as connection:
            await connection.execute(sa.text("UPDATE dial_limits SET kill_switch = false"))
        for live in (one, list_of_all):
            await live.until(switched(False, "Ada"))
            # Each is told once of each change.
            assert sum(frame["type"] == "kill_switch" for frame in live.frames) == 3
        await nothing.socket.send_str('{"type": "ping", "id": 1}')
        await nothing.until(lambda frame: frame["type"] == "pong")
        assert not any(frame["type"] == "kill_switch" for frame in nothing.frames)


async def test_each_reads_in_his_language(site: Site, ada: Visitor) -> None:
    poll = await made(ada, "poll")
    await ada.ask("PATCH", "/api/v1/session", {"language": "zh-CN"})
    try:
        async with LiveReader(ada) as chinese, LiveReader(await site.signed_in("sue")) as english:
            for live in (chinese, english):
                await look(live, poll)
            frames = [await live.until(told(poll)) for live in (chinese, english)]
        assert [frame["live"]["forecast_line"] for frame in frames] == ["活动未在运行", "it does not run"]
    finally:
        await ada.ask("PATCH", "/api/v1/session", {"language": "en"})


async def test_agents_and_integrations_are_told_nothing(site: Site, ada: Visitor) -> None:
    poll = await made(ada, "poll")
    for visitor in (await site.signed_in("ann"), site.visitor(token=site.tokens["full"])):
        async with LiveReader(visitor) as live:
            for message in ({"type": "campaign", "id": poll}, {"type": "campaigns", "watch": True}):
                seen = len(live.frames)
                await live.socket.send_str(msgspec.json.encode(message).decode())
                frame = await live.until(lambda frame: frame["type"] == "problem", seen)
                assert frame["code"] == "auth.forbidden"
            # Whoever may look is told; the others still are not.
            async with LiveReader(ada) as may:
                await look_at_list(may)
                await may.until(lambda frame: frame["type"] == "campaigns")
            told_of = {frame["type"] for frame in live.frames}
            assert not told_of & {"campaign", "campaigns", "kill_switch", "watching"}


async def test_a_campaign_that_is_not_there_is_null(site: Site, ada: Visitor) -> None:
    poll = await made(ada, "poll")
    async with LiveReader(ada) as live:
        for wrong in ("0", '"1"', "1.5", "{}"):
            await live.socket.send_str(f'{{"type": "campaign", "id": {wrong}}}')
        for wrong in ("null", "1", '"true"', "{}"):
            await live.socket.send_str(f'{{"type": "campaigns", "watch": {wrong}}}')
        await live.until(lambda frame: frame["type"] == "problem" and frame["code"] == "request.invalid")
        await look(live, poll)
        await live.until(told(poll))
        assert (await ada.ask("DELETE", f"/api/v1/campaigns/{poll}"))[0] == 204
        await live.until(lambda frame: frame["type"] == "campaign" and frame["live"] is None)
