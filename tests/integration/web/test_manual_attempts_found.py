"""What an agent dials is followed also by the next life of the service, with a real Asterisk."""

import asyncio
from typing import Any

import sqlalchemy as sa
from web_site import Floor

from cti.simulation.lab import Lab, answering
from tests.stage.live_reader import LiveReader

NUMBER = "13800138060"
_LOST = """
INSERT INTO attempts (
    id, phone, purpose, agent_id, node, epoch, counted_on, ring_seconds, state, reserved_at, sent_at
) VALUES (
    'at-lost', '+8613800138061', 'manual', 1, 'lab', 0, current_date, 60, 'sending',
    now() - interval '1 hour', now() - interval '1 hour'
)
"""
#: The legs of that call, as the ledger fills them in.
_AT = "now() - interval '1 hour'"
_LEG = (
    "INSERT INTO legs (id, started_at, call_id, call_started_at, node, boot, uniqueid, linkedid, channel,"
    " outgoing, kind, answered_at, ended_at, ending, hangup_cause)"
)
_FILLED_IN = (
    (
        "INSERT INTO calls (id, started_at, node, boot, direction, number_state, unknown_end, voicemail, gap)"
        f" VALUES ('c-lost', {_AT}, 'lab', 'b', 'outbound', 'known', false, false, true)"
    ),
    (
        f"{_LEG} SELECT 'l-' || id, started_at, 'c-lost', started_at, 'lab', 'b', id, 'at-lost', 'PJSIP/x',"
        " true, kind, started_at + interval '2 seconds', started_at + interval '30 seconds', 'reconciled', 16"
        " FROM (SELECT calls.started_at, legs.* FROM calls,"
        " (VALUES ('at-lost', 'device'), ('lab-9.9', 'trunk')) AS legs (id, kind)"
        " WHERE calls.id = 'c-lost') AS made"
    ),
)


async def attempt_when(floor: Floor, holds: str) -> Any:
    async with asyncio.timeout(60):
        while True:
            async with floor.engine.connect() as connection:
                row = (await connection.execute(sa.text(f"SELECT * FROM attempts WHERE {holds}"))).first()
            if row is not None:
                return row
            await asyncio.sleep(0.05)


async def test_a_call_in_progress_is_taken_over_and_one_is_given_up_until_it_has_a_trace(
    floor: Floor, lab: Lab
) -> None:
    async with floor.engine.begin() as connection:
        await connection.execute(sa.text(_LOST))
    ann = await floor.signed_in("ann")
    async with (
        LiveReader(ann) as live,
        lab.phone(1001, answering(after=0.1)),
        lab.carrier(answering(after=0.1)) as carrier,
    ):
        await ann.ask("POST", "/api/v1/agent/sign-in", {"device_id": 1})
        await live.agent("paused")
        assert (await ann.ask("POST", "/api/v1/agent/call/dial", {"number": NUMBER}))[0] == 202
        call = await asyncio.wait_for(carrier.next_call(), 20)
        await attempt_when(floor, "state = 'bridged'")
        # As another life of the service, which knows only what the database and the board have.
        followed = floor.desk.attempts._by_id
        followed.clear()
        async with asyncio.timeout(30):
            while not followed:  # noqa: ASYNC110  (nothing tells of it)
                await asyncio.sleep(0.05)
        heard = len(live.frames)
        await call.hang_up()
        await live.agent("paused", heard)
        ended = await attempt_when(floor, f"phone = '+86{NUMBER}' AND outcome IS NOT NULL")
        assert (ended.outcome, ended.hangup_cause) == ("answered", 16)
        await ann.ask("POST", "/api/v1/agent/sign-out", {})
        await live.agent("logged_out")
    lost = await attempt_when(floor, "id = 'at-lost' AND outcome IS NOT NULL")
    assert (lost.state, lost.outcome, lost.unknown_why) == ("unknown", "unknown", "no_trace")
    async with floor.engine.begin() as connection:
        for statement in _FILLED_IN:
            await connection.execute(sa.text(statement))
    found = await attempt_when(floor, "id = 'at-lost' AND state = 'ended'")
    assert (found.outcome, found.unknown_why) == ("answered", None)
