"""A recorded call in which a caller is handed on, told in seconds from that instant."""

from collections import defaultdict
from collections.abc import Iterable

from cti.asterisk.cel import CelRow
from cti.calls.model import Transfer, TransferOutcome
from tests.unit.board.scenario import Scenario, read_rows, run

Span = tuple[str, str, float, float]

#: Instants of two recordings of one shape differ by so much at most.
TOLERANCE = 0.35


def handed_on(name: str) -> tuple[Scenario, Transfer]:
    """What the board makes of a transcript, and the one transfer in it."""
    scenario = run(name)
    [transfer] = scenario.transfers.values()
    return scenario, transfer


def told(transfer: Transfer) -> tuple[str, int | None, str | None, TransferOutcome | None]:
    """How it was made, by which agent, to whom, and what became of it."""
    return transfer.kind.value, transfer.agent_id, transfer.to_number, transfer.outcome


def assert_spans(scenario: Scenario, at: float, expected: Iterable[Span]) -> None:
    """Holds all spans of some length, in seconds from ``at``, against those expected, in any order."""
    found = sorted(
        (who, kind, start, end)
        for who, kind, start, end in scenario.spans(at)
        if end is not None and end - start > 0.05
    )
    wanted = sorted(expected)
    same = [row[:2] for row in found] == [row[:2] for row in wanted] and all(
        abs(one - other) <= TOLERANCE
        for row, right in zip(found, wanted, strict=True)
        for one, other in zip(row[2:], right[2:], strict=True)
    )
    assert same, "\n".join(["found:", *map(str, found), "expected:", *map(str, wanted)])


def stays(scenario: Scenario) -> list[tuple[str, str | None, int | None]]:
    """(queue, outcome, agent) of each stay in a queue."""
    return [
        (entry.queue, entry.outcome.value if entry.outcome else None, entry.agent_id)
        for entry in scenario.entries.values()
    ]


def cel_rows(name: str) -> list[CelRow]:
    """What Asterisk itself wrote down about a recorded call, by time."""
    return sorted(read_rows(name), key=lambda row: row.at)


def connected_seconds(rows: Iterable[CelRow]) -> dict[str, float]:
    """For each channel how long it was in a bridge that was not empty but for it, by CEL alone."""
    members: dict[str, set[str]] = defaultdict(set)
    where: dict[str, str] = {}
    seconds: dict[str, float] = defaultdict(float)
    before = 0.0
    for row in rows:
        for channel, bridge in where.items():
            if len(members[bridge]) > 1:
                seconds[channel] += row.at - before
        before = row.at
        bridge_id = row.extra.get("bridge_id", "")
        if row.event == "BRIDGE_ENTER":
            where[row.uniqueid] = bridge_id
            members[bridge_id].add(row.uniqueid)
        elif row.event == "BRIDGE_EXIT":
            members[bridge_id].discard(row.uniqueid)
            if where.get(row.uniqueid) == bridge_id:
                del where[row.uniqueid]
    return seconds
