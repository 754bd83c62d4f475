"""A supervisor sees that the record fits Asterisk's ledger, and what does not."""

import asyncio
import re

import sqlalchemy as sa
from contact_centre import Centre, answered, expect_state, open_by_menu
from playwright.async_api import expect

from cti.db.engine import open_engine

#: A channel is compared some ten seconds after its end.
SETTLED_SECONDS = 40.0


async def channels(url: str) -> int:
    async with open_engine(url) as engine, engine.connect() as connection:
        return int(
            await connection.scalar(sa.text("SELECT coalesce(sum(channels), 0) FROM ledger_days")) or 0
        )


async def test_a_call_is_counted_among_the_channels_that_have_exactly_one_leg(
    centre: Centre, database: tuple[str, dict[str, str]]
) -> None:
    url, _ = database
    agent = await centre.ready_agent()
    before = await channels(url)
    async with centre.phone() as phone, centre.lab.trunk() as trunk:
        await trunk.dial("4001", caller="15400000000")
        call = await answered(phone)
        await call.stay(1)
        await call.hang_up()
        await expect_state(agent, "wrap_up")
    await centre.lab.quiet()
    async with asyncio.timeout(SETTLED_SECONDS):
        while await channels(url) < before + 2:  # noqa: ASYNC110  (the database tells no one)
            await asyncio.sleep(0.2)
    watcher = await centre.signed_in("supervisor", locale="en-GB")
    await open_by_menu(watcher, "calls", "Ledger")
    # Channels of calls before may be compared in this moment.
    all_of_them = re.compile(r"\b(\d+) of \1 channels have exactly one leg")
    await expect(watcher.locator("[data-test=ledger-headline]")).to_contain_text(all_of_them)
    await expect(watcher.locator("[data-test=ledger-headline]")).to_contain_text("Everything fits")
    await expect(watcher.locator("[data-test=ledger-headline]")).to_contain_text("up to date")
    await expect(watcher.locator("[data-test=ledger-days] li")).not_to_have_count(0)
    await centre.picture(watcher, "ledger-fits-en")


async def test_what_does_not_fit_leads_to_its_call_by_keyboard(
    centre: Centre, database: tuple[str, dict[str, str]]
) -> None:
    url, _ = database
    async with open_engine(url) as engine, engine.begin() as connection:
        call_id = await connection.scalar(sa.text("SELECT id FROM calls ORDER BY started_at DESC LIMIT 1"))
        await connection.execute(
            sa.text(
                "INSERT INTO ledger_findings"
                " (node, kind, at, uniqueid, linkedid, call_id, field, ours, theirs) VALUES"
                " ('other', 'time_differs', now(), 'pbx-1.7', 'pbx-1.7', :call, 'ended_at',"
                " '1795326653.250', '1795326653.870')"
            ),
            {"call": call_id},
        )
        await connection.execute(
            sa.text(
                "INSERT INTO ledger_days (node, day, channels, matched) VALUES"
                " ('other', current_date, 40, 39), ('other', current_date - 1, 25, 25),"
                " ('other', current_date - 3, 30, 30)"
            )
        )
        await connection.execute(
            sa.text(
                "INSERT INTO gaps (node, position, from_at, to_at, reason) VALUES"
                " ('other', 1, now() - interval '12 s', now(), 'Asterisk closed the connection'),"
                " ('other', 2, now() - interval '90 s', now() - interval '80 s', 'asterisk_restarted')"
            )
        )
    try:
        watcher = await centre.signed_in("admin", scheme="dark")
        await watcher.goto(centre.wire.url + "/ledger")
        await expect(watcher.locator("[data-test=ledger-headline]")).to_contain_text(
            "个通道各有且仅有一条通话腿"
        )
        await expect(watcher.locator("[data-test=ledger-headline]")).to_contain_text("1 个不符")
        row = watcher.locator("[data-test=ledger-finding]", has_text="pbx-1.7")
        await expect(row).to_contain_text("时刻不一致")
        await expect(watcher.locator("[data-test=ledger-gap]", has_text="重新启动")).to_have_count(1)
        await expect(
            watcher.locator("[data-test=ledger-gap]", has_text="closed the connection")
        ).to_have_count(1)
        await centre.picture(watcher, "ledger-unmatched-dark")
        await watcher.get_by_role("checkbox", name="仅显示仍不符的").focus()
        await watcher.keyboard.press("Space")
        await expect(row).to_have_count(1)
        await watcher.keyboard.press("Tab")
        await watcher.keyboard.press("Enter")
        await expect(watcher.locator("[data-test=call-detail]")).to_be_visible()
    finally:
        async with open_engine(url) as engine, engine.begin() as connection:
            for table in ("ledger_findings", "ledger_days", "gaps"):
                await connection.execute(sa.text(f"DELETE FROM {table} WHERE node = 'other'"))


async def test_a_time_without_calls_says_so(centre: Centre) -> None:
    watcher = await centre.signed_in("supervisor", locale="en-GB")
    await watcher.goto(centre.wire.url + "/ledger")
    await expect(watcher.locator("[data-test=ledger-headline]")).to_be_visible()
    await watcher.get_by_placeholder("From").fill("2001-01-01")
    await watcher.get_by_placeholder("To").fill("2001-01-02")
    await watcher.keyboard.press("Enter")
    await expect(watcher.get_by_text("Nothing has been compared in this time.")).to_be_visible()
    await expect(watcher.get_by_text("No events were missed.")).to_be_visible()
    await centre.picture(watcher, "ledger-empty-en")
