"""Simulated agents: they sign in over the public API like anybody, and answer on simulated phones."""

import asyncio
import contextlib
import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from cti.simulation.call import SimulatedCall
from cti.simulation.phone import SimulatedPhone

log = logging.getLogger(__name__)
chance = random.SystemRandom()

_RETRY_SECONDS = 2.0


@dataclass
class CallersOnLine:
    """The callers of now by number, so that the one whose agent has hung up can answer the survey."""

    by_number: dict[str, SimulatedCall] = field(default_factory=dict)

    async def rate(self, number: str) -> None:
        """Key one or two ratings, as patient callers do; some do not care."""
        call = self.by_number.get(number)
        if call is None or chance.random() < 0.25:
            return
        for _ in range(2):
            await call.stay(chance.uniform(7, 11))
            if not call.over:
                await call.press(chance.choices("12345", weights=(1, 1, 3, 7, 12))[0])


def agent_phone_script(callers: CallersOnLine, *, talk: tuple[float, float] | None) -> Any:
    """What an agent's simulated phone does: ring some seconds (or answer by itself, when it is asked to),
    answer, talk, hang up.

    Without ``talk`` the phone belongs to a person at the page, who hangs up himself.
    """

    async def behaviour(call: SimulatedCall) -> None:
        call.ring()
        await call.stay(0.0 if call.asks_for_answer else chance.uniform(1.5, 4))
        if call.over:
            return
        await call.answer()
        if talk is None:
            await call.ended()
        else:
            await call.stay(chance.uniform(*talk))
            await call.hang_up()
        if call.ended_by == "local" or talk is None:
            await callers.rate(call.other)

    return behaviour


@dataclass(frozen=True, kw_only=True)
class SimulatedAgent:
    """An account and the phone that goes with it."""

    base_url: str
    username: str
    password: str
    extension: str

    async def work(self) -> None:
        """Stay signed in for ever: ready, wrap-up with a disposition, ready again; comes back after an
        outage.
        """
        while True:
            try:
                # The address is no name, and cookies of such a site are refused unless told otherwise.
                cookies = aiohttp.CookieJar(unsafe=True)
                async with aiohttp.ClientSession(base_url=self.base_url, cookie_jar=cookies) as session:
                    await self._shift(session)
            except (aiohttp.ClientError, TimeoutError, KeyError, ConnectionError) as error:
                log.debug("the simulated agent %s waits: %r", self.username, error)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _shift(self, session: aiohttp.ClientSession) -> None:
        signed_in = await _json(
            session, "POST", "/api/v1/session", {"username": self.username, "password": self.password}
        )
        session.headers["X-CSRF-Token"] = signed_in["csrf_token"]
        found = await _json(session, "GET", "/api/v1/devices")
        device = next(item for item in found["items"] if item["extension"] == self.extension)
        while True:
            agent = await _json(session, "GET", "/api/v1/agent")
            await self._act(session, agent, device["id"])
            await asyncio.sleep(1.0)

    async def _act(self, session: aiohttp.ClientSession, agent: dict[str, Any], device_id: int) -> None:
        state = agent["state"]
        if state == "logged_out":
            await _json(session, "POST", "/api/v1/agent/sign-in", {"device_id": device_id})
        elif state == "paused":
            await asyncio.sleep(chance.uniform(1, 5))
            await _json(session, "POST", "/api/v1/agent/ready", {})
        elif state == "talking" and chance.random() < 0.02:
            await _json(session, "POST", "/api/v1/agent/call/hold", {})
        elif state == "hold" and chance.random() < 0.2:
            await _json(session, "POST", "/api/v1/agent/call/resume", {})
        elif state == "wrap_up":
            await asyncio.sleep(chance.uniform(2, 7))
            if agent["call"] is not None:
                await self._say(session, agent["call"])
            await _json(session, "POST", "/api/v1/agent/wrap-up/end", {})

    async def _say(self, session: aiohttp.ClientSession, call: dict[str, Any]) -> None:
        path, queue = f"/api/v1/calls/{call['call_id']}/disposition", call["queue"]
        of_queue = "" if queue is None else f"?queue={queue['name']}"
        form = await _json(session, "GET", f"{path}-form{of_queue}")
        offered = [one["code"] for one in form["dispositions"] if one["next"] != "callback"]
        if offered:
            answers = {field["name"]: _answer(field) for field in form["form"]}
            await _json(session, "PUT", path, {"code": chance.choice(offered), "answers": answers})


def _answer(field: dict[str, Any]) -> str | int | bool | None:
    """Something to fill in; nothing where a date is asked for."""
    answers = {
        "text": "演示",
        "number": chance.randint(1, 5),
        "yes_no": chance.random() < 0.5,
        "choice": chance.choice([choice["code"] for choice in field["choices"]] or [None]),
    }
    return answers.get(field["kind"])


async def _json(session: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> Any:
    """One request; a refusal (409: the state has changed meanwhile) is no failure of the shift."""
    async with session.request(method, path, json=body, timeout=aiohttp.ClientTimeout(total=10)) as response:
        if response.status in (401, 403) or response.status >= 500:
            raise aiohttp.ClientError(f"{method} {path}: {response.status}")
        with contextlib.suppress(aiohttp.ContentTypeError):
            return await response.json()
        return None


async def call_now_and_then(
    trunk: SimulatedPhone,
    callers: CallersOnLine,
    numbers: Sequence[str],
    dialled: Sequence[str],
    every: float,
) -> None:
    """Callers for ever: one each ``every`` seconds on average; some give up, few withhold their number."""
    running: set[asyncio.Task[None]] = set()
    while True:
        number = chance.choice(numbers)
        if number not in callers.by_number:
            work = _one_caller(trunk, callers, number, chance.choice(dialled))
            task = asyncio.get_running_loop().create_task(work, name="simulated caller")
            running.add(task)
            task.add_done_callback(running.discard)
        await asyncio.sleep(min(chance.expovariate(1 / every), 4 * every))


async def _one_caller(trunk: SimulatedPhone, callers: CallersOnLine, number: str, dialled: str) -> None:
    call = await trunk.dial(dialled, caller=number, withheld=chance.random() < 0.03)
    callers.by_number[number] = call
    try:
        patience = chance.uniform(8, 20) if chance.random() < 0.1 else chance.uniform(120, 240)
        await call.stay(patience)
        await call.hang_up()
    finally:
        callers.by_number.pop(number, None)
