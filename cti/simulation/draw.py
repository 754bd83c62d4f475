"""Write ``docs/calls.md`` and its pictures: ``python -m cti.simulation.draw [--to FOLDER]``.

Each recorded call of `cti.simulation.recordings` goes through the board; what comes of it is drawn and
listed. The same transcripts give the same files.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from cti.calls.model import Leg, LegKind
from cti.simulation import recordings
from cti.simulation.call_picture import draw
from cti.simulation.call_story import Story, read_events, tell
from cti.simulation.recordings import RECORDINGS
from cti.simulation.recordings.recording import Recording

TRANSCRIPTS: Final = Path("tests/transcripts")
DEFAULT_FOLDER: Final = Path("docs")
PAGE: Final = "calls.md"
PICTURES: Final = "calls"

_HEAD: Final = """\
# Every shape of a call

Each picture is a real call on a real Asterisk, recorded in `tests/transcripts/` and folded by the board:
one line for each leg over time, and below it the rows that the call yields, in seconds since its first leg
appeared. What the spans and columns mean is in [call-record.md](call-record.md). A dash is NULL: not known,
or not so.

This page is written by `make pictures`; a test says when it is not current.
"""


def write(folder: Path, transcripts: Path = TRANSCRIPTS) -> list[Path]:
    """Writes the page and its pictures below a folder, removes pictures of calls that are recorded no more;
    returns what was written.
    """
    pictures = folder / PICTURES
    pictures.mkdir(parents=True, exist_ok=True)
    written = []
    for path, text in files(transcripts):
        (folder / path).write_text(text, encoding="utf-8")
        written.append(folder / path)
    for old in set(pictures.glob("*.svg")) - set(written):
        old.unlink()
    return written


def files(transcripts: Path) -> Iterator[tuple[str, str]]:
    """(path below the folder, text) of every file: each picture, and last the page."""
    page, contents = [], []
    for room, found in _rooms().items():
        title, intro = _title(room), _intro(room)
        contents.append(f"- [{title}](#{title.lower().replace(' ', '-')}): " + ", ".join(map(_link, found)))
        page.append(f"## {title}\n\n{intro}\n")
        for recording in found:
            story = tell(read_events(transcripts / f"{recording.name}.ami"))
            heading = recording.name.replace("_", " ")
            picture = f"{PICTURES}/{recording.name}.svg"
            yield picture, draw(story, title=heading, description=_spoken(recording, story))
            shape = _escaped(recording.shape)
            page.append(f"### {heading}\n\n{shape}\n\n![{_escaped(heading)}]({picture})\n\n{_table(story)}\n")
    yield PAGE, "\n".join([_HEAD, "\n".join(contents) + "\n", *page])


def _rooms() -> dict[str, list[Recording]]:
    """The recordings of each kind, by the name of their module."""
    found: dict[str, list[Recording]] = {}
    for recording in RECORDINGS.values():
        found.setdefault(recording.play.__module__, []).append(recording)
    return found


def _title(room: str) -> str:
    return room.rpartition(".")[2].replace("_", " ").capitalize()


def _intro(room: str) -> str:
    text = sys.modules[room].__doc__ or recordings.__doc__ or ""
    return " ".join(text.partition("\n\n")[0].split())


def _link(recording: Recording) -> str:
    heading = recording.name.replace("_", " ")
    return f"[{heading}](#{heading.replace(' ', '-')})"


def _spoken(recording: Recording, story: Story) -> str:
    lines = [
        f"{story.role(leg)}: " + (", ".join(_spans(story, leg)) or "nothing measured") for leg in story.legs
    ]
    return f"{recording.shape} " + "; ".join(lines) + "."


def _spans(story: Story, leg: Leg) -> list[str]:
    begun = story.begun_at
    return [
        f"{one.kind.value.replace('_', '-')} {_at(one.started_at, begun)} to {_at(one.ended_at, begun)} s"
        for one in story.intervals
        if one.leg_id == leg.id
    ]


def _table(story: Story) -> str:
    begun = story.begun_at
    legs = {leg.id: leg for leg in story.legs}

    def who(leg_id: str | None) -> str:
        return story.role(legs[leg_id]) if leg_id in legs else "-"

    rows: list[tuple[Any, ...]] = []
    for call in story.calls:
        about = [
            call.direction.value,
            f"{call.caller_number or 'withheld'} → {call.dialled_number or '-'}",
            *_known(queue=call.queue, agent=call.agent_id, answered=_at(call.answered_at, begun)),
        ]
        flags = [name for name in ("voicemail", "gap") if getattr(call, name)]
        merged = ["merged into the other"] if call.merged_into else []
        rows.append(("calls", "", call.started_at, call.ended_at, ", ".join([*about, *flags, *merged])))
    for leg in story.legs:
        kind = "plumbing" if leg.kind is LegKind.LOCAL else leg.kind.value
        about = [kind, *_known(answered=_at(leg.answered_at, begun), cause=leg.hangup_cause)]
        if leg.ending is not None and leg.ending.value != "hangup":
            about.append(leg.ending.value)
        rows.append(("legs", story.role(leg), leg.started_at, leg.ended_at, ", ".join(about)))
    for span in story.intervals:
        about = [
            span.kind.value,
            *_known(agent=span.agent_id, queue=span.queue),
            *["end unknown"] * span.unknown_end,
        ]
        rows.append(("intervals", who(span.leg_id), span.started_at, span.ended_at, ", ".join(about)))
    for entry in story.entries:
        about = [entry.queue, entry.outcome.value if entry.outcome else "-", *_known(agent=entry.agent_id)]
        rows.append(("queue_entries", who(entry.leg_id), entry.joined_at, entry.left_at, ", ".join(about)))
    for offer in story.offers:
        about = [
            offer.queue,
            offer.outcome.value if offer.outcome else "-",
            *_known(agent=offer.agent_id),
        ]
        rows.append(("offers", who(offer.leg_id), offer.started_at, offer.ended_at, ", ".join(about)))
    for move in story.transfers:
        about = [
            move.kind.value,
            move.outcome.value if move.outcome else "-",
            *_known(agent=move.agent_id, to=move.to_number),
        ]
        rows.append(("transfers", who(move.from_leg_id), move.at, None, ", ".join(about)))
    for survey in story.surveys:
        about = [
            survey.outcome.value if survey.outcome else "-",
            *_known(rating=survey.rating, second=survey.second_rating, agent=survey.agent_id),
        ]
        rows.append(("surveys", who(survey.leg_id), survey.started_at, survey.ended_at, ", ".join(about)))
    lines = ["| row of | on | from | to | what |", "| --- | --- | ---: | ---: | --- |"]
    for table, on, start, end, what in rows:
        times = f"{_at(start, begun)} | {_at(end, begun)}"
        lines.append(f"| `{table}` | {_escaped(on)} | {times} | {_escaped(what)} |")
    return "\n".join(lines)


def _known(**values: Any) -> list[str]:
    return [f"{name} {value}" for name, value in values.items() if value not in (None, "-")]


def _at(instant: float | None, begun: float) -> str:
    return "-" if instant is None else f"{instant - begun:.1f}"


def _escaped(text: str) -> str:
    """The text where Markdown must not read marks into it."""
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", text)


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=DEFAULT_FOLDER)
    written = write(parser.parse_args().to)
    sys.stdout.write(f"{len(written)} files below {written[-1].parent}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
