"""The ledger's figure, findings and gaps, as supervisors and admins see them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest_asyncio
import sqlalchemy as sa
from web_site import Site, Visitor

from cti.ledger import store
from cti.ledger.channels import Channel
from cti.ledger.comparison import Finding, FindingKind, Result

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest_asyncio.fixture
async def sue(site: Site) -> Visitor:
    """A supervisor, and five days of comparisons; the third has one channel of ten that does not fit."""
    async with site.engine.begin() as connection:
        for table in ("ledger_findings", "ledger_days", "gaps"):
            await connection.execute(sa.text(f"DELETE FROM {table}"))
        for number in range(5):
            at = (NOW - timedelta(days=number)).timestamp()
            wrong = [Channel(uniqueid=f"pbx-{number}", linkedid="l", name="x", started_at=at - 5, last_at=at)]
            findings = [
                Finding(
                    kind=FindingKind.CHANNEL_WITHOUT_LEG, node="pbx", uniqueid=f"pbx-{number}", linkedid="l",
                    at=at, began_at=at - 5,
                )
            ]  # fmt: skip
            fits = number != 2
            result = Result(
                channels=10, matched=10 if fits else 9, findings=[] if fits else findings,
                unmatched=[] if fits else wrong,
            )  # fmt: skip
            await store.save(connection, "pbx", result, [at] * 10, at)
        for number in range(5):
            values = {"position": number, "at": NOW - timedelta(hours=number)}
            await connection.execute(
                sa.text("INSERT INTO gaps VALUES ('pbx', :position, NULL, :at, 'connected')"), values
            )
    return await site.signed_in("sue")


async def get(visitor: Visitor, path: str, status: int = 200) -> Any:
    found, answer = await visitor.ask("GET", f"/api/v1/ledger{path}")
    assert found == status, answer
    return answer


async def test_the_figure_is_the_sum_of_the_days_and_says_how_the_comparison_stands(sue: Visitor) -> None:
    summary = await get(sue, "")
    assert (summary["channels"], summary["matched"], summary["unmatched"]) == (50, 49, 1)
    assert (summary["gaps"], summary["state"], summary["code"]) == (5, "checking", None)
    assert summary["checked_to"] == "2023-11-14T22:13:20.000Z"
    assert [day["channels"] for day in summary["days"]] == [10] * 5
    assert [day["matched"] for day in summary["days"]] == [10, 10, 9, 10, 10]
    begin = (NOW - timedelta(days=1)).strftime("%Y-%m-%dT00:00:00Z")
    assert (await get(sue, f"?from={begin}"))["channels"] == 20


async def test_findings_and_gaps_come_in_pages_the_newest_first(sue: Visitor, site: Site) -> None:
    page = await get(sue, "/findings")
    (finding,) = page["items"]
    assert (finding["kind"], finding["uniqueid"]) == ("channel_without_leg", "pbx-2")
    assert (finding["settled_at"], page["next_cursor"]) == (None, None)
    seen, cursor = [], ""
    while True:
        page = await get(sue, f"/gaps?limit=2{cursor}")
        seen += [gap["to_at"] for gap in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)
    async with site.engine.begin() as connection:
        (open_one,) = await store.unsettled(connection, "pbx", 10)
        assert await store.settle(connection, open_one.finding, leg_id="b-pbx-2", call_id="b-pbx-1") == 1
    assert (await get(sue, "/findings?open=true"))["items"] == []
    (settled,) = (await get(sue, "/findings"))["items"]
    assert settled["settled_at"] is not None
    assert settled["call_id"] == "b-pbx-1"
    summary = await get(sue, "")
    assert (summary["matched"], summary["filled"], summary["unmatched"]) == (50, 1, 0)


async def test_a_span_that_is_none_and_a_cursor_that_was_made_up_are_refused(sue: Visitor) -> None:
    answer = await get(sue, "?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", 400)
    assert answer["code"] == "ledger.span_invalid"
    assert (await get(sue, "/findings?cursor=WzFlMzAwLDFd", 400))["code"] == "paging.cursor_invalid"
    assert (await get(sue, "/gaps?cursor=e30", 400))["code"] == "paging.cursor_invalid"


async def test_metrics_tell_how_the_record_fits(site: Site) -> None:
    _, text = await site.visitor(token=site.tokens["narrow"]).ask("GET", "/metrics")
    for name in ("cti_ledger_channels_total", "cti_ledger_matched_total", "cti_gaps_total"):
        assert f"\n{name} 0.0" in text
    assert "\ncti_ledger_up 1.0" in text
    assert "\ncti_ledger_unmatched 0.0" in text
