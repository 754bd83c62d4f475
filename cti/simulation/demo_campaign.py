"""The demonstration's campaign: a draft that is ready to be started, and the people whom it reaches."""

import random
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.campaigns import store
from cti.campaigns.forms.dispositions import CampaignDisposition, Next
from cti.campaigns.forms.form import FieldKind, FormChoice, FormField
from cti.campaigns.model import CallingWindow, CampaignDefinition, CampaignKind, Contact
from cti.do_not_call.model import Level
from cti.ivr.tables import inbound_numbers
from cti.simulation.lab import answering, refusing, ringing

NAME: Final = "weekend-edition"
CONTACTS: Final = 60
#: A number of ours, at which who calls back reaches the same agents.
_CALLER_ID: Final = "+861065529988"
_QUEUE: Final = "sales"
chance = random.SystemRandom()
_DISPOSITIONS: Final = [
    CampaignDisposition(code="ordered", title={"zh-CN": "已订阅", "en": "Ordered"}),
    CampaignDisposition(code="not-interested", title={"zh-CN": "不感兴趣", "en": "Not interested"}),
    CampaignDisposition(
        code="later", title={"zh-CN": "改日再打", "en": "Another day"}, next=Next.RETRY, after_seconds=86_400
    ),
    CampaignDisposition(code="call-back", title={"zh-CN": "约定回访", "en": "Call back"}, next=Next.CALLBACK),
    CampaignDisposition(
        code="never", title={"zh-CN": "谢绝来电", "en": "Do not call"}, next=Next.REFUSE, level=Level.CAMPAIGN
    ),
]
_FORM: Final = [
    FormField(
        name="edition",
        title={"zh-CN": "版本", "en": "Edition"},
        kind=FieldKind.CHOICE,
        choices=[
            FormChoice(code="print", title={"zh-CN": "纸质版", "en": "Print"}),
            FormChoice(code="digital", title={"zh-CN": "数字版", "en": "Digital"}),
        ],
        required=True,
    ),
    FormField(name="trial", title={"zh-CN": "试读", "en": "Trial"}, kind=FieldKind.YES_NO),
    FormField(name="copies", title={"zh-CN": "份数", "en": "Copies"}, kind=FieldKind.NUMBER),
]


async def load(connection: AsyncConnection) -> None:
    """Write what is missing: the number that people see, the campaign, and whom it is to call."""
    known = sa.select(inbound_numbers.c.dnis).where(inbound_numbers.c.dnis == _CALLER_ID)
    if await connection.scalar(known) is None:
        row = {"dnis": _CALLER_ID, "queue": _QUEUE, "language": None}
        await connection.execute(inbound_numbers.insert().values(row))
    if await store.find_campaign(connection, NAME) is not None:
        return
    definition = CampaignDefinition(
        campaign=NAME,
        title={"zh-CN": "周末版推广", "en": "Weekend edition"},
        kind=CampaignKind.PREDICTIVE,
        queue=_QUEUE,
        caller_ids=[_CALLER_ID],
        # It is to be seen at work at any time of the day.
        window=CallingWindow(from_="00:00", to="24:00"),
        ring_seconds=15,
        script={"zh-CN": "您好，这里是日报社。周末版本月可免费试读……", "en": "Good day, this is the Daily …"},
        dispositions=_DISPOSITIONS,
        form=_FORM,
    )
    campaign = await store.create_campaign(connection, definition, user_id=None)
    for number in range(CONTACTS):
        contact = Contact(phone=f"+861380013{8000 + number}", name=f"读者 {number + 1}", language="zh-CN")
        await store.add_contact(connection, campaign.id, contact)


async def somebody(call: Any) -> None:
    """One of those who are called: most answer and talk, others are busy, decline, are away or hang up."""
    ways = {
        answering(after=chance.uniform(1, 8), talk=chance.uniform(8, 25)): 50,
        ringing: 25,
        refusing(after=0.5, status=486, reason="Busy Here"): 10,
        refusing(after=2.0, status=603, reason="Decline"): 5,
        answering(after=chance.uniform(1, 5), talk=1.0): 10,
    }
    [behaviour] = chance.choices(tuple(ways), weights=tuple(ways.values()))
    await behaviour(call)
