"""The shape of a record: what is left of its rows without ids and instants, so that two plays can be
compared.

One side is what a transcript yields when it is folded, the other what the running service wrote about the
same script played anew.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import msgspec

from tests.stage.books import Books, Row
from tests.unit.board.scenario import Scenario


@dataclass(frozen=True, kw_only=True)
class Record:
    """The rows of some calls, from wherever they come."""

    calls: list[Row]
    legs: list[Row]
    intervals: list[Row]
    entries: list[Row]
    offers: list[Row]
    transfers: list[Row]
    surveys: list[Row]


def folded(scenario: Scenario) -> Record:
    """What a board made of a transcript."""

    def rows(entities: Iterable[msgspec.Struct]) -> list[Row]:
        return [msgspec.structs.asdict(entity) for entity in entities]

    return Record(
        calls=rows(scenario.calls.values()),
        legs=rows(scenario.legs.values()),
        intervals=rows(scenario.intervals.values()),
        entries=rows(scenario.entries.values()),
        offers=rows(scenario.offers.values()),
        transfers=rows(scenario.transfers.values()),
        surveys=rows(scenario.surveys.values()),
    )


def recorded(books: Books, belongs: Callable[[Row], bool]) -> Record:
    """What the service wrote about some of the calls."""
    calls = [row for row in books.calls.values() if belongs(row)]
    ids = {row["id"] for row in calls}
    intervals = [row for rows in books.intervals.values() for row in rows]
    entries = [row for rows in books.entries.values() for row in rows]
    surveys = [row for rows in books.surveys.values() for row in rows]

    def ours(rows: list[Row]) -> list[Row]:
        return [row for row in rows if row["call_id"] in ids]

    return Record(
        calls=calls, legs=ours(books.legs), intervals=ours(intervals), entries=ours(entries),
        offers=ours(books.offers), transfers=ours(books.transfers), surveys=ours(surveys),
    )  # fmt: skip


#: Talks that overlap for less, in seconds, are one after the other.
_CHANCE = 0.5

#: A kind of row by name, and its members in words; the order means something within one leg.
Outline = dict[str, list[str]]


def outline(record: Record) -> Outline:
    """Everything but ids, instants and durations."""
    legs = _ordered(record.legs)
    name = {leg["id"]: who for leg, who in zip(legs, _names(legs), strict=True)}
    spans = sorted(record.intervals, key=lambda row: row["started_at"])
    entries = sorted(record.entries, key=lambda row: row["joined_at"])
    offers = sorted(record.offers, key=lambda row: row["started_at"])
    return {
        "calls": sorted(_call(row, _at_once(record, row)) for row in record.calls),
        "legs": [f"{name[leg['id']]}: {_leg(leg)}" for leg in legs],
        "spans": [
            f"{name[leg['id']]}: {row['kind']} of {row['agent_id']} for {row['queue']}"
            for leg in legs
            for row in spans
            if row["leg_id"] == leg["id"]
        ],
        "entries": [
            f"{name[row['leg_id']]} in {row['queue']}: {row['outcome']} by {row['agent_id']}"
            for row in entries
        ],
        "offers": [
            f"{name[leg['id']]}: to {row['agent_id']} for {row['queue']}: {row['outcome']}"
            for leg in legs
            for row in offers
            if row["leg_id"] == leg["id"]
        ],
        "transfers": [
            f"{row['kind']} from {name[row['from_leg_id']]} of {row['agent_id']} to {row['to_number']}"
            for row in sorted(record.transfers, key=lambda row: row["at"])
        ],
        "surveys": sorted(
            f"{row['outcome']} of {row['agent_id']} for {row['queue']}" for row in record.surveys
        ),
    }


def seconds(record: Record) -> list[tuple[str, float | None]]:
    """How long each span was, in the order of the outline's spans; None for an end that nobody knows."""
    legs = _ordered(record.legs)
    spans = sorted(record.intervals, key=lambda row: row["started_at"])
    return [
        (row["kind"], None if row["ended_at"] is None else row["ended_at"] - row["started_at"])
        for leg in legs
        for row in spans
        if row["leg_id"] == leg["id"]
    ]


def _at_once(record: Record, call: Row) -> set[int]:
    """The agents of a call who talked at the same time: which of them began last is a matter of chance."""
    talks = [
        (row["agent_id"], row["started_at"], row["ended_at"])
        for row in record.intervals
        if row["call_id"] == call["id"]
        and row["kind"] == "talk"
        and None not in (row["agent_id"], row["ended_at"])
    ]
    return {
        agent
        for agent, begun, ended in talks
        for other, their_begun, their_ended in talks
        if agent != other and min(ended, their_ended) - max(begun, their_begun) > _CHANCE
    }


def _call(row: Row, at_once: set[int]) -> str:
    agents = sorted(at_once) if row["agent_id"] in at_once else [row["agent_id"]]
    words = [str(row["direction"]), f"queue {row['queue']}", f"one of the agents {agents}"]
    words += [name for name in ("voicemail", "unknown_end", "gap") if row[name]]
    words += [name for name in ("answered_at", "ended_at", "merged_into") if row[name] is not None]
    return ", ".join(words)


def _leg(row: Row) -> str:
    words = ["called" if row["outgoing"] else "calls", f"agent {row['agent_id']}", str(row["ending"])]
    if row["answered_at"] is not None:
        words.append("answered")
    return ", ".join(words)


def _party(leg: Row) -> str:
    half = leg["channel"].rpartition(";")[2] if leg["kind"] == "local" else ""
    return f"{leg['kind']} {leg['interface'] or half}".strip()


def _ordered(legs: list[Row]) -> list[Row]:
    return sorted(legs, key=lambda leg: (_party(leg), leg["started_at"]))


def _names(legs: list[Row]) -> list[str]:
    counts: dict[str, int] = {}
    names = []
    for leg in legs:
        party = _party(leg)
        counts[party] = counts.get(party, 0) + 1
        names.append(f"{party} #{counts[party]}")
    return names
