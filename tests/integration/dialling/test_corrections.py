"""What nobody knew is put right when the ledger has it after all."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from dial_room import HOUR, MINUTE, NODE, PHONE, DialRoom

from cti.asterisk.cel import CelRow
from cti.board.board import Board
from cti.config import load
from cti.dialling.attempts.corrections import Corrections
from cti.ledger import sources

TRANSCRIPTS = Path(__file__).parents[2] / "transcripts"


class Ledger:
    """A CEL file into which the rows of a recorded call come late."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.settings = load(
            home=path.parent, database_url="postgresql:///none", node=NODE, cel_csv_path=path,
            ami_secret="x", ami_phone_secret="x", agi_secret="x",
        )  # fmt: skip
        self.reads = 0

    def comes_in(self, name: str) -> None:
        shutil.copy(TRANSCRIPTS / f"{name}.cel.csv", self.path)

    async def rows_after(self, after: float) -> Sequence[CelRow]:
        self.reads += 1
        return await sources.rows_after(self.settings, after)


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now


#: When the recorded calls began.
BEGAN = {"declined": 1795707454.0, "abandoned": 1795708865.0, "answered": 1795708854.6}


async def unknown(room: DialRoom, name: str) -> None:
    """A contact whose call nobody saw end; he would be called again in four hours."""
    campaign = await room.campaign()
    contact_id = await room.contact(campaign)
    at = BEGAN[name]
    await room.attempt(
        at=at, outcome="unknown", id=f"at-{name}", state="unknown", unknown_why="no_trace",
        purpose="campaign", campaign_id=campaign.id, contact_id=contact_id,
    )  # fmt: skip
    next_at = "UPDATE contacts SET attempts = 1, last_outcome = 'unknown', next_at = to_timestamp(:at)"
    await room.run(next_at, at=at + 4 * HOUR)


def corrections(room: DialRoom, ledger: Ledger, clock: Clock) -> Corrections:
    return Corrections(
        Board(NODE), room.engine, node=NODE, clock=lambda: clock.now, hears=lambda: True,
        rows_after=ledger.rows_after,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "outcome", "contact"),
    [
        ("declined", "refused", ("open", "refused")),
        ("abandoned", "abandoned", ("open", "abandoned")),
        ("answered", "answered", ("closed", "answered")),
    ],
)
async def test_what_the_ledger_has_late_ends_the_attempt_and_is_followed_by_its_contact(
    room: DialRoom, tmp_path: Path, name: str, outcome: str, contact: tuple[str, str]
) -> None:
    await unknown(room, name)
    ledger, clock = Ledger(tmp_path / "cel.csv"), Clock(BEGAN[name] + MINUTE)
    looked = corrections(room, ledger, clock)
    ledger.path.touch()
    await looked.look()
    kept = "SELECT state, outcome, unknown_why FROM attempts"
    assert await room.rows(kept) == [("unknown", "unknown", "no_trace")]
    ledger.comes_in(f"dialled_{name}")
    await looked.look()
    assert ledger.reads == 1, "not before a minute is over"
    clock.now += MINUTE
    await looked.look()
    assert await room.rows(kept) == [("ended", outcome, None)]
    assert await room.rows("SELECT state, last_outcome FROM contacts") == [contact]
    seen = "SELECT answered_at IS NOT NULL, abandoned_at IS NOT NULL FROM attempts"
    assert await room.rows(seen) == [(name != "declined", name == "abandoned")]


async def test_after_a_gap_it_is_looked_up_at_once_and_in_the_end_no_more(
    room: DialRoom, tmp_path: Path
) -> None:
    await unknown(room, "declined")
    ledger, clock = Ledger(tmp_path / "cel.csv"), Clock(BEGAN["declined"] + MINUTE)
    ledger.path.touch()
    looked = corrections(room, ledger, clock)
    for _ in range(90):
        await looked.look()
        clock.now += MINUTE
    assert ledger.reads == 5
    ledger.comes_in("dialled_declined")
    looked.look_again()
    await looked.look()
    assert await room.value("SELECT outcome FROM attempts") == "refused"


async def test_who_was_called_again_keeps_what_followed_from_that(room: DialRoom, tmp_path: Path) -> None:
    await unknown(room, "answered")
    campaign_id, contact_id = (await room.rows("SELECT campaign_id, contact_id FROM attempts"))[0]
    await room.attempt(
        at=BEGAN["answered"] + HOUR, purpose="campaign", campaign_id=campaign_id, contact_id=contact_id
    )
    ledger = Ledger(tmp_path / "cel.csv")
    ledger.comes_in("dialled_answered")
    await corrections(room, ledger, Clock(BEGAN["answered"] + HOUR)).look()
    found = await room.rows("SELECT outcome FROM attempts ORDER BY reserved_at")
    assert found == [("answered",), ("busy",)]
    assert await room.value("SELECT state FROM contacts WHERE phone = :phone", phone=PHONE) == "open"
