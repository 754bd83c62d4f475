"""Results over the API: figures with their definitions, the calls behind them, all answers as CSV."""

import csv
import io
from datetime import timedelta

import pytest
import pytest_asyncio
import sqlalchemy as sa
from aiohttp import ClientError
from web_site import Site, Visitor

from tests.integration.ivr.flow_record import NOON, Answered, Ran, write

SURVEY = """
flow: after-call
kind: survey
title: {en: Survey, zh-CN: 调查}
start: ask
noinput: {goto: bye}
nomatch: {goto: bye}
steps:
  ask:
    menu:
      prompt: [survey-intro]
      name: rating
      kind: scale
      title: {en: How was it?, zh-CN: 您满意吗?}
      choices: {"1-4": bye, "5": {goto: bye, label: {en: Great, zh-CN: 很好}}, "9": ask}
  bye:
    exit: {}
"""
SPAN = "from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z"
RESULTS = f"/api/v1/flows/after-call/results?{SPAN}"
#: One mark each; None hung up before he gave one.
MARKS = [5, 5, 4, 3, 1, None]


@pytest_asyncio.fixture(scope="module", autouse=True)
async def calls(site: Site) -> list[str]:
    ada = await site.signed_in("ada")
    _, added = await ada.ask("POST", "/api/v1/flows/after-call/versions", {"text": SURVEY})
    async with site.engine.begin() as connection:
        ann = await connection.scalar(
            sa.text("SELECT a.id FROM agents a JOIN users u ON u.id = a.user_id WHERE u.name = 'Ann'")
        )
        return await write(
            connection,
            [
                Ran(
                    flow="after-call",
                    version=added["version"],
                    at=NOON + timedelta(minutes=n),
                    outcome="hung_up" if mark is None else "completed",
                    last_step="after-call/ask" if mark is None else "after-call/bye",
                    answers=[] if mark is None else [Answered("rating", "scale", str(mark))],
                    agent_id=ann if n % 2 else None,
                    direction="inbound",
                    caller="+8613800001234",
                )
                for n, mark in enumerate(MARKS)
            ],
        )


async def test_figures_come_with_their_intervals_and_definitions(site: Site) -> None:
    sue = await site.signed_in("sue")
    status, results = await sue.ask("GET", RESULTS)
    assert status == 200, results
    assert {name: results["runs"][name] for name in ("begun", "exited", "hung_up", "answered")} == {
        "begun": 6, "exited": 5, "hung_up": 1, "answered": 5,
    }  # fmt: skip
    assert results["runs"]["completion"]["value"] == pytest.approx(5 / 6)
    (question,) = results["questions"]
    assert (question["question"], question["title"]["en"], question["n"]) == ("rating", "How was it?", 5)
    assert [(cell["value"], cell["count"]) for cell in question["cells"]] == [
        ("1", 1), ("2", 0), ("3", 1), ("4", 1), ("5", 2),
    ]  # fmt: skip
    assert question["csat"]["value"] == pytest.approx(3 / 5)
    assert (question["csat"]["low"], question["csat"]["high"]) == (
        pytest.approx(0.2307, abs=1e-4), pytest.approx(0.8824, abs=1e-4),
    )  # fmt: skip
    assert question["mean"]["value"] == pytest.approx(3.6)
    assert (question["median"], question["nps"]) == (4, None)
    assert results["ends"][0] == {"outcome": "completed", "step": "after-call/bye", "count": 5}
    assert {one["term"]: one["text"] for one in results["definitions"]}["csat"] == (
        "Customer satisfaction: the share of 4 and 5 among the marks 1 to 5."
    )


async def test_the_story_of_a_call_has_its_way_through_the_flow_in_words(
    site: Site, calls: list[str]
) -> None:
    sue = await site.signed_in("sue")
    _, call = await sue.ask("GET", f"/api/v1/calls/{calls[0]}")
    (run,) = call["flow_runs"]
    assert (run["flow"], run["outcome"], run["passed"]) == ("after-call", "completed", [])
    (answer,) = run["answers"]
    assert (answer["question"], answer["value"], answer["label"]["en"]) == ("rating", "5", "Great")
    assert answer["title"] == {"en": "How was it?", "zh-CN": "您满意吗?"}
    _, call = await sue.ask("GET", f"/api/v1/calls/{calls[5]}")
    assert [(run["outcome"], run["answers"]) for run in call["flow_runs"]] == [("hung_up", [])]


async def test_what_was_passed_on_is_masked_for_who_may_not_see_numbers(site: Site, calls: list[str]) -> None:
    passed = '[{"name": "phone", "value": "+8613800001234"}, {"name": "who", "value": "<b>王芳</b>"}]'
    async with site.engine.begin() as connection:
        write = sa.text("UPDATE flow_runs SET passed = :passed WHERE id = :id")
        await connection.execute(write, {"passed": passed, "id": calls[0]})
        await connection.execute(write, {"passed": "no JSON", "id": calls[1]})
    path = f"/api/v1/calls/{calls[0]}"
    sue, reader = await site.signed_in("sue"), await narrow_reader(site, "pages", "calls:read")
    for visitor, phone in ((sue, "+8613800001234"), (reader, "+86138****1234")):
        status, call = await visitor.ask("GET", path)
        assert status == 200, call
        assert call["flow_runs"][0]["passed"] == [
            {"name": "phone", "value": phone, "title": {}, "label": {}},
            {"name": "who", "value": "<b>王芳</b>", "title": {}, "label": {}},
        ]
    _, call = await sue.ask("GET", f"/api/v1/calls/{calls[1]}")
    assert call["flow_runs"][0]["passed"] == []


async def test_nobody_s_answers_are_no_zero(site: Site) -> None:
    sue = await site.signed_in("sue")
    _, results = await sue.ask(
        "GET", "/api/v1/flows/after-call/results?from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z"
    )
    assert results["questions"] == []
    assert results["runs"]["completion"] == {
        "n": 0, "value": None, "low": None, "high": None, "method": None, "population": None,
    }  # fmt: skip


async def test_groups_have_the_names_of_agents_and_their_own_figures(site: Site) -> None:
    sue = await site.signed_in("sue")
    _, results = await sue.ask("GET", f"{RESULTS}&by=agent")
    groups = {group["label"]: group for group in results["groups"]}
    assert {name: group["runs"]["begun"] for name, group in groups.items()} == {"Ann": 3, None: 3}
    assert groups["Ann"]["questions"][0]["mean"]["value"] == pytest.approx(4.0)
    assert results["questions"][0]["n"] == 5


async def test_the_calls_behind_a_figure_are_listed(site: Site, calls: list[str]) -> None:
    sue = await site.signed_in("sue")
    address = f"/api/v1/flows/after-call/results/calls?{SPAN}"
    _, page = await sue.ask("GET", f"{address}&question=rating&value=5&limit=1")
    assert [(one["call_id"], one["value"]) for one in page["items"]] == [(calls[1], "5")]
    _, page = await sue.ask("GET", f"{address}&question=rating&value=5&limit=1&cursor={page['next_cursor']}")
    assert ([one["call_id"] for one in page["items"]], page["next_cursor"]) == ([calls[0]], None)
    _, page = await sue.ask("GET", f"{address}&outcome=hung_up")
    assert [one["call_id"] for one in page["items"]] == [calls[5]]
    status, problem = await sue.ask("GET", f"{address}&cursor=WzFd")
    assert (status, problem["code"]) == (400, "paging.cursor_invalid")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("from=2026-11-21T00:00:00Z&to=2026-11-20T00:00:00Z", "results.span_invalid"),
        ("from=2024-11-20T00:00:00Z&to=2026-11-20T00:00:00Z", "results.span_invalid"),
        (f"{SPAN}&time_zone=Mars/Base", "request.invalid"),
        (f"{SPAN}&by=mood", "request.invalid"),
    ],
)
async def test_a_query_that_means_nothing_is_refused(site: Site, query: str, code: str) -> None:
    sue = await site.signed_in("sue")
    _, problem = await sue.ask("GET", f"/api/v1/flows/after-call/results?{query}")
    assert problem["code"] == code


async def table(visitor: Visitor, query: str = SPAN) -> list[list[str]]:
    status, text = await visitor.ask("GET", f"/api/v1/flows/after-call/results.csv?{query}")
    assert status == 200, text
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


async def test_an_export_has_every_answer_and_says_how_many_beforehand(site: Site, calls: list[str]) -> None:
    sue = await site.signed_in("sue")
    rows = await table(sue)
    assert rows[0][:3] == ["Answered at (UTC)", "Call", "Run"]
    assert [(row[1], row[8]) for row in rows[1:]] == [
        (call, str(mark)) for call, mark in zip(calls, MARKS, strict=True) if mark is not None
    ]
    assert sue.last_headers["X-Total-Rows"] == "5"
    assert sue.last_headers["Content-Type"] == "text/csv; charset=utf-8"


async def narrow_reader(site: Site, name: str, scope: str = "surveys:read") -> Visitor:
    """An integration that may read results, and no numbers."""
    ada = await site.signed_in("ada")
    _, token = await ada.ask("POST", "/api/v1/tokens", {"name": name, "scopes": [scope]})
    return site.visitor(token=token["token"])


async def test_an_integration_sees_masked_numbers_unless_granted(site: Site) -> None:
    granted, sue = site.visitor(token=site.tokens["full"]), await site.signed_in("sue")
    for visitor in (granted, sue):
        assert {row[15] for row in (await table(visitor))[1:]} == {"'+8613800001234"}
    reader = await narrow_reader(site, "reader")
    assert {row[15] for row in (await table(reader))[1:]} == {"'+86138****1234"}


async def test_no_cell_is_a_formula_and_digits_are_hidden_from_who_sees_no_numbers(site: Site) -> None:
    async with site.engine.begin() as connection:
        await write(
            connection,
            [
                Ran(
                    flow="evil",
                    queue="=cmd|calc",
                    answers=[Answered("=1+1", "choice", "@x"), Answered("account", "digits", "4711")],
                )
            ],
        )
    sue = await site.signed_in("sue")
    _, text = await sue.ask("GET", f"/api/v1/flows/evil/results.csv?{SPAN}")
    cells = [cell for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"))) for cell in row]
    assert "'=1+1" in cells
    assert "'=cmd|calc" in cells
    assert "4711" in cells
    assert not [cell for cell in cells if cell[:1] in tuple("=+-@\t\r")]
    reader = await narrow_reader(site, "curious")
    _, text = await reader.ask("GET", f"/api/v1/flows/evil/results.csv?{SPAN}")
    assert "4711" not in text
    for value in ("", "&value=4711"):
        address = f"/api/v1/flows/evil/results/calls?{SPAN}&question=account{value}"
        assert len((await sue.ask("GET", address))[1]["items"]) == 1
        assert (await reader.ask("GET", address))[1]["items"] == []


async def test_an_export_that_breaks_off_does_not_look_whole(site: Site) -> None:
    sue = await site.signed_in("sue")
    address = f"/api/v1/flows/after-call/results.csv?{SPAN}"
    async with site.engine.connect() as connection:
        change = await connection.begin()
        # How many there are is known without this table; the first answers wait for it, and then it is gone.
        await connection.execute(sa.text("ALTER TABLE calls RENAME TO away"))
        async with sue.session.get(address, headers=sue.headers) as response:
            assert response.headers["X-Total-Rows"] == "5"
            await change.commit()
            try:
                with pytest.raises(ClientError):
                    await response.read()
            finally:
                await connection.execute(sa.text("ALTER TABLE away RENAME TO calls"))
                await connection.commit()
    assert len(await table(sue)) == 6
