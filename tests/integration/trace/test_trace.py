"""One call is cut out of the journal, without persons, and gives the same rows as it gave there."""

import asyncio
import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cti.asterisk.events import encode, is_wanted, parse
from cti.board.board import Board
from cti.calls.model import IntervalKind
from cti.errors import (
    CallDamaged,
    CallErased,
    CallUnknown,
    JournalMissing,
    TraceExists,
    TraceNotAnonymous,
)
from cti.journal.journal import Journal
from cti.journal.reader import JournalReader
from cti.ledger.gap_events import ledger_headers
from cti.recorder.start import starts
from cti.trace.cut import Cutting, cut
from cti.trace.trace import Trace, anonymous, file_name, write
from tests.unit.board.scenario import TRANSCRIPTS, Scenario, read_blocks, read_rows

SECRET = b"a secret of this test"
NAMES = sorted(path.stem for path in TRANSCRIPTS.glob("*.ami"))
BOOT = "5f3c9a0112345678"
CALLER, NAME = "13800138000", "Anna Müller 13800138000"


def blocks_of(name: str, *, later: int = 0) -> list[bytes]:
    """The events of a transcript that the service would keep, with a caller's name, in a later second."""
    found = []
    for block in read_blocks(TRANSCRIPTS / f"{name}.ami"):
        if not is_wanted(block):
            continue
        block = block.replace(
            b"CallerIDNum: 13800138000\r\nCallerIDName: <unknown>",
            f"CallerIDNum: {CALLER}\r\nCallerIDName: {NAME}".encode(),
        )
        block = re.sub(rb"lab-(\d{10})\.", lambda at: b"lab-%d." % (int(at[1]) + later), block)
        block = re.sub(
            rb"Timestamp: (\d+)\.", lambda at: b"Timestamp: %d." % (int(at[1]) + later), block, count=1
        )
        found.append(block)
    return found


def first_at(blocks: Iterable[bytes]) -> float:
    return next(at for block in blocks if (at := parse(block).at) > 0.0)


def booted(blocks: list[bytes], boot: str = BOOT) -> list[bytes]:
    at = first_at(blocks) - 2
    return [
        encode("CtiBoot", at, Boot=boot),
        encode("CtiConnected", at),
        encode("CtiSnapshotBegin", at),
        encode("CtiSnapshotEnd", at),
        *blocks,
    ]


@contextlib.asynccontextmanager
async def journal_of(
    directory: Path, blocks: Iterable[bytes], *, segment_bytes: int = 16_000
) -> AsyncIterator[JournalReader]:
    """A journal with these events that the service still has open."""
    board = Board("lab")
    journal = Journal(
        directory, checkpoint=lambda: board.dump(), segment_bytes=segment_bytes, gather_seconds=0.001
    )
    loop = asyncio.create_task(journal.run())
    try:
        for block in blocks:
            journal.append(block)
            board.apply(parse(block))
        await journal.flush()
        yield JournalReader(directory)
    finally:
        loop.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await loop
        await journal.close()


def calls_of(blocks: Iterable[bytes]) -> dict[str, list[str]]:
    """The ids of all legs, by call."""
    scenario = Scenario([parse(block) for block in blocks])
    found: dict[str, list[str]] = {}
    for leg in scenario.legs.values():
        found.setdefault(leg.call_id, []).append(leg.uniqueid)
    return found


def cutting_of(reader: JournalReader, call: str) -> Cutting:
    return cut(reader, call, "lab", lambda _: None)


def trace_of(reader: JournalReader, call: str) -> Trace:
    return anonymous(cutting_of(reader, call), SECRET)


def names_in(trace: Trace) -> list[str]:
    return [parse(block).name for block in trace.blocks]


@pytest.mark.parametrize("name", NAMES)
async def test_the_trace_of_every_recorded_call_gives_its_rows_and_no_person(
    name: str, tmp_path: Path
) -> None:
    other = blocks_of("answered", later=-3600)
    call = blocks_of(name)
    async with journal_of(tmp_path, booted([*other, *call])) as reader:
        of_other = set(calls_of(booted(other)))
        for call_id in set(calls_of(booted([*other, *call]))) - of_other:
            trace = trace_of(reader, call_id)
            assert trace.differences == []
            assert not trace.going_on
            text = b"".join(trace.blocks).decode()
            values = re.sub(r"(?m)^(Timestamp|\w*Uniqueid|\w*Linkedid|Last\w+|LoginTime): .*$", "", text)
            for number in ("13800138000", "13900139000", "1001", "1002", "1003", "4001", "4002", "6002"):
                assert not re.search(rf"(?<!\d){number}(?!\d)", values)
            assert "Anna" not in text
            assert "Müller" not in text
            assert "a secret" not in text


async def test_a_call_is_found_by_any_of_its_channels_and_by_the_call_that_it_took_in(tmp_path: Path) -> None:
    blocks = booted(blocks_of("merged"))
    async with journal_of(tmp_path, blocks) as reader:
        for uniqueids in calls_of(blocks).values():
            for call in [*uniqueids, *(f"{BOOT}-{uniqueid}" for uniqueid in uniqueids)]:
                trace = trace_of(reader, call)
                assert (trace.calls, trace.legs, trace.differences) == (2, 4, [])


async def test_a_number_stays_the_same_number_in_every_place(tmp_path: Path) -> None:
    blocks = blocks_of("local_member")
    uniqueid = next(e.get("Uniqueid") for block in blocks if (e := parse(block)).name == "Newchannel")
    label = encode(
        "CtiCallLabelled", first_at(blocks) + 0.4, Uniqueid=uniqueid, Number=f"+86{CALLER}", Queue="sales"
    )
    at = next(n for n, block in enumerate(blocks) if parse(block).name == "QueueCallerJoin")
    async with journal_of(tmp_path, booted([*blocks[:at], label, *blocks[at:]])) as reader:
        trace = trace_of(reader, uniqueid)
    assert trace.differences == []
    scenario = Scenario([parse(block) for block in trace.blocks])
    [caller] = {leg.number for leg in scenario.legs.values() if leg.kind == "trunk"}
    [call] = scenario.calls.values()
    assert caller is not None
    assert caller != CALLER
    assert re.fullmatch(r"1\d{10}", caller)
    assert call.caller_number == f"+86{caller}"
    [phone] = {leg.interface for leg in scenario.legs.values() if leg.kind == "device"}
    number = str(phone).removeprefix("PJSIP/")
    assert {leg.channel.partition("-")[0] for leg in scenario.legs.values() if leg.kind == "local"} == {
        f"Local/{number}@phones"
    }


async def test_an_agent_who_signed_in_long_before_has_his_device_from_the_first_event_on(
    tmp_path: Path,
) -> None:
    before = blocks_of("answered", later=-600)
    signed_in = [block for block in before if parse(block).name in ("QueueMemberAdded", "QueueMemberPause")][
        :2
    ]
    noise = [block for hour in range(8) for block in blocks_of("abandoned", later=-500 + hour * 20)]
    call = [block for block in blocks_of("answered") if not parse(block).name.startswith("QueueMemberAdded")]
    async with journal_of(tmp_path, booted([*signed_in, *noise, *call]), segment_bytes=6_000) as reader:
        [call_id] = calls_of(booted(call))
        cutting = cutting_of(reader, call_id)
        nearest = next(starts(reader, "lab", reader.position - len(call) + 2))
        assert nearest.position > len(signed_in) + len(noise) // 2
    trace = anonymous(cutting, SECRET)
    assert names_in(trace)[:3] == ["CtiTrace", "CtiBoot", "QueueMemberAdded"]
    assert trace.differences == []
    assert len(trace.blocks) < len(call) + 5


async def test_a_wrap_up_that_the_next_call_ended_brings_that_call_with_it(tmp_path: Path) -> None:
    one = [block for block in blocks_of("answered") if parse(block).name != "QueueMemberRemoved"]
    pause = next(n for n, block in enumerate(one) if parse(block).get("PausedReason") == "wrap-up")
    talking = one[: pause + 1] + [b for b in one[pause + 1 :] if parse(b).name != "QueueMemberPause"]
    two = [b for b in blocks_of("answered", later=60) if not parse(b).name.startswith("QueueMember")]
    three = [b for b in blocks_of("answered", later=120) if not parse(b).name.startswith("QueueMember")]
    blocks = booted([*talking, *two, *three])
    async with journal_of(tmp_path, blocks) as reader:
        first, second, _ = calls_of(blocks).values()
        cutting = cutting_of(reader, first[0])
        trace = anonymous(cutting, SECRET)
    assert trace.differences == []
    assert len(cutting.scope.family) == 1
    assert set(cutting.scope.legs.values()) == {*first, *second}
    scenario = Scenario([parse(block) for block in trace.blocks])
    wrap_up = next(
        span
        for span in scenario.intervals.values()
        if span.kind is IntervalKind.WRAP_UP and span.call_id in cutting.scope.family
    )
    assert wrap_up.ended_at is not None
    assert wrap_up.ended_at - wrap_up.started_at > 50


async def test_a_call_that_turns_up_in_a_snapshot_brings_the_gap_and_the_snapshot(tmp_path: Path) -> None:
    call = blocks_of("answered")
    talking = [n for n, block in enumerate(call, 1) if parse(block).name == "BridgeEnter"][-1]
    board = Board("lab")
    for block in booted(call)[: talking + 4]:
        board.apply(parse(block))
    at = parse(call[talking - 1]).at
    listed = [
        encode(
            "CoreShowChannel", at + 5, Channel=leg.channel, Uniqueid=leg.uniqueid, Linkedid=leg.linkedid,
            ChannelState="6", BridgeId=leg.bridge_id or "", CallerIDNum=CALLER, CallerIDName=NAME,
            Context="inbound" if leg.kind == "trunk" else "phones",
        )
        for leg in board.legs()
    ]  # fmt: skip
    member = encode(
        "QueueMember", at + 5, Queue="sales", Name="agent-1", Location="PJSIP/1001", Paused="1",
        PausedReason="wrap-up",
    )  # fmt: skip
    other = blocks_of("abandoned", later=-900)
    blocks = [
        *booted(other),
        encode("CtiDisconnected", at - 20, Reason="cut"),
        encode("CtiBoot", at + 5, Boot=BOOT),
        encode("CtiConnected", at + 5),
        encode("CtiSnapshotBegin", at + 5),
        *listed,
        member,
        encode("CtiSnapshotEnd", at + 5),
        *[
            re.sub(rb"Timestamp: (\d+)", lambda t: b"Timestamp: %d" % (int(t[1]) + 6), b)
            for b in call[talking:]
        ],
    ]
    async with journal_of(tmp_path, blocks) as reader:
        trace = trace_of(reader, next(leg.uniqueid for leg in board.legs()))
    assert trace.differences == []
    names = names_in(trace)
    assert {"CtiDisconnected", "CtiConnected", "CtiSnapshotBegin", "QueueMember"} <= set(names)
    assert names.count("CtiSnapshotEnd") == 1
    [call_row] = Scenario([parse(block) for block in trace.blocks]).calls.values()
    assert call_row.gap


@pytest.mark.parametrize("seen", [False, True])
async def test_what_the_ledger_filled_in_later_is_in_it_without_persons(tmp_path: Path, seen: bool) -> None:
    """CEL has all of the call; of its events none had come, or all but those of the agent's leg."""
    call = blocks_of("answered")
    rows = read_rows("answered")
    caller, agent = dict.fromkeys(row.uniqueid for row in rows)
    missed = [block for block in call if agent.encode() not in block]
    known = next(iter(Scenario([parse(block) for block in booted(missed)]).calls.values())) if seen else None
    said = {
        "rows": ledger_headers(rows),
        "missing": [agent] if seen else [caller, agent],
        "known": None if known is None else {**msgspec.to_builtins(known), "caller_number": CALLER},
        "unknown": [],
    }
    text = json.dumps(msgspec.to_builtins(said), separators=(",", ":"))
    filled = encode("CtiLedgerCall", parse(call[-1]).at + 600, Boot=BOOT, Call=text)
    before = [*booted(blocks_of("abandoned", later=-900)), *(missed if seen else [])]
    async with journal_of(tmp_path, [*before, *blocks_of("abandoned", later=300), filled]) as reader:
        trace = trace_of(reader, caller)
    assert trace.differences == []
    found = Scenario([parse(block) for block in trace.blocks])
    assert {leg.uniqueid for leg in found.legs.values()} == {caller, agent}
    whole = b"".join(trace.blocks).decode()
    assert "CtiLedgerCall" in whole
    assert not re.search(rf'(?<!\d)({CALLER}|4001)(?!\d)|"1001"|/1001', whole)


async def test_a_call_that_still_goes_on_is_cut_as_far_as_it_is(tmp_path: Path) -> None:
    call = blocks_of("held_twice")
    half = next(n for n, block in enumerate(call) if parse(block).name == "Unhold")
    async with journal_of(tmp_path, booted(call[:half])) as reader:
        [uniqueids] = calls_of(booted(call)).values()
        trace = trace_of(reader, uniqueids[0])
    assert trace.going_on
    assert trace.differences == []


async def test_a_trace_that_gives_other_rows_says_which(tmp_path: Path) -> None:
    async with journal_of(tmp_path, booted(blocks_of("held_twice"))) as reader:
        [uniqueids] = calls_of(booted(blocks_of("held_twice"))).values()
        cutting = cutting_of(reader, uniqueids[0])
    cutting.events = [(block, at) for block, at in cutting.events if parse(block).name != "Hold"]
    differences = anonymous(cutting, SECRET).differences
    assert sum(line.startswith("intervals: missing") for line in differences) >= 2


async def test_two_traces_of_one_call_cannot_be_held_against_each_other(tmp_path: Path) -> None:
    async with journal_of(tmp_path, booted(blocks_of("answered"))) as reader:
        [uniqueids] = calls_of(booted(blocks_of("answered"))).values()
        cutting = cutting_of(reader, uniqueids[0])
    one, other = (anonymous(cutting, secret) for secret in (b"one", b"other"))
    numbers = [
        {parse(block).get("CallerIDNum") for block in trace.blocks if parse(block).name == "QueueCallerJoin"}
        for trace in (one, other)
    ]
    assert numbers[0] != numbers[1]


async def test_what_might_be_a_person_stops_the_trace(tmp_path: Path) -> None:
    call = blocks_of("answered")
    at = next(n for n, block in enumerate(call) if parse(block).name == "QueueCallerJoin")
    call[at] = call[at].replace(b"Queue: sales", f"Queue: sales-{CALLER}".encode())
    async with journal_of(tmp_path, booted(call)) as reader:
        [uniqueids] = calls_of(booted(call)).values()
        with pytest.raises(TraceNotAnonymous, match="Queue"):
            trace_of(reader, uniqueids[0])


async def test_a_call_that_the_journal_never_saw_is_named(tmp_path: Path) -> None:
    async with journal_of(tmp_path, booted(blocks_of("answered"))) as reader:
        for call in ("lab-1795326653.77", "nothing", f"otherboot-{'lab-1795326653.0'}", "x\r\n"):
            with pytest.raises(CallUnknown):
                cutting_of(reader, call)
    with pytest.raises(JournalMissing):
        JournalReader(tmp_path / "nowhere")


async def test_a_call_before_the_oldest_record_is_said_to_be_erased_with_the_date(tmp_path: Path) -> None:
    calls = [blocks_of("answered", later=100 * number) for number in range(4)]
    blocks = booted([block for call in calls for block in call])
    async with journal_of(tmp_path, blocks) as reader:
        uniqueids = [of_call[0] for of_call in calls_of(blocks).values()]
        segments = reader.segments
        for segment in segments[: len(segments) // 2]:
            segment.path.unlink()
            segment.checkpoint_path.unlink(missing_ok=True)
        with pytest.raises(CallErased, match=r"reaches back to 20\d\d-\d\d-\d\dT"):
            cutting_of(reader, uniqueids[0])
        assert trace_of(reader, uniqueids[-1]).differences == []


async def test_a_hole_in_the_call_is_named_and_one_before_it_is_not(tmp_path: Path) -> None:
    one, two = blocks_of("answered"), blocks_of("answered", later=500)
    async with journal_of(tmp_path, booted([*one, *two]), segment_bytes=10_000_000) as reader:
        first, second = (of_call[0] for of_call in calls_of(booted([*one, *two])).values())
        path = reader.segments[0].path
        data = bytearray(path.read_bytes())
        at = data.index(b"Event: QueueCallerJoin") + 40
        data[at : at + 4] = b"\0\0\0\0"
        path.write_bytes(data)
        with pytest.raises(CallDamaged, match=rf"{path.name} at byte \d+, from position \d+"):
            cutting_of(reader, first)
        assert trace_of(reader, second).differences == []


async def test_a_trace_is_for_its_owner_alone_and_replaces_nothing(tmp_path: Path) -> None:
    async with journal_of(tmp_path / "journal", booted(blocks_of("answered"))) as reader:
        [uniqueids] = calls_of(booted(blocks_of("answered"))).values()
        trace = trace_of(reader, uniqueids[0])
    path = tmp_path / "call.ami"
    previous = os.umask(0)
    try:
        write(trace, path, force=False)
    finally:
        os.umask(previous)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(TraceExists):
        write(trace, path, force=False)
    path.chmod(0o644)
    write(trace, path, force=True)
    assert path.stat().st_mode & 0o777 == 0o600
    assert Scenario([parse(block) for block in read_blocks(path)]).anomalies == []


def run_command(journal: Path, *arguments: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    settings: dict[str, Any] = {
        "CTI_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "CTI_AMI_SECRET": "x",
        "CTI_AMI_PHONE_SECRET": "x",
        "CTI_AGI_SECRET": "x",
        "CTI_JOURNAL_DIR": str(journal),
        "CTI_HOME": str(folder),
        "PYTHONPATH": str(Path(__file__).parents[3]),
    }
    return subprocess.run(
        [sys.executable, "-m", "cti", "trace", *arguments],
        env={**os.environ, **settings}, cwd=folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


async def test_the_command_works_while_the_journal_is_being_written(tmp_path: Path) -> None:
    blocks = booted(blocks_of("blind_transfer"))
    async with journal_of(tmp_path / "journal", blocks):
        [uniqueids] = calls_of(blocks).values()
        done = await asyncio.to_thread(run_command, tmp_path / "journal", uniqueids[0], folder=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "the same rows as the journal" in done.stdout
        written = tmp_path / file_name(uniqueids[0])
        again = await asyncio.to_thread(run_command, tmp_path / "journal", uniqueids[0], folder=tmp_path)
        assert (again.returncode, "trace.file_exists" in again.stderr) == (1, True)
        unknown = await asyncio.to_thread(run_command, tmp_path / "journal", "nothing", folder=tmp_path)
        assert (unknown.returncode, "trace.unknown_call" in unknown.stderr) == (1, True)
    assert Scenario([parse(block) for block in read_blocks(written)]).transfers
