"""The flows that ship have no mistake, not even one that is only warned of."""

import pytest

from cti.flows.actions import Ask, Done, Found, Keyed, Value
from cti.flows.library import FOLDER, read_folder
from cti.flows.lint import lint
from cti.flows.run import Run
from cti.flows.simulation import simulate
from cti.prompts import table
from cti.prompts.wording import spoken_text


def test_the_shipped_flows_make_sense() -> None:
    library = read_folder(FOLDER)
    assert len(library.entries) >= 8
    found = [lint(entry.document, library.flows, table.known) for entry in library.entries.values()]
    assert [one.line_of_text("en") for problems in found for one in problems] == []


@pytest.mark.parametrize(
    ("currency", "chinese", "english"),
    [
        ("CNY", "一百六十八元五角", "one hundred and sixty eight yuan and fifty fen"),
        ("USD", "一百六十八美元五十美分", "one hundred and sixty eight dollars and fifty cents"),
        ("EUR", "一百六十八欧元五十欧分", "one hundred and sixty eight euros and fifty cents"),
        ("HKD", "一百六十八港元五角", "one hundred and sixty eight Hong Kong dollars and fifty cents"),
        # No words for francs, and nothing known of the currency: no amount is better than a wrong one.
        ("CHF", "原价", "the usual price"),
        (None, "原价", "the usual price"),
    ],
)
def test_a_reminder_names_the_price_in_the_currency_of_the_subscription(
    currency: str | None, chinese: str, english: str
) -> None:
    subscription: dict[str, Value] = {"id": 3, "product": "Daily", "amount": 168.5, "currency": currency}
    for language, price in (("zh-CN", chinese), ("en", english)):
        given: dict[str, Value] = {
            "language": language,
            "answered_by": "person",
            "call.number": "+8613800138000",
        }
        run = Run(read_folder(FOLDER).flows, "renewal-reminder", language=language, data=given)
        run.begin()
        run.take(Done())
        run.take(Found(values=subscription))
        offer = run.take(Keyed(keys="1"))
        assert isinstance(offer, Ask)
        said = [spoken_text(one, language) for one in offer.says]
        costs = said.index(table.texts("renewal-costs")[language])
        assert said[costs + 1] == price


@pytest.mark.parametrize(
    ("known", "told", "said", "outcome", "tasks"),
    [
        ({"again.later": True, "call.campaign": "spring"}, "renewal-menu", "renewal-later", "later", 0),
        (
            {"again.later": False, "call.campaign": "spring"},
            "renewal-last-menu",
            "renewal-call-us-back",
            "later",
            0,
        ),
        ({"again.later": False}, "renewal-menu", "renewal-somebody-reminds", "callback", 1),
    ],
    ids=["a campaign that calls again", "a campaign that does not", "no campaign"],
)
def test_who_wants_to_be_reminded_later_is_told_what_is_going_to_happen(
    known: dict[str, Value], told: str, said: str, outcome: str, tasks: int
) -> None:
    flows = read_folder(FOLDER).flows
    for language in ("zh-CN", "en"):
        data = {**known, "language": language, "subscription.product": "Daily", "subscription.id": 3}
        dialogue = simulate(flows, "renewal-reminder", "1 3", texts=table.texts, language=language, data=data)
        heard = [text for exchange in dialogue.exchanges for text in exchange.says]
        assert table.texts(told)[language] in heard
        assert heard[-2:] == [table.texts(one)[language] for one in (said, "goodbye")]
        assert dialogue.outcome == outcome
        assert [deed.details["kind"] for deed in dialogue.deeds if deed.action == "OpenTask"] == [
            "callback"
        ] * tasks
