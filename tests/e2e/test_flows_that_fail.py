"""What the shipped flows do when something of ours fails: each goes the way that it has for that.

On the real Asterisk, led by the whole service: an endpoint that the settings do not name, an announcement
that is gone, a caller without a number, recordings that cannot be written, a database that finds no
customers.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from cti.simulation.lab import Lab, answering
from cti.simulation.observer import AmiObserver
from tests.stage.flow_centre import (
    ADVERTISER,
    MENU,
    ON_HOLIDAY,
    PIN,
    POLL,
    RENEWAL,
    STAFF_NUMBER,
    SWITCH,
    TIP,
    FlowCaller,
    FlowCentre,
    flow_centre,
)

SILENCE = [b"\xff" * 160]


@pytest_asyncio.fixture(scope="module")
async def centre(
    lab: Lab, postgres_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[FlowCentre]:
    home = tmp_path_factory.mktemp("service")
    async with flow_centre(lab, postgres_url, home, endpoints=()) as centre:
        yield centre


@pytest.fixture(scope="module")
def nothing_is_recorded(centre: FlowCentre) -> None:
    """From now on Asterisk finds a file where it should write recordings."""
    folder = centre.service.home / "recordings"
    folder.rename(folder.with_name("recordings before"))
    folder.write_text("")


async def test_what_cannot_be_told_or_switched_has_a_way_on(
    lab: Lab, observer: AmiObserver, centre: FlowCentre
) -> None:
    assert await centre.rows("DELETE FROM announcements WHERE name = 'surge' RETURNING name") == [("surge",)]
    async with lab.trunk(audio=True, sound=SILENCE) as trunk, lab.trunk(1, audio=True) as talking:

        async def renews_and_nobody_is_told() -> None:
            caller = await FlowCaller.dial(centre, trunk, RENEWAL, "13800138010")
            await caller.key(("who", "1"), ("offer", "1"))
            assert await caller.outcome() == "callback"
            assert await caller.way_to("agent-busy") == "error"
            task = await centre.task_of(caller.number)
            assert (task["kind"], task["queue"], task["details"]["product"]) == (
                "callback", "sales", "日报全年",
            )  # fmt: skip

        async def tells_a_tip_that_nobody_transcribes() -> None:
            caller = await FlowCaller.dial(centre, talking, TIP, "13800138030")
            await caller.key(("where-from", "1"))
            await caller.speak("tip")
            await caller.press("1", after=2.0)
            await caller.key(("reachable", "1"))
            assert await caller.outcome() == "completed"
            assert await caller.way_to("reference") == "error"
            # The tip itself is kept.
            task = await centre.task_of(caller.number)
            assert (task["kind"], task["queue"]) == ("tip", "overflow")

        async def switches_what_is_not_there() -> None:
            caller = await FlowCaller.dial(centre, trunk, SWITCH, "13800138052")
            keyed = ("staff", f"{STAFF_NUMBER}#"), ("pin", f"{PIN}#"), ("which", "1"), ("state", "1")
            await caller.key(*keyed)
            assert await caller.outcome() == "not_switched"
            assert await caller.way_to("not-switched") == "error"

        async def wants_no_calls_and_shows_no_number() -> None:
            caller = await FlowCaller.dial(centre, trunk, POLL, "", shown="reception")
            await caller.key(("consent", "9"))
            assert await caller.outcome() == "stopped"
            assert await caller.way_to("stopped") == "error"

        await asyncio.gather(
            renews_and_nobody_is_told(), tells_a_tip_that_nobody_transcribes(),
            switches_what_is_not_there(), wants_no_calls_and_shows_no_number(),
        )  # fmt: skip
    assert (
        await centre.rows("SELECT 1 FROM messages") == await centre.rows("SELECT 1 FROM call_refusals") == []
    )


@pytest.mark.usefixtures("nothing_is_recorded")
async def test_who_cannot_be_recorded_or_found_comes_to_somebody(
    lab: Lab, observer: AmiObserver, centre: FlowCentre
) -> None:
    await centre.rows("ALTER TABLE customers RENAME TO customers_away")
    async with lab.trunk(audio=True, sound=SILENCE) as trunk:

        async def tells_a_tip_that_is_not_kept() -> None:
            caller = await FlowCaller.dial(centre, trunk, TIP, "13800138031")
            await caller.key(("where-from", "1"), ("tip", "*"))
            assert await caller.outcome() == "completed"
            assert await caller.way_to("reference") == "error"
            assert await centre.rows("SELECT 1 FROM tasks WHERE number = $1", caller.number) == []

        async def is_not_told_that_there_is_nothing_to_renew() -> None:
            caller = await FlowCaller.dial(centre, trunk, RENEWAL, "13800138016")
            assert await caller.outcome() == "cannot_tell"
            assert await caller.way_to("cannot-tell") == "failed"

        async def leaves_no_message_on_a_holiday() -> None:
            caller = await FlowCaller.dial(centre, trunk, ON_HOLIDAY, "13800138033")
            joined = observer.expect("QueueCallerJoin", CallerIDNum="13800138033")
            await caller.key(("language", "1"), ("closed-menu", "1"), ("message", "*"))
            assert (await asyncio.wait_for(joined, 60))["Queue"] == "support"
            await caller.at("any-agent")
            assert await caller.way_to("any-agent") == "error"
            await caller.call.hang_up()

        async def advertises_and_leaves_no_message() -> None:
            # A customer, of whom nothing can be looked up now.
            caller = await FlowCaller.dial(centre, trunk, ADVERTISER, "13800138019")
            joined = observer.expect("QueueCallerJoin", CallerIDNum="13800138019")
            await caller.key(("topic", "2"))
            assert await caller.way_to("topic") == "otherwise"
            assert (await asyncio.wait_for(joined, 60))["Queue"] == "sales"
            joined = observer.expect("QueueCallerJoin", CallerIDNum="13800138019")
            await caller.press("1", after=1.0)
            await caller.key(("message", "*"))
            assert (await asyncio.wait_for(joined, 60))["Queue"] == "sales"
            await caller.at("any-agent", 2)
            assert await caller.way_to("any-agent") == "error"
            await caller.call.hang_up()

        await asyncio.gather(
            is_not_told_that_there_is_nothing_to_renew(),
            tells_a_tip_that_is_not_kept(),
            leaves_no_message_on_a_holiday(),
            advertises_and_leaves_no_message(),
        )
    assert "flow.lookup_failed" in centre.service.log


@pytest.mark.usefixtures("nothing_is_recorded")
async def test_a_survey_whose_comment_cannot_be_kept_ends_with_thanks(
    lab: Lab, observer: AmiObserver, centre: FlowCentre
) -> None:
    await lab.sign_in(observer, 101, 1001, "sales")
    async with lab.trunk(audio=True) as trunk, lab.phone(1001, answering(after=0.2, talk=0.5)):
        caller = await FlowCaller.dial(centre, trunk, MENU, "13800138040")
        await caller.key(("language", "2"), ("menu", "1"))
        await caller.key(("rating", "4"), ("recommendation", "10"), ("ask-comment", "1"), ("comment", "*"))
        assert await caller.outcome() == "completed"
        assert await caller.way_to("thanks") == "error"
        assert await centre.until("SELECT rating, outcome FROM surveys WHERE outcome IS NOT NULL") == [
            (4, "completed")
        ]
