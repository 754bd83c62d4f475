"""`make run` as a newcomer sees it: it comes up, moves by itself, and goes away on Ctrl-C without a trace."""

import asyncio
import os
import re
import signal
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from tests.stage.live_reader import LiveReader, SignedIn

REPOSITORY = Path(__file__).parents[2]
START_SECONDS = 120
FIRST_CALL_SECONDS = 60
#: Half of those who are called answer, and talk for some seconds; the agents have other calls, too.
REACHED_SECONDS = 120


async def _started(home: Path) -> tuple[asyncio.subprocess.Process, str, dict[str, str]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CTI_")}
    if "CTI_CACHE" in os.environ:
        environment["CTI_CACHE"] = os.environ["CTI_CACHE"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cti", "demo", cwd=REPOSITORY, env={**environment, "CTI_HOME": str(home)},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    text = ""
    async with asyncio.timeout(START_SECONDS):
        while "Ctrl-C" not in text:
            line = await process.stdout.readline()
            assert line, f"the demonstration ended:\n{text}"
            text += line.decode()
    address = re.search(r"http://127\.0\.0\.1:\d+", text)
    assert address is not None, text
    passwords = {
        role: found.group(1)
        for role in ("agent", "supervisor", "admin")
        if (found := re.search(rf"{role}\s+{role}\s+(\S+)", text))
    }
    assert len(passwords) == 3, text
    return process, address.group(), passwords


async def _signed_in(session: aiohttp.ClientSession, username: str, password: str) -> dict[str, Any]:
    async with session.post("/api/v1/session", json={"username": username, "password": password}) as answer:
        assert answer.status in (200, 201), await answer.text()
        return dict(await answer.json())


def _listening(pids: set[int]) -> list[tuple[str, int]]:
    return [
        (connection.laddr.ip, connection.laddr.port)
        for connection in psutil.net_connections("tcp")
        if connection.pid in pids and connection.status == psutil.CONN_LISTEN
    ]


async def _campaign_reaches_somebody(session: aiohttp.ClientSession) -> None:
    """Starts the campaign that waits for it, until it has spoken with a person."""
    async with session.get("/api/v1/campaigns") as answer:
        [campaign] = (await answer.json())["items"]
    path = f"/api/v1/campaigns/{campaign['id']}"
    async with session.post(f"{path}/start", json={}) as answer:
        assert answer.status == 200, await answer.text()
    async with LiveReader(SignedIn(session)) as live:
        await live.socket.send_json({"type": "campaign", "id": campaign["id"]})
        try:
            await live.until(_tells_of_an_answer, seconds=REACHED_SECONDS)
        except TimeoutError:
            raise AssertionError(f"nobody was reached: {live.frames[-1]}") from None
    async with session.get(f"{path}/attempts") as answer:
        assert "answered" in {one["outcome"] for one in (await answer.json())["items"]}


def _tells_of_an_answer(frame: dict[str, Any]) -> bool:
    return frame["type"] == "campaign" and frame["live"]["outcomes"].get("answered", 0) > 0


def _tells_of_talk(frame: dict[str, Any]) -> bool:
    return any(agent["state"] == "talking" for agent in frame.get("agents", ()))


async def test_everything_runs_by_one_command_and_stops_by_ctrl_c(tmp_path: Path) -> None:
    process, address, passwords = await _started(tmp_path)
    family = psutil.Process(process.pid)
    try:
        pids = {family.pid, *(child.pid for child in family.children(recursive=True))}
        assert _listening(pids)
        assert {ip for ip, _ in _listening(pids)} == {"127.0.0.1"}
        async with aiohttp.ClientSession(address, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            await _signed_in(session, "supervisor", passwords["supervisor"])
            async with LiveReader(SignedIn(session)) as live:
                try:
                    await live.until(_tells_of_talk, seconds=FIRST_CALL_SECONDS)
                except TimeoutError:
                    raise AssertionError(f"no simulated agent talks: {live.frames}") from None
        async with aiohttp.ClientSession(address, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            session.headers["X-CSRF-Token"] = (await _signed_in(session, "admin", passwords["admin"]))[
                "csrf_token"
            ]
            await _campaign_reaches_somebody(session)
        stopped = time.monotonic()
    finally:
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(30):
            assert process.stdout is not None
            last = (await process.stdout.read()).decode()
            status = await process.wait()
    assert status == 0, last
    assert "Traceback" not in last
    assert time.monotonic() - stopped < 20
    assert not [pid for pid in pids if psutil.pid_exists(pid)]


async def test_the_second_start_takes_seconds_and_keeps_the_passwords(tmp_path: Path) -> None:
    passwords = []
    seconds = []
    for _ in range(2):
        begun = time.monotonic()
        process, _, given = await _started(tmp_path)
        seconds.append(time.monotonic() - begun)
        passwords.append(given)
        process.send_signal(signal.SIGTERM)
        assert process.stdout is not None
        await process.stdout.read()
        assert await process.wait() == 0
    assert passwords[0] == passwords[1]
    assert seconds[1] < 15


async def test_a_second_one_in_the_same_folder_is_refused_and_harms_nothing(tmp_path: Path) -> None:
    process, address, _ = await _started(tmp_path)
    try:
        second = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cti", "demo", cwd=REPOSITORY, stdin=asyncio.subprocess.DEVNULL,
            env={**os.environ, "CTI_HOME": str(tmp_path)},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await second.communicate()
        assert second.returncode == 1
        assert "runs already" in said.decode()
        async with aiohttp.ClientSession() as session, session.get(f"{address}/api/v1/health") as answer:
            assert await answer.json() == {"status": "ok"}
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.stdout is not None
        await process.stdout.read()
        await process.wait()
