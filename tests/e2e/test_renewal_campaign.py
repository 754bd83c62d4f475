"""Subscriptions that end in a week: who has one is called, told what ends and when, and gets what he keys."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from cti.config import speech_cache_dir
from cti.customers.lookup import local_today
from cti.customers.tables import customer_numbers, customers, subscriptions
from cti.db.engine import open_engine
from cti.dialling.rules.outcome import Outcome
from cti.flows.actions import Utterance, UtteranceKind
from cti.http.principal import Language, Role
from cti.people.store import create_user
from cti.prompts import table
from cti.prompts.repertoire import Repertoire
from cti.queues.store import create_queue
from cti.simulation.lab import Lab, answering
from cti.simulation.observer import AmiObserver
from tests.stage.called_person import SILENCE, CalledPerson, people_at_home
from tests.stage.campaign_centre import CALLER_ID, QUEUE, CampaignCentre, session_with
from tests.stage.dialled_campaign import execute
from tests.stage.flow_centre import PASSWORD, FlowCentre, flow_centre

#: So long is what is said before the keys are told.
_LISTENING_SECONDS: Final = 9.0
#: As good as the same sound.
_ALIKE: Final = 0.95
#: Once more, two hours later.
AGAIN: Final = {"later": {"times": 1, "after_seconds": 7200}}
_AT_STEP: Final = """
SELECT 1 FROM flow_steps s JOIN legs l ON l.call_id = s.call_id WHERE l.uniqueid = $1 AND s.step = $2"""
_NEXT: Final = """
SELECT phone, state, closed, last_flow_outcome, round(extract(epoch FROM next_at - last_attempt_at))::int
 FROM contacts WHERE campaign_id = $1 AND last_flow_outcome IS NOT NULL ORDER BY phone"""
#: As if a day had passed since his call: no row of an attempt tells otherwise that one may be made.
_A_DAY_PASSES: Final = """
ALTER TABLE attempts DISABLE TRIGGER attempts_forward;
UPDATE attempts SET reserved_at = reserved_at - interval '1 day', sent_at = sent_at - interval '1 day',
    ringing_at = ringing_at - interval '1 day', answered_at = answered_at - interval '1 day',
    connected_at = connected_at - interval '1 day', ended_at = ended_at - interval '1 day'
    WHERE phone = '{phone}' AND campaign_id = {campaign};
ALTER TABLE attempts ENABLE TRIGGER attempts_forward;
UPDATE contacts SET next_at = next_at - interval '1 day' WHERE phone = '{phone}' AND campaign_id = {campaign};
"""
_DECISION: Final = """
SELECT record -> 'hold' ->> 'refusal' FROM dial_decisions
 JOIN contacts ON contacts.id = dial_decisions.contact_id
 WHERE contacts.campaign_id = $1 AND contacts.phone = $2"""


@dataclass(frozen=True)
class Subscriber:
    """A customer whose subscription ends."""

    name: str
    number: str
    language: str
    product: str
    days: int = 7

    @property
    def ends_on(self) -> date:
        """The last day."""
        return local_today() + timedelta(days=self.days)

    def says(self) -> Sequence[Utterance]:
        """What he is told of it."""
        prompt = UtteranceKind.PROMPT
        return (
            Utterance(kind=prompt, value="renewal-your-subscription"),
            Utterance(kind=UtteranceKind.NAME, value=self.product, otherwise="renewal-product"),
            Utterance(kind=prompt, value="renewal-ends-on"),
            Utterance(kind=UtteranceKind.DATE, value=self.ends_on.isoformat(), otherwise="soon"),
        )


RENEWS: Final = Subscriber("陈静", "+8613900139001", "zh-CN", "晚报全年")
ASKS: Final = Subscriber("Smith", "+8613900139002", "en", "Evening News")
REFUSES: Final = Subscriber("李雷", "+8613900139003", "zh-CN", "周末版")
LATER: Final = Subscriber("Jones", "+8613900139005", "en", "Morning News")
IN_A_HURRY: Final = Subscriber("王芳", "+8613900139006", "zh-CN", "早报")
NOT_YET: Final = Subscriber("韩梅", "+8613900139004", "zh-CN", "晚报全年", days=8)


async def furnish(url: str) -> None:
    """A queue with Ann in it, and the subscribers."""
    async with open_engine(url) as engine, engine.begin() as connection:
        await create_queue(connection, {"name": QUEUE, "title": "Sales", "extension": "6001"}, survey=False)
        await create_user(
            connection, username="ann", name="Ann", role=Role.AGENT, language=Language.ENGLISH,
            password=PASSWORD, queues=[QUEUE],
        )  # fmt: skip
        for one in (RENEWS, ASKS, REFUSES, LATER, IN_A_HURRY, NOT_YET):
            row = {"name": one.name, "language": one.language}
            made = await connection.scalar(customers.insert().values(row).returning(customers.c.id))
            await connection.execute(
                customer_numbers.insert().values(customer_id=made, e164=one.number, position=0)
            )
            await connection.execute(
                subscriptions.insert().values(
                    customer_id=made, product=one.product, status="active",
                    starts_on=one.ends_on - timedelta(days=365), expires_on=one.ends_on, amount=288,
                    currency="CNY",
                )
            )  # fmt: skip


async def speak_names(lab: Lab) -> None:
    """Names are made when they are first said; on a busy machine the first call might not wait for that."""
    async with Repertoire(lab.plan.home / "sounds", table.shipped(), speech_cache_dir()) as repertoire:
        for one in (RENEWS, ASKS, REFUSES, LATER, IN_A_HURRY):
            for name in (one.name, one.product):
                said = (Utterance(kind=UtteranceKind.NAME, value=name, otherwise="renewal-product"),)
                async with asyncio.timeout(30):
                    while await repertoire.sounds(said, one.language) == ["cti/renewal-product"]:  # noqa: ASYNC110
                        await asyncio.sleep(0.1)


async def ready_at_her_phone(admin: CampaignCentre, ann: CampaignCentre) -> None:
    """Ann signs in at the phone 1001."""
    device = {"name": "Desk", "interface": "PJSIP/1001", "extension": "1001"}
    made = await admin.ask("POST", "devices", device)
    await ann.sign_in("ann", PASSWORD)
    await ann.ask("POST", "agent/sign-in", {"device_id": made["id"]})
    await _state(ann, "paused")
    await ann.ask("POST", "agent/ready", {})
    await _state(ann, "ready")


async def _state(ann: CampaignCentre, state: str) -> Any:
    async with asyncio.timeout(60):
        while (page := await ann.ask("GET", "agent"))["state"] != state:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return page


@pytest.mark.timeout(240)
async def test_who_has_a_subscription_that_ends_hears_of_it_and_gets_what_he_keys(
    lab: Lab, observer: AmiObserver, postgres_url: str, tmp_path: Path
) -> None:
    await speak_names(lab)
    renews = CalledPerson(
        RENEWS.number, [("who", "1"), ("offer", "1")], thinking={"offer": _LISTENING_SECONDS}
    )
    asks = CalledPerson(ASKS.number, [("who", "1"), ("offer", "2")], thinking={"offer": _LISTENING_SECONDS})
    refuses = CalledPerson(REFUSES.number, [("who", "9")])
    later = CalledPerson(LATER.number, [("who", "1"), ("offer", "3")])
    hurries = CalledPerson(IN_A_HURRY.number, [("who", "1"), ("offer", "3")], hangs_up_at="reminded-again")
    people = [renews, asks, refuses, later, hurries, CalledPerson(NOT_YET.number)]
    async with (
        flow_centre(lab, postgres_url, tmp_path / "service") as flows,
        session_with(flows.service) as office,
        session_with(flows.service) as desk,
        lab.carrier(people_at_home(people, flows), audio=True, sound=SILENCE),
        lab.phone(1001, answering(after=0.1)) as phone,
    ):
        await furnish(postgres_url)
        admin, ann = (CampaignCentre(lab, flows.service, postgres_url, session) for session in (office, desk))
        await admin.sign_in(password=PASSWORD)
        await admin.ask("PUT", f"inbound-numbers/{CALLER_ID}", {"queue": QUEUE})
        await ready_at_her_phone(admin, ann)
        campaign = await renewals(admin, "renewals")
        await admin.order(campaign, "start")

        page = await _state(ann, "talking")
        assert page["call"]["pop"]["customer"]["name"] == ASKS.name
        await phone.calls[0].hang_up()
        await admin.until_nobody_is_left(60)
        await asyncio.gather(
            is_renewed(flows),
            is_told(lab, renews, RENEWS),
            is_told(lab, asks, ASKS),
            is_called_by_nobody(admin),
            are_to_be_called_again(admin, campaign),
        )
        assert [len(one.calls) for one in people] == [1, 1, 1, 1, 1, 0]
        assert {(one.phone, one.outcome) for one in await admin.attempts()} == {
            (one.number, Outcome.ANSWERED) for one in people[:-1]
        }
        assert sorted(one.id for one in await admin.attempts()) == sorted(
            attempt for one in people for attempt in one.attempts
        )
        await is_called_again(lab, admin, campaign, later)
        assert "Traceback" not in flows.service.log


async def renewals(admin: CampaignCentre, name: str) -> int:
    """A campaign with everybody whose subscription ends in a week."""
    campaign = await admin.make(name, "ivr", flow="renewal-reminder", queue=QUEUE, flow_retries=AGAIN)
    found = await admin.ask("POST", f"campaigns/{campaign}/renewals", {"ends_in_days": 7, "apply": True})
    assert (found["found"], found["contact_import"]["added"]) == (5, 5)
    return campaign


async def is_renewed(flows: FlowCentre) -> None:
    """The endpoint was told, once, and so it is written."""
    query = "SELECT payload::jsonb ->> 'product', outcome FROM messages"
    query += " WHERE endpoint = 'renewals' AND ended_at IS NOT NULL"
    assert await flows.until(query) == [(RENEWS.product, "delivered")]
    assert len(flows.messages["renewals"]) == 1


async def is_told(lab: Lab, person: CalledPerson, subscriber: Subscriber) -> None:
    """The product and the day, in the subscriber's language."""
    heard = await person.heard(lab, subscriber.says(), subscriber.language)
    assert all(alike > _ALIKE for _, alike in heard), heard


async def is_called_by_nobody(admin: CampaignCentre) -> None:
    """The next campaign does not call who refused, and says why."""
    again = await renewals(admin, "renewals-again")
    await admin.order(again, "start")
    assert set(await admin.until(_DECISION, again, REFUSES.number)) == {("do_not_call",)}


async def are_to_be_called_again(admin: CampaignCentre, campaign: int) -> None:
    """Two hours after they asked for another time; who hung up meanwhile has asked for it too."""
    assert await admin.rows(_NEXT, campaign) == [
        (one.number, "open", None, "later", 7200) for one in (LATER, IN_A_HURRY)
    ]


async def is_called_again(lab: Lab, admin: CampaignCentre, campaign: int, later: CalledPerson) -> None:
    """He was told so; he is, and it is told why; and then it is not offered to him again."""
    assert await hears(lab, later, "renewal-later") > _ALIKE
    later.packets.clear()
    await execute(admin.database_url, _A_DAY_PASSES.format(phone=LATER.number, campaign=campaign))
    closed = "SELECT id, closed FROM contacts WHERE campaign_id = $1 AND phone = $2 AND state = 'closed'"
    ((contact, why),) = await admin.until(closed, campaign, LATER.number)
    assert (why, len(later.calls)) == ("retries_used", 2)
    assert await admin.until(_AT_STEP, later.attempts[-1], "last-keys") == [(1,)]
    assert await hears(lab, later, "renewal-call-us-back") > _ALIKE
    decisions = (await admin.ask("GET", f"campaigns/{campaign}/decisions?contact={contact}"))["items"]
    assert "called again after he asked for another time" in decisions[0]["line"]
    made = (await admin.ask("GET", f"campaigns/{campaign}/attempts?contact={contact}"))["items"]
    assert [(one["outcome"], one["flow_outcome"]) for one in made] == [("answered", "later")] * 2


async def hears(lab: Lab, person: CalledPerson, prompt: str) -> float:
    """How like a prompt is what he has heard (1.0: the same)."""
    said = (Utterance(kind=UtteranceKind.PROMPT, value=prompt),)
    ((_, alike),) = await person.heard(lab, said, LATER.language)
    return alike
