"""Machine detection of a campaign over HTTP: its figures, what looks like a person's, and verdicts."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest_asyncio
import sqlalchemy as sa
from web_site import Site, Visitor

from cti.dialling.records.tables import attempts

CAMPAIGN: dict[str, Any] = {
    "campaign": "poll",
    "title": {"en": "Poll"},
    "kind": "progressive",
    "queue": "sales",
    "caller_ids": ["010-6552 9988"],
    "machine_detection": "hang_up",
}
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest_asyncio.fixture
async def ada(site: Site) -> Visitor:
    async with site.engine.begin() as connection:
        for table in ("attempts", "campaigns", "calls"):
            await connection.execute(sa.text(f"DELETE FROM {table}"))
    return await site.signed_in("ada")


async def made(ada: Visitor, **changes: Any) -> tuple[str, int]:
    """A campaign: where its machines are, and its id."""
    status, campaign = await ada.ask("POST", "/api/v1/campaigns", {**CAMPAIGN, **changes})
    assert status == 201, campaign
    return f"/api/v1/campaigns/{campaign['id']}/machines", campaign["id"]


async def dialled(
    site: Site,
    campaign_id: int,
    number: int,
    *,
    ago: timedelta = timedelta(hours=5),
    machine: str | None = "MACHINE",
    cause: str | None = "LONGGREETING-1500-1500",
    listened: float = 1.8,
    outcome: str = "machine",
    name: str = "",
    **columns: Any,
) -> str:
    """An attempt at a telephone that is over; its id."""
    at = NOW - ago
    attempt_id = f"at-{name or number}"
    answered = at + timedelta(seconds=10)
    row = {
        "id": attempt_id,
        "campaign_id": campaign_id,
        "phone": telephone(number),
        "purpose": "campaign",
        "node": "lab",
        "epoch": 1,
        "counted_on": at.date(),
        "state": "ended",
        "outcome": outcome,
        "reserved_at": at,
        "sent_at": at,
        "answered_at": answered,
        "ended_at": answered + timedelta(seconds=listened + 0.1),
        "ring_seconds": 25,
        "machine": machine,
        "machine_cause": cause,
        "machine_at": None if machine is None else answered + timedelta(seconds=listened),
        **columns,
    }
    async with site.engine.begin() as connection:
        await connection.execute(attempts.insert().values(row))
    return attempt_id


async def called_us(site: Site, number: int, at: datetime) -> None:
    """Somebody calls us."""
    async with site.engine.begin() as connection:
        await connection.execute(
            sa.text(
                "INSERT INTO calls (id, started_at, node, boot, direction, unknown_end, caller_number,"
                " number_state, voicemail, gap)"
                " VALUES (:id, :at, 'lab', 'b', 'inbound', false, :number, 'known', false, false)"
            ),
            {"id": f"call-{number}-{at.timestamp()}", "at": at, "number": telephone(number)},
        )


def telephone(number: int) -> str:
    return f"+86139000000{number:02d}"


async def numbers(visitor: Visitor, path: str, **query: Any) -> list[str]:
    """The telephones of a list, in its order."""
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    status, page = await visitor.ask("GET", f"{path}/calls?{asked}")
    assert status == 200, page
    return [one["phone"] for one in page["items"]]


async def test_where_nobody_listens_nothing_was_measured(site: Site, ada: Visitor) -> None:
    path, campaign = await made(ada, machine_detection="off")
    await dialled(site, campaign, 1, machine=None, cause=None, outcome="answered")
    status, view = await ada.ask("GET", path)
    assert status == 200
    assert (view["detection"], view["answered"], view["listened"], view["untold"]) == ("off", 1, 0, 1)
    assert [(one["status"], one["count"]) for one in view["heard"]] == [
        ("MACHINE", None), ("HUMAN", None), ("NOTSURE", None), ("HANGUP", None),
    ]  # fmt: skip
    assert (view["machines"], view["reviewed"], view["persons"], view["silence_seconds"]) == (None,) * 4
    assert view["person_share"]["value"] is None
    assert await numbers(ada, path) == []
    _, page = await ada.ask("GET", f"{path}/calls")
    assert (page["weighed"], page["suspected"], page["next_cursor"]) == (0, 0, None)


async def test_what_was_heard_is_counted_by_status_and_cause(site: Site, ada: Visitor) -> None:
    path, campaign = await made(ada)
    for number in range(3):
        await dialled(site, campaign, number)
    await dialled(site, campaign, 3, cause="MAXWORDS-4-3")
    for number, listened in ((4, 1.0), (5, 2.0)):
        await dialled(
            site,
            campaign,
            number,
            machine="HUMAN",
            cause="HUMAN-800-800",
            outcome="answered",
            listened=listened,
        )
    await dialled(site, campaign, 6, machine=None, cause=None, outcome="abandoned")
    await dialled(site, campaign, 7, answered_at=None, machine=None, machine_at=None, outcome="busy")
    await dialled(site, campaign, 8, ago=timedelta(days=40))
    other_path, other = await made(ada, campaign="other")
    await dialled(site, other, 9)
    _, view = await ada.ask("GET", path)
    assert (view["answered"], view["listened"], view["untold"]) == (7, 6, 1)
    assert [(one["status"], one["count"]) for one in view["heard"]] == [
        ("MACHINE", 4), ("HUMAN", 2), ("NOTSURE", 0), ("HANGUP", 0),
    ]  # fmt: skip
    assert [(one["status"], one["cause"], one["count"], one["share"]) for one in view["causes"]] == [
        ("MACHINE", "LONGGREETING", 3, 0.5),
        ("HUMAN", "HUMAN", 2, 2 / 6),
        ("MACHINE", "MAXWORDS", 1, 1 / 6),
    ]
    assert (view["machines"], view["reviewed"], view["person_share"]["n"]) == (4, 0, 0)
    assert view["silence_seconds"] == 1.5
    begin = (NOW - timedelta(days=50)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (await ada.ask("GET", f"{path}?from={begin}"))[1]["listened"] == 7
    assert (await ada.ask("GET", f"{path}?from={begin}&to={begin}"))[1]["code"] == "results.span_invalid"
    assert (await ada.ask("GET", other_path))[1]["listened"] == 1


async def test_suspects_come_the_most_suspicious_first_with_their_reasons(site: Site, ada: Visitor) -> None:
    path, campaign = await made(ada)
    await dialled(site, campaign, 1)
    await dialled(site, campaign, 2, listened=3.6, cause="MAXWORDS-4-3")
    await dialled(site, campaign, 3)
    await called_us(site, 3, NOW - timedelta(hours=5) + timedelta(minutes=3))
    await dialled(
        site, campaign, 4, name="before", ago=timedelta(days=3), machine="HUMAN", outcome="answered"
    )
    await dialled(site, campaign, 4)
    # A call before ours, and one of somebody else, say nothing.
    await called_us(site, 1, NOW - timedelta(hours=6))
    await called_us(site, 20, NOW - timedelta(hours=4))
    assert await numbers(ada, path) == [telephone(3), telephone(4), telephone(2)]
    _, first = await ada.ask("GET", f"{path}/calls?limit=2&time_zone=Asia/Shanghai")
    called_back, person = first["items"]
    assert (first["weighed"], first["suspected"]) == (4, 3)
    assert (called_back["suspicion"], called_back["clues"]) == (3, ["called_back"])
    assert called_back["line"] == "Called us 3 min later."
    assert (person["suspicion"], person["clues"]) == (2, ["person_elsewhere"])
    _, rest = await ada.ask("GET", f"{path}/calls?limit=2&cursor={first['next_cursor']}")
    (slow,) = rest["items"]
    assert (slow["clues"], slow["listened_seconds"], slow["cause"]) == (["slow"], 3.6, "MAXWORDS-4-3")
    assert (rest["weighed"], rest["suspected"]) == (4, 3)
    assert rest["next_cursor"] is None
    chinese = await ada.ask("GET", f"{path}/calls?limit=1", Accept_Language="zh-CN")
    assert chinese[0] == 200
    # All of them come in the order of their ids, which are drawn by lot.
    assert await numbers(ada, path, show="all") == [telephone(1), telephone(2), telephone(3), telephone(4)]
    _, page = await ada.ask("GET", f"{path}/calls?show=all&limit=3")
    assert (page["weighed"], page["suspected"]) == (None, None)
    _, last = await ada.ask("GET", f"{path}/calls?show=all&limit=3&cursor={page['next_cursor']}")
    assert [one["phone"] for one in last["items"]] == [telephone(4)]
    assert (await ada.ask("GET", f"{path}/calls?cursor=nonsense"))[1]["code"] == "paging.cursor_invalid"


MANY = """
INSERT INTO attempts (id, campaign_id, phone, purpose, node, epoch, counted_on, state, outcome, reserved_at,
    sent_at, answered_at, machine_at, ended_at, ring_seconds, machine, machine_cause)
SELECT 'at-many-' || number, :campaign, '+8615' || lpad(CAST(number AS text), 9, '0'), 'campaign', 'lab', 1,
    CURRENT_DATE, 'ended', 'machine', began.at, began.at, began.at + interval '8 s',
    began.at + interval '9.8 s', began.at + interval '10 s', 25, 'MACHINE', 'LONGGREETING-1500-1500'
FROM generate_series(1, :many) AS number
CROSS JOIN LATERAL (SELECT now() - interval '1 day' + number * interval '1 s' AS at) AS began
"""


async def test_however_many_there_are_all_of_them_are_weighed(site: Site, ada: Visitor) -> None:
    path, campaign = await made(ada)
    oldest = await dialled(site, campaign, 1, ago=timedelta(days=20), listened=3.6)
    await dialled(site, campaign, 2, ago=timedelta(days=40), listened=3.6)
    async with site.engine.begin() as connection:
        # (One lock for each telephone, in one transaction, is more than there are.)
        await connection.execute(sa.text("ALTER TABLE attempts DISABLE TRIGGER attempts_within_limits"))
        await connection.execute(sa.text(MANY), {"campaign": campaign, "many": 6_000})
        await connection.execute(sa.text("ALTER TABLE attempts ENABLE TRIGGER attempts_within_limits"))
    _, page = await ada.ask("GET", f"{path}/calls")
    assert [one["id"] for one in page["items"]] == [oldest]
    assert (page["weighed"], page["suspected"]) == (6_001, 1)
    assert (await ada.ask("GET", path))[1]["machines"] == 6_001


async def test_too_many_for_the_time_that_somebody_waits_are_told_apart(site: Site, ada: Visitor) -> None:
    path, campaign = await made(ada)
    await dialled(site, campaign, 1, listened=3.6)
    # What ends a statement that takes too long, at once: somebody holds the table, and the one who waits is
    # cancelled.
    waits = (
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        " AND datname = current_database() AND query LIKE '%suspects%'"
    )
    async with site.engine.connect() as holding, site.engine.connect() as other:
        await holding.execute(sa.text("LOCK TABLE attempts IN ACCESS EXCLUSIVE MODE"))
        asking = asyncio.create_task(ada.ask("GET", f"{path}/calls"))
        while not asking.done() and await other.scalar(sa.text(waits)) is None:
            await other.rollback()
        status, problem = await asking
        await holding.rollback()
    assert (status, problem["code"]) == (422, "machines.too_many")
    assert await numbers(ada, path, show="all") == await numbers(ada, path) == [telephone(1)]


async def test_who_hangs_up_on_the_message_is_suspected(site: Site, ada: Visitor) -> None:
    path, campaign = await made(ada, machine_detection="message")
    answered = NOW - timedelta(hours=5) + timedelta(seconds=10)
    await dialled(site, campaign, 1, ended_at=answered + timedelta(seconds=4))
    await dialled(site, campaign, 2, ended_at=answered + timedelta(seconds=20))
    assert await numbers(ada, path) == [telephone(1)]


async def test_whether_a_message_was_left_is_read_in_the_rules_of_the_attempt(
    site: Site, ada: Visitor
) -> None:
    path, campaign = await made(ada, machine_detection="message")
    early = NOW - timedelta(hours=5) + timedelta(seconds=14)
    await dialled(site, campaign, 1, ended_at=early, campaign_version=1)
    # One that names none was made before versions were kept: by the first.
    await dialled(site, campaign, 2, ended_at=early)
    words = {word: CAMPAIGN[word] for word in ("title", "kind", "queue", "caller_ids")}
    change = {**words, "machine_detection": "hang_up", "version": 1}
    assert (await ada.ask("PUT", f"/api/v1/campaigns/{campaign}", change))[1]["version"] == 2
    await dialled(site, campaign, 3, ended_at=early, campaign_version=2)
    assert await numbers(ada, path) == [telephone(1), telephone(2)]
    assert (await ada.ask("GET", path))[1]["detection"] == "hang_up"
    # What is called back later says less where a message asked for it.
    for number in (1, 3):
        await called_us(site, number, early + timedelta(minutes=1))
    _, page = await ada.ask("GET", f"{path}/calls")
    assert [(one["phone"], one["suspicion"]) for one in page["items"]] == [
        (telephone(1), 4), (telephone(3), 3), (telephone(2), 2),
    ]  # fmt: skip


async def test_a_verdict_counts_and_is_taken_back(site: Site, ada: Visitor) -> None:
    path, campaign = await made(ada)
    this = await dialled(site, campaign, 1, listened=3.5)
    await dialled(site, campaign, 2, listened=3.5)
    verdict = f"{path}/calls/{this}/verdict"
    sue = await site.signed_in("sue")
    status, call = await sue.ask("PUT", verdict, {"verdict": "person"})
    assert (status, call["verdict"], call["outcome"], call["reviewed_by"]) == (
        200,
        "person",
        "abandoned",
        "Sue",
    )
    assert await numbers(sue, path) == [telephone(2)]
    assert await numbers(sue, path, show="reviewed") == [telephone(1)]
    _, view = await sue.ask("GET", path)
    assert (view["machines"], view["reviewed"], view["persons"]) == (2, 1, 1)
    share = view["person_share"]
    assert (share["n"], share["value"], share["population"]) == (1, 1.0, 2)
    assert [(one["cause"], one["reviewed"], one["persons"]) for one in view["causes"]] == [
        ("LONGGREETING", 1, 1)
    ]
    live = f"/api/v1/campaigns/{campaign}/live"
    assert (await sue.ask("GET", live))[1]["day"]["abandoned"] == 1
    # Changed, and taken back.
    _, call = await ada.ask("PUT", verdict, {"verdict": "machine"})
    assert (call["verdict"], call["outcome"], call["reviewed_by"]) == ("machine", "machine", "Ada")
    _, call = await ada.ask("PUT", verdict, {"verdict": None})
    assert (call["verdict"], call["reviewed_at"], call["reviewed_by"]) == (None, None, None)
    assert await numbers(sue, path, show="reviewed") == []
    assert (await sue.ask("GET", live))[1]["day"]["abandoned"] == 0
    async with site.engine.connect() as connection:
        kept = await connection.scalar(
            sa.text("SELECT count(*) FROM machine_reviews WHERE undone_at IS NOT NULL")
        )
    assert kept == 2


async def test_what_cannot_be_judged_is_told_apart(site: Site, ada: Visitor) -> None:
    path, campaign = await made(ada)
    person = await dialled(site, campaign, 1, machine="HUMAN", cause=None, outcome="answered")
    refused = (
        (f"{path}/calls/{person}/verdict", "attempt.no_machine", 409),
        (f"{path}/calls/at-nobody/verdict", "attempt.not_found", 404),
        ("/api/v1/campaigns/999999/machines/calls/at-1/verdict", "campaign.not_found", 404),
    )
    for where, code, status in refused:
        answer = await ada.ask("PUT", where, {"verdict": "person"})
        assert (answer[0], answer[1]["code"]) == (status, code)
    for body in ({}, {"verdict": "perhaps"}, {"verdict": "person", "note": ""}):
        assert (await ada.ask("PUT", refused[0][0], body))[1]["code"] == "request.invalid"
    ann = await site.signed_in("ann")
    for method, where, body in (("GET", path, None), ("PUT", refused[0][0], {"verdict": "person"})):
        assert (await ann.ask(method, where, body))[1]["code"] == "auth.forbidden"
