"""People sign in with a password and stay signed in; nobody else gets in, and strangers lock nobody out."""

import asyncio
import time

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from web_site import PASSWORD, Site

from cti.people.sessions import Sessions, token_hash
from cti.people.tables import idempotency_keys, sessions


async def test_a_person_signs_in_reads_himself_and_signs_out(site: Site) -> None:
    visitor = site.visitor()
    assert (await visitor.ask("GET", "/api/v1/session"))[0] == 401
    status, answer = await visitor.sign_in("Ann")
    assert status == 200
    assert answer["user"] | {"id": 0} == {
        "id": 0,
        "username": "ann",
        "name": "Ann",
        "role": "agent",
        "language": "en",
        "agent_id": 1,
    }
    cookie = visitor.last_headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert (await visitor.ask("GET", "/api/v1/session"))[1] == answer
    assert (await visitor.ask("DELETE", "/api/v1/session"))[0] == 204
    assert (await visitor.ask("GET", "/api/v1/session"))[0] == 401


async def test_a_token_read_from_the_database_opens_nothing(site: Site) -> None:
    await site.signed_in("ann")
    async with site.engine.connect() as connection:
        stolen = (await connection.execute(sa.select(sessions.c.token_hash))).scalars().first()
    assert stolen is not None
    thief = site.visitor()
    for value in (stolen.hex(), stolen.decode("latin-1").encode().hex()):
        thief.headers["Cookie"] = f"cti_session={value}"
        assert (await thief.ask("GET", "/api/v1/session"))[0] == 401


async def test_a_write_without_the_csrf_token_is_refused(site: Site) -> None:
    ann = await site.signed_in("ann")
    del ann.headers["X-CSRF-Token"]
    status, problem = await ann.ask("PATCH", "/api/v1/session", {"language": "en"})
    assert (status, problem["code"]) == (403, "auth.csrf")


async def test_a_sign_in_from_another_site_is_refused(site: Site) -> None:
    visitor = site.visitor()
    visitor.headers["Origin"] = "https://elsewhere.example"
    status, problem = await visitor.sign_in("ann")
    assert (status, problem["code"]) == (403, "auth.origin")


async def test_the_language_a_person_chose_is_the_language_of_his_problems(site: Site) -> None:
    ann = await site.signed_in("ann")
    assert (await ann.ask("PATCH", "/api/v1/session", {"language": "zh-CN"}))[1]["language"] == "zh-CN"
    status, problem = await ann.ask("GET", "/api/v1/users")
    assert (status, problem["title"]) == (403, "无权限")
    await ann.ask("PATCH", "/api/v1/session", {"language": "en"})


async def test_guessing_is_slowed_down_and_the_person_himself_is_not_locked_out(site: Site) -> None:
    guesser = site.visitor()
    for _ in range(4):
        status, problem = await guesser.sign_in("bob", "a wrong password")
        assert (status, problem["code"]) == (401, "auth.wrong_credentials")
    status, problem = await guesser.sign_in("bob", PASSWORD)
    assert (status, problem["code"]) == (429, "auth.too_many_attempts")
    assert int(guesser.last_headers["Retry-After"]) >= 1
    assert (await site.visitor().sign_in("nobody", "a wrong password"))[1]["code"] == "auth.wrong_credentials"


async def test_a_user_who_is_switched_off_is_out_at_once(site: Site) -> None:
    ada = await site.signed_in("ada")
    new = {"username": "Tom", "name": "Tom", "role": "supervisor", "language": "zh-CN"}
    status, tom = await ada.ask("POST", "/api/v1/users", new)
    assert status == 201
    assert (await ada.ask("POST", "/api/v1/users", new))[1]["code"] == "user.exists"
    visitor = site.visitor()
    assert (await visitor.sign_in("tom", tom["generated_password"]))[0] == 200
    assert (await ada.ask("PATCH", f"/api/v1/users/{tom['id']}", {"active": False}))[0] == 200
    assert (await visitor.ask("GET", "/api/v1/session"))[0] == 401
    assert (await site.visitor().sign_in("tom", tom["generated_password"]))[0] == 401


async def test_the_last_administrator_stays(site: Site) -> None:
    ada = await site.signed_in("ada")
    _, me = await ada.ask("GET", "/api/v1/session")
    status, problem = await ada.ask("PATCH", f"/api/v1/users/{me['user']['id']}", {"role": "supervisor"})
    assert (status, problem["code"]) == (409, "user.last_admin")


async def test_users_come_in_pages(site: Site) -> None:
    ada = await site.signed_in("ada")
    seen: list[str] = []
    path = "/api/v1/users?limit=2"
    while path:
        _, page = await ada.ask("GET", path)
        seen += [user["username"] for user in page["items"]]
        path = f"/api/v1/users?limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert seen[:4] == ["ann", "bob", "sue", "ada"]


async def test_a_token_is_shown_once_and_revoked_at_once(site: Site) -> None:
    ada = await site.signed_in("ada")
    key = {"Idempotency_Key": "one"}
    body = {"name": "CRM", "scopes": ["customers:read"]}
    status, token = await ada.ask("POST", "/api/v1/tokens", body, **key)
    assert status == 201
    assert (await ada.ask("POST", "/api/v1/tokens", body, **key))[1]["code"] == "idempotency.not_replayable"
    assert token["token"] not in str(await ada.ask("GET", "/api/v1/tokens"))
    crm = site.visitor(token=token["token"])
    assert (await crm.ask("GET", "/api/v1/users"))[0] == 403
    assert (await ada.ask("DELETE", f"/api/v1/tokens/{token['id']}"))[0] == 204
    assert (await crm.ask("GET", "/api/v1/users"))[0] == 401


async def test_the_same_write_twice_is_one_write(site: Site) -> None:
    ada = await site.signed_in("ada")
    body = {"language": "en"}
    first = await ada.ask("PATCH", "/api/v1/session", body, Idempotency_Key="two")
    again = await ada.ask("PATCH", "/api/v1/session", body, Idempotency_Key="two")
    assert again == first
    assert ada.last_headers["Idempotency-Replayed"] == "true"
    _, problem = await ada.ask("PATCH", "/api/v1/session", {"language": "zh-CN"}, Idempotency_Key="two")
    assert problem["code"] == "idempotency.key_reused"


async def test_a_write_that_was_interrupted_is_not_done_again(site: Site) -> None:
    ada = await site.signed_in("ada")
    body = {"language": "en"}
    assert (await ada.ask("PATCH", "/api/v1/session", body, Idempotency_Key="three"))[0] == 200
    for minutes, code in ((0, "idempotency.in_progress"), (2, "idempotency.outcome_unknown")):
        async with site.engine.begin() as connection:  # as a process leaves it that dies in between
            begun_at = sa.func.now() - sa.text(f"interval '{minutes} minutes'")
            left = {"status": None, "body": None, "created_at": begun_at}
            await connection.execute(idempotency_keys.update().values(left))
        status, problem = await ada.ask("PATCH", "/api/v1/session", body, Idempotency_Key="three")
        assert (status, problem["code"]) == (409, code)


async def test_a_session_ends_after_a_time_without_use_and_at_the_latest_after_a_day(
    engine: AsyncEngine, site: Site
) -> None:
    now = time.time()
    book = Sessions(engine, idle_seconds=100, absolute_seconds=250, clock=lambda: now)
    token = (await book.open(1)).token
    for _ in range(3):
        now += 80
        found = await book.of_cookie(token)
    assert found is not None
    assert found.role == "agent"
    now += 20
    assert await book.of_cookie(token) is None
    token = (await book.open(1)).token
    now += 101
    assert await book.of_cookie(token) is None


async def test_people_stay_signed_in_while_the_database_is_down(engine: AsyncEngine, site: Site) -> None:
    now = time.time()
    book = Sessions(engine, clock=lambda: now)
    token = (await book.open(1)).token
    gone = create_async_engine("postgresql+asyncpg://nobody@127.0.0.1:9/nothing")
    book._engine = gone
    now += 60
    assert (await book.of_cookie(token)) is not None
    with pytest.raises(ConnectionError):
        await book.of_cookie("another")
    await gone.dispose()
    assert token_hash(token) in book._cache


async def test_many_sign_ins_at_once_do_not_stop_the_loop(site: Site) -> None:
    visitors = [site.visitor() for _ in range(8)]
    slowest = 0.0

    async def watch() -> None:
        nonlocal slowest
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.005)
            slowest = max(slowest, time.monotonic() - before)

    watching = asyncio.create_task(watch())
    answers = await asyncio.gather(*(visitor.sign_in("sue") for visitor in visitors))
    watching.cancel()
    assert {status for status, _ in answers} <= {200, 429}
    assert slowest < 0.25
