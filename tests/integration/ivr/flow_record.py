"""Calls that went through flows, as the recorder writes them, for tests of what is made of them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
_numbers = count(1)

_CALL = """
INSERT INTO calls (id, started_at, node, boot, direction, caller_number, number_state, dialled_number,
                   unknown_end, voicemail, gap)
VALUES (:id, :at, 'n', 'b', :direction, :caller, 'known', :dialled, false, false, false)
"""
_RUN = """
INSERT INTO flow_runs (id, started_at, call_id, call_started_at, leg_id, flow, kind, version, language,
                       agent_id, queue, ended_at, outcome, last_step)
VALUES (:id, :at, :id, :at, :id, :flow, 'outbound', :version, :language, :agent_id, :queue, :ended_at,
        :outcome, :last_step)
"""
_ANSWER = """
INSERT INTO flow_answers (run_id, ordinal, at, run_started_at, call_id, call_started_at, flow, version, step,
                          question, kind, value, keys)
VALUES (:id, :ordinal, :answered_at, :at, :id, :at, :asked_in, :version, :question, :question, :kind, :value,
        :value)
"""
_STEP = """
INSERT INTO flow_steps (run_id, ordinal, at, run_started_at, call_id, call_started_at, flow, step, way,
                        mistake, keys)
VALUES (:id, :ordinal, :stepped_at, :at, :id, :at, :flow, :step, :way, :mistake, :keys)
"""


class Answered(msgspec.Struct, frozen=True):
    """An answer to a question of the run's flow, or with ``asked_in`` of a sub-flow."""

    question: str
    kind: str | None
    value: str
    asked_in: str | None = None


class Stepped(msgspec.Struct, frozen=True):
    """A step that the run came to; with ``keys`` a mistake that was made there."""

    step: str
    way: str | None = None
    keys: str | None = None
    #: A sub-flow.
    flow: str | None = None


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """A call's way through a flow."""

    flow: str = "poll"
    version: str = "0" * 12
    at: datetime = NOON
    outcome: str | None = "completed"
    answers: list[Answered] = []
    steps: list[Stepped] = []
    language: str | None = "en"
    agent_id: int | None = None
    queue: str | None = None
    last_step: str | None = "poll/bye"
    direction: str = "outbound"
    caller: str = "+8610000000"
    dialled: str = "+8613800005678"


async def write(connection: AsyncConnection, runs: Iterable[Ran]) -> list[str]:
    """Writes calls with one run each; returns their ids, which are their runs' too."""
    ids = []
    for run in runs:
        name = f"call-{next(_numbers)}"
        ids.append(name)
        same = {"id": name, "at": run.at}
        await connection.execute(
            sa.text(_CALL),
            {**same, "direction": run.direction, "caller": run.caller, "dialled": run.dialled},
        )
        await connection.execute(
            sa.text(_RUN),
            {
                **same,
                "flow": run.flow,
                "version": run.version,
                "language": run.language,
                "agent_id": run.agent_id,
                "queue": run.queue,
                "ended_at": None if run.outcome is None else run.at + timedelta(minutes=1),
                "outcome": run.outcome,
                "last_step": run.last_step,
            },
        )
        for ordinal, step in enumerate(run.steps, 1):
            await connection.execute(
                sa.text(_STEP),
                {
                    **same,
                    "ordinal": ordinal,
                    "stepped_at": run.at + timedelta(seconds=ordinal),
                    "flow": step.flow or run.flow,
                    "step": step.step,
                    "way": step.way,
                    "mistake": step.keys is not None,
                    "keys": step.keys,
                },
            )
        for ordinal, answer in enumerate(run.answers, 1000):
            await connection.execute(
                sa.text(_ANSWER),
                {
                    **same,
                    "ordinal": ordinal,
                    "answered_at": run.at + timedelta(seconds=ordinal - 999),
                    "asked_in": answer.asked_in or run.flow,
                    "version": run.version,
                    "question": answer.question,
                    "kind": answer.kind,
                    "value": answer.value,
                },
            )
    return ids
