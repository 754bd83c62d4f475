"""What is wrong with a campaign's dispositions and its form is told with its place."""

from cti.campaigns.definition_check import Known, check
from cti.campaigns.forms.dispositions import CampaignDisposition, Next, code_of_call
from cti.campaigns.forms.form import FieldKind, FormChoice, FormField
from cti.campaigns.model import CampaignDefinition, CampaignKind
from cti.do_not_call.model import Level

KNOWN = Known(flows=(), queues={"sales"}, calendars=(), e164=lambda number: number)
TITLE = {"en": "Title"}
CHOICES = [FormChoice(code="daily", title=TITLE), FormChoice(code="weekly", title=TITLE)]


def found(**words: object) -> set[tuple[str, str]]:
    given = {"campaign": "poll", "title": TITLE, "kind": CampaignKind.PREVIEW, "queue": "sales", **words}
    _, problems = check(CampaignDefinition(**given), KNOWN)  # type: ignore[arg-type]
    return {("/".join(map(str, one.path)), one.code) for one in problems}


def said(code: str = "renewed", **words: object) -> CampaignDisposition:
    return CampaignDisposition(**{"code": code, "title": TITLE, **words})  # type: ignore[arg-type]


def field(name: str = "paper", **words: object) -> FormField:
    return FormField(**{"name": name, "title": TITLE, **words})  # type: ignore[arg-type]


def test_what_makes_sense_is_taken() -> None:
    assert not found(
        client="acme",
        dispositions=[
            said(),
            said("later", next=Next.RETRY, after_seconds=86_400),
            said("soon", next=Next.RETRY),
            said("never", next=Next.REFUSE, level=Level.CLIENT),
        ],
        form=[field(kind=FieldKind.CHOICE, choices=CHOICES, required=True), field("until")],
    )


def test_a_disposition_says_only_what_its_next_step_needs() -> None:
    assert found(
        dispositions=[
            said(title={}),
            said(after_seconds=1_800),
            said("later", next=Next.RETRY, level=Level.GLOBAL),
            said("never", next=Next.REFUSE, level=Level.CLIENT),
        ]
    ) == {
        ("dispositions/0/title", "campaign.no_title"),
        ("dispositions/1/code", "campaign.repeated"),
        ("dispositions/1/after_seconds", "campaign.only_of_retry"),
        ("dispositions/2/level", "campaign.only_of_refuse"),
        ("dispositions/3/level", "campaign.client_needed"),
    }


def test_only_a_choice_has_choices_and_it_has_two() -> None:
    assert found(
        form=[
            field(choices=CHOICES),
            field("only", kind=FieldKind.CHOICE, choices=CHOICES[:1]),
            field("twice", kind=FieldKind.CHOICE, choices=[*CHOICES, FormChoice(code="daily", title={})]),
            field("twice", title={}),
        ]
    ) == {
        ("form/0/choices", "campaign.only_of_choice"),
        ("form/1/choices", "campaign.choices_needed"),
        ("form/2/choices/2/code", "campaign.repeated"),
        ("form/2/choices/2/title", "campaign.no_title"),
        ("form/3/name", "campaign.repeated"),
        ("form/3/title", "campaign.no_title"),
    }


def test_there_are_not_too_many_of_anything() -> None:
    many = [FormChoice(code=f"c{number}", title=TITLE) for number in range(21)]
    assert found(
        dispositions=[said(f"d{number}") for number in range(31)],
        form=[field(f"f{n}", kind=FieldKind.CHOICE, choices=many if n == 0 else CHOICES) for n in range(21)],
    ) == {
        ("dispositions", "field.too_long"),
        ("form", "field.too_long"),
        ("form/0/choices", "field.too_long"),
    }


def test_a_disposition_has_a_name_that_no_other_campaign_has() -> None:
    assert code_of_call("poll", "renewed") == "poll/renewed"
