"""A definition as a file, read back by what reads the files that people write."""

import pytest

from cti.campaigns.definition_file import definition_text
from cti.campaigns.forms.dispositions import CampaignDisposition, Next
from cti.campaigns.forms.form import FieldKind, FormChoice, FormField
from cti.campaigns.model import (
    CallingWindow,
    CampaignDefinition,
    CampaignKind,
    Caps,
    FlowRetry,
    MachineDetection,
    RetriedOutcome,
    Retry,
    Weekday,
)
from cti.do_not_call.model import Level
from cti.flows.document import read_shape

BARE = CampaignDefinition(campaign="a", title={"en": "yes"}, kind=CampaignKind.IVR)
FULL = CampaignDefinition(
    campaign="renewals",
    title={"zh-CN": "续费提醒: #1", "en": "Renewal 'reminder'"},
    kind=CampaignKind.FIXED_RATIO,
    flow="renewal-reminder",
    queue="sales",
    caller_ids=["+861065529988"],
    calendar="company",
    window=CallingWindow(from_="08:30", to="24:00", days=[Weekday.MONDAY, Weekday.SUNDAY]),
    ring_seconds=20,
    ratio=1.25,
    retries={RetriedOutcome.BUSY: Retry(times=3), RetriedOutcome.NO_ANSWER: Retry(times=0)},
    flow_retries={"later": FlowRetry(times=2), "no_time": FlowRetry(times=0, after_seconds=7_200)},
    caps=Caps(attempts=2, calls_per_day=10),
    priority=0,
    client="acme",
    machine_detection=MachineDetection.HANG_UP,
    abandon_cap=0.0,
    needs_consent=True,
    script={"en": "Hello\n\nIs it you: yes?"},
    dispositions=[
        CampaignDisposition(code="renewed", title={"zh-CN": "已续费", "en": "Renewed: yes"}),
        CampaignDisposition(code="later", title={"en": "Later"}, next=Next.RETRY, after_seconds=86_400),
        CampaignDisposition(code="never", title={"en": "Never"}, next=Next.REFUSE, level=Level.CLIENT),
    ],
    form=[
        FormField(
            name="paper",
            title={"en": "Paper"},
            kind=FieldKind.CHOICE,
            choices=[
                FormChoice(code="no", title={"en": "None"}),
                FormChoice(code="yes", title={"en": "Any"}),
            ],
            required=True,
        ),
        FormField(name="until", title={"zh-CN": "到期日"}, kind=FieldKind.DATE),
    ],
)


@pytest.mark.parametrize("definition", [BARE, FULL], ids=["bare", "full"])
def test_the_file_says_the_same(definition: CampaignDefinition) -> None:
    reading = read_shape(definition_text(definition), CampaignDefinition)
    assert reading.problems == []
    assert reading.content == definition


def test_people_read_it() -> None:
    text = definition_text(FULL)
    assert text.startswith("campaign: renewals\n")
    assert "续费提醒" in text
    assert "calendar:" not in definition_text(BARE)
    assert "null" not in text[text.index("dispositions:") :]
