"""Staff numbers and PINs: set over the API, checked for flows, in the way of whoever guesses."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from web_site import Site, Visitor

from cti.db.engine import open_engine
from cti.people.phone_access import ATTEMPTS_A_MINUTE, MOST_FAILURES, PhoneAccessCheck

PIN = "482615"


@pytest_asyncio.fixture
async def sue(site: Site) -> Visitor:
    async with site.engine.begin() as connection:
        await connection.execute(sa.text("DELETE FROM phone_access"))
    sue = await site.signed_in("sue")
    status, shown = await sue.ask("PUT", "/api/v1/phone-access", {"pin": PIN})
    assert (status, shown["staff_number"]) == (200, "0003")
    return sue


async def stored(site: Site) -> Any:
    async with site.engine.connect() as connection:
        return (await connection.execute(sa.text("SELECT * FROM phone_access"))).one()


async def test_the_right_pin_names_its_owner_and_is_nowhere_in_clear(
    site: Site, sue: Visitor, capsys: pytest.CaptureFixture[str]
) -> None:
    check = PhoneAccessCheck(site.engine)
    found = await check.verify_pin("0003", PIN)
    assert found is not None
    assert (found.user_id, found.name, found.role) == (3, "Sue", "supervisor")
    assert await check.look_up({"staff": "0003", "pin": PIN}) == {
        "id": 3,
        "name": "Sue",
        "role": "supervisor",
    }
    for staff, pin in (("0003", "482616"), ("0004", PIN), ("", ""), ("0003", ""), ("\x00", PIN)):
        assert await check.look_up({"staff": staff, "pin": pin}) is None
    assert await check.look_up({}) is None
    assert (await stored(site)).pin_hash.startswith("$argon2id$")
    assert PIN not in capsys.readouterr().out
    assert PIN not in str(await sue.ask("GET", "/api/v1/phone-access"))


async def test_wrong_pins_lock_the_number_and_an_admin_unlocks_it(site: Site, sue: Visitor) -> None:
    check = PhoneAccessCheck(site.engine)
    for _ in range(MOST_FAILURES - 1):
        assert await check.verify_pin("0003", "111222") is None
    assert await check.verify_pin("0003", PIN) is not None
    # Many at once get no more attempts than one after the other.
    guesses = [check.verify_pin("0003", f"9{number:05d}") for number in range(MOST_FAILURES + 3)]
    assert await asyncio.gather(*guesses) == [None] * (MOST_FAILURES + 3)
    assert (await stored(site)).failures == MOST_FAILURES
    assert await check.verify_pin("0003", PIN) is None
    _, shown = await sue.ask("GET", "/api/v1/phone-access")
    assert shown["locked_until"] is not None
    ada = await site.signed_in("ada")
    status, shown = await ada.ask(
        "PUT", "/api/v1/users/3/phone-access", {"pin": "739105", "staff_number": "777"}
    )
    assert (status, shown["staff_number"], shown["locked_until"]) == (200, "777", None)
    assert await check.verify_pin("777", "739105") is not None


async def test_a_lock_ends_by_itself(site: Site, sue: Visitor) -> None:
    async with site.engine.begin() as connection:
        await connection.execute(
            sa.text("UPDATE phone_access SET failures = 5, locked_until = now() - interval '1 second'")
        )
    check = PhoneAccessCheck(site.engine)
    assert await check.verify_pin("0003", "111222") is None
    assert (await stored(site)).failures == 1
    assert await check.verify_pin("0003", PIN) is not None
    assert (await stored(site)).failures == 0


async def test_all_callers_together_get_so_many_attempts_a_minute(site: Site, sue: Visitor) -> None:
    now = [0.0]
    check = PhoneAccessCheck(site.engine, clock=lambda: now[0])
    for number in range(ATTEMPTS_A_MINUTE):
        assert await check.verify_pin(f"8{number:03d}", PIN) is None
    assert await check.verify_pin("0003", PIN) is None
    now[0] = 61.0
    assert await check.verify_pin("0003", PIN) is not None


async def test_somebody_unknown_costs_the_same_time(site: Site, sue: Visitor) -> None:
    check = PhoneAccessCheck(site.engine)
    took = []
    for staff in ("0003", "9999"):
        begun = time.process_time()
        assert await check.verify_pin(staff, "111222") is None
        took.append(time.process_time() - begun)
    # The hash costs far more than everything else: who leaves it out is ten times faster.
    assert took[1] > took[0] / 3


@pytest.mark.parametrize("pin", ["111111", "121212", "123456", "987654", "12345", "4826a5", "４８２６１５"])
async def test_an_easy_pin_is_refused(site: Site, pin: str) -> None:
    sue = await site.signed_in("sue")
    status, problem = await sue.ask("PUT", "/api/v1/phone-access", {"pin": pin})
    assert status == 422
    assert problem["errors"][0]["code"] in ("field.pin_easy", "field.pattern")
    assert pin not in str(problem)


async def test_agents_have_none_and_two_cannot_have_the_same_number(site: Site, sue: Visitor) -> None:
    ada = await site.signed_in("ada")
    status, problem = await ada.ask("PUT", "/api/v1/users/1/phone-access", {"pin": PIN})
    assert (status, problem["code"]) == (409, "phone_access.role")
    assert (await ada.ask("PUT", "/api/v1/users/999/phone-access", {"pin": PIN}))[1][
        "code"
    ] == "user.not_found"
    body = {"pin": PIN, "staff_number": "0003"}
    _, problem = await ada.ask("PUT", "/api/v1/users/4/phone-access", body)
    assert problem["code"] == "phone_access.staff_number_taken"
    assert (await ada.ask("DELETE", "/api/v1/users/3/phone-access"))[0] == 204
    assert await PhoneAccessCheck(site.engine).verify_pin("0003", PIN) is None
    assert (await sue.ask("GET", "/api/v1/phone-access"))[1]["set_at"] is None


async def test_somebody_who_left_is_known_no_more(site: Site, sue: Visitor) -> None:
    async with site.engine.begin() as connection:
        await connection.execute(sa.text("UPDATE users SET active = false WHERE id = 3"))
    try:
        assert await PhoneAccessCheck(site.engine).verify_pin("0003", PIN) is None
    finally:
        async with site.engine.begin() as connection:
            await connection.execute(sa.text("UPDATE users SET active = true WHERE id = 3"))


async def test_a_key_for_repeating_a_request_keeps_nothing_of_the_pin(site: Site, sue: Visitor) -> None:
    for pin in (PIN, "739105"):
        status, _ = await sue.ask("PUT", "/api/v1/phone-access", {"pin": pin}, Idempotency_Key="same-key")
        assert status == 200
    assert await PhoneAccessCheck(site.engine).verify_pin("0003", PIN) is not None


async def test_without_the_database_nobody_is_let_in(tmp_path: Path) -> None:
    async with open_engine(f"postgresql://postgres@/none?host={tmp_path}") as nowhere:
        assert await PhoneAccessCheck(nowhere).verify_pin("0003", PIN) is None
