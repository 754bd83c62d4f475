"""A poll from the draw to the page that everybody sees: who was drawn is called, asked and counted."""

import math
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from cti.customers.tables import customer_numbers, customers
from cti.db.engine import open_engine
from cti.queues.store import create_queue
from cti.simulation.lab import Lab
from cti.simulation.observer import AmiObserver
from tests.stage.called_person import SILENCE, CalledPerson, people_at_home
from tests.stage.campaign_centre import CALLER_ID, QUEUE, CampaignCentre, session_with
from tests.stage.flow_centre import PASSWORD, flow_centre

POPULATION: Final = 20
DRAWN: Final = 12
#: So many of those who are drawn have heard of it: five are told, fewer would not be.
HEARD: Final = 7
_Z: Final = 1.959964


def number_of(place: int) -> str:
    return f"+86139001391{place:02d}"


async def furnish(url: str) -> None:
    """The queue that calls to our number go to, and twenty customers who speak English."""
    async with open_engine(url) as engine, engine.begin() as connection:
        await create_queue(connection, {"name": QUEUE, "title": "Sales", "extension": "6001"}, survey=False)
        for place in range(POPULATION):
            row = {"name": f"C{place}", "language": "en"}
            made = await connection.scalar(customers.insert().values(row).returning(customers.c.id))
            number = {"customer_id": made, "e164": number_of(place), "position": 0}
            await connection.execute(customer_numbers.insert().values(number))


def answers(place: int) -> list[tuple[str, str]]:
    """What somebody keys who was drawn at this place."""
    rest = [("travel", "1"), ("trips", "7#"), ("recommendation", "9#")]
    if place < HEARD:
        return [("consent", "1"), ("heard-of", "1"), ("approval", "4"), *rest]
    return [("consent", "1"), ("heard-of", "2"), *rest]


def wilson(count: int, n: int) -> tuple[float, float]:
    """The interval by the book."""
    share = count / n
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    return middle - half, middle + half


@pytest.mark.timeout(240)
async def test_who_was_drawn_is_called_and_what_they_answered_is_published_with_its_margins(
    lab: Lab, observer: AmiObserver, postgres_url: str, tmp_path: Path
) -> None:
    began = time.time()
    people = {number_of(place): CalledPerson(number_of(place)) for place in range(POPULATION)}
    async with (
        flow_centre(lab, postgres_url, tmp_path / "service") as flows,
        session_with(flows.service) as office,
        session_with(flows.service) as anybody,
        lab.carrier(people_at_home(list(people.values()), flows), audio=True, sound=SILENCE),
    ):
        await furnish(postgres_url)
        admin = CampaignCentre(lab, flows.service, postgres_url, office)
        await admin.sign_in(password=PASSWORD)
        await admin.ask("PUT", f"inbound-numbers/{CALLER_ID}", {"queue": QUEUE})
        campaign = await admin.make("poll", "ivr", flow="topic-poll")
        wanted = {"size": DRAWN, "seed": "topics-1", "customers": {"languages": ["en"]}}
        sample = await admin.ask("POST", f"campaigns/{campaign}/samples", wanted)
        assert (sample["population"], sample["drawn"], sample["repeats"]) == (POPULATION, DRAWN, True)
        contacts = await admin.ask("GET", f"campaigns/{campaign}/contacts")
        drawn = [contact["phone"] for contact in contacts["items"]]
        for place, number in enumerate(drawn):
            people[number].script = answers(place)

        await admin.order(campaign, "start")
        await admin.until_nobody_is_left(120)
        assert {number for number, person in people.items() if person.calls} == set(drawn)
        await flows.until(
            "SELECT 1 FROM flow_runs WHERE flow = 'topic-poll' AND outcome = 'completed'", count=DRAWN
        )
        question = await heard_of(admin)
        assert {cell["value"]: cell["count"] for cell in question["cells"]} == {
            "yes": HEARD, "no": DRAWN - HEARD,
        }  # fmt: skip
        for cell in question["cells"]:
            figure = cell["share"]
            assert (figure["low"], figure["high"]) == pytest.approx(wilson(cell["count"], DRAWN), abs=1e-3)

        poll = await admin.ask(
            "POST", "flows/topic-poll/polls",
            {
                "title": {"en": "Metro hours", "zh-CN": "地铁延时"},
                "sample": {"en": "Twelve of twenty by lot.", "zh-CN": "二十位中随机抽取十二位。"},
                "from": _instant(began - 60), "to": _instant(time.time() + 60),
            },
        )  # fmt: skip
        async with anybody.get(poll["path"], headers={"Accept-Language": "en"}) as page:
            assert page.status == 200
            text = await page.text()
        low, high = (round(100 * bound) for bound in wilson(HEARD, DRAWN))
        assert f"{round(100 * HEARD / DRAWN)} % ({low}–{high})" in text
        assert f"{DRAWN} calls came into the poll; {DRAWN} answered at least one question (100 %)." in text
        assert not any(number in text or number[3:] in text for number in people)
        assert "Traceback" not in flows.service.log


async def heard_of(admin: CampaignCentre) -> Any:
    """The figures of the first question that counts."""
    results = await admin.ask("GET", "flows/topic-poll/results")
    return next(one for one in results["questions"] if one["question"] == "heard_of")


def _instant(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
