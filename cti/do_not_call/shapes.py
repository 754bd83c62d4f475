"""Entries and imports of the list as the API takes and gives them."""

from typing import Annotated, Any, Literal

import msgspec
import sqlalchemy as sa
from pydantic import Field, StringConstraints

from cti.customers.numbers import mask
from cti.do_not_call.imports import NumberImport
from cti.do_not_call.model import Level, Reason, Source
from cti.do_not_call.number_file import Example
from cti.http.principal import Language
from cti.http.row_problems import MOST_TOLD, RowProblemView, view_of
from cti.http.shapes import Body, Instant, Line, PageQuery, Query, When, instant, instant_or_none

ImportId = Annotated[str, Field(pattern=r"^[0-9a-f]{1,16}$")]
Number = Annotated[str, Field(min_length=1, max_length=40)]
#: A client's or a campaign's; blanks around it are nobody's intention.
Name = Annotated[Line, StringConstraints(strip_whitespace=True)]


class Placing(Body):
    """At which level; ``name`` is the client's or the campaign's, absent at the global level."""

    level: Level = Field(Level.GLOBAL, strict=False)
    name: Name | None = None


class NewEntry(Placing):
    """A number not to be called, for good or until ``expires_at``."""

    number: Number
    reason: Line | None = None
    expires_at: When | None = None


class Question(Body):
    """May this number be called, for this client and campaign?"""

    number: Number
    client: Name | None = None
    campaign: Name | None = None


class Wish(Body):
    """The other party of a call does not want to be called; ``reason`` in the agent's words."""

    reason: Line | None = None


class EntriesQuery(PageQuery):
    """Which entries. ``q`` is the beginning of a number, or something in what people wrote."""

    q: str | None = Field(None, max_length=100)
    counts: Literal["yes", "no", "all"] = "yes"
    level: Level | None = None
    name: str | None = Field(None, max_length=200)
    source: Source | None = None
    import_id: ImportId | None = None


class FileQuery(Query):
    """The name under which a file is shown."""

    file_name: str = Field("numbers.csv", min_length=1, max_length=200)


class ImportChoice(Placing):
    """The place of the column with the numbers, 0 for the first, and what becomes of them."""

    column: int = Field(ge=0, le=1_000)
    reason: Line | None = None
    expires_at: When | None = None


class EntryView(msgspec.Struct, frozen=True, kw_only=True):
    """One entry. ``counts`` says whether it keeps the number from being called now; if not, it was removed,
    has expired, or its import was undone (``import_undone_at``). ``added_by`` is null for a key.
    """

    id: int
    number: str
    level: Level
    name: str | None
    source: Source
    reason: str | None
    call_id: str | None
    import_id: str | None
    added_at: Instant
    added_by: str | None
    expires_at: Instant | None
    removed_at: Instant | None
    removed_by: str | None
    import_undone_at: Instant | None
    counts: bool


class AddedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for is on the list; ``added`` is false when it was before."""

    added: bool
    entry: EntryView


class ReasonView(msgspec.Struct, frozen=True, kw_only=True):
    """One reason; ``entry_id`` is null for a refusal by key of just now."""

    entry_id: int | None
    level: Level
    name: str | None
    source: Source
    reason: str | None
    added_at: Instant
    expires_at: Instant | None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the number may be called, and each reason why not."""

    allowed: bool
    reasons: list[ReasonView]


class WishKept(msgspec.Struct, frozen=True, kw_only=True):
    """The other party of a call is on the list; the number as the agent may see it."""

    number: str
    added: bool


class ImportView(msgspec.Struct, frozen=True, kw_only=True):
    """One import. ``state``: `checking`, `checked`, `importing`, `failed` (``failure`` says why) for a file
    in memory, `imported` and `undone` for one that was imported. ``progress`` is that of the present work.

    ``new`` are the numbers that are taken, of which ``known`` are on the list at that level already;
    ``repeated`` rows name one of them once more, ``bad`` rows are left out. ``columns``, ``column``,
    ``examples`` and ``problems`` (the first ones) are those of a file in memory.
    """

    id: str
    file_name: str
    state: str
    progress: float
    level: Level
    name: str | None
    rows: int
    new: int
    known: int
    repeated: int
    bad: int
    failure: str | None = None
    columns: list[str] = []
    column: int | None = None
    examples: list[Example] = []
    problems: list[RowProblemView] = []
    imported_at: Instant | None = None
    imported_by: str | None = None
    undone_at: Instant | None = None
    undone_by: str | None = None


def entry_view(row: sa.Row[Any]) -> EntryView:
    """The entry as it is given."""
    return EntryView(
        id=row.id,
        number=row.number,
        level=Level(row.level),
        name=row.name,
        source=Source(row.source),
        reason=row.reason,
        call_id=row.call_id,
        import_id=row.import_id,
        added_at=instant(row.added_at.timestamp()),
        added_by=row.added_by_name,
        expires_at=_instant(row.expires_at),
        removed_at=_instant(row.removed_at),
        removed_by=row.removed_by_name,
        import_undone_at=_instant(row.undone_at),
        counts=row.counts,
    )


def reason_view(reason: Reason) -> ReasonView:
    """The reason as it is given."""
    return ReasonView(
        entry_id=reason.entry_id,
        level=reason.level,
        name=reason.name,
        source=reason.source,
        reason=reason.text,
        added_at=instant(reason.added_at),
        expires_at=instant_or_none(reason.expires_at),
    )


def wish_kept(number: str, *, added: bool) -> WishKept:
    """What an agent is told."""
    return WishKept(number=mask(number) or "", added=added)


def file_view(file: NumberImport, language: Language) -> ImportView:
    """A file that was not imported."""
    reading = file.reading
    return ImportView(
        id=file.id,
        file_name=file.file_name,
        state=file.state,
        progress=round(file.progress, 3),
        level=file.choice.level,
        name=file.choice.name,
        rows=reading.rows if reading else 0,
        new=len(reading.numbers) if reading else 0,
        known=file.known,
        repeated=reading.repeated if reading else 0,
        bad=len(reading.problems) if reading else 0,
        failure=file.failure,
        columns=list(file.head.columns),
        column=file.choice.column,
        examples=list(reading.examples) if reading else [],
        problems=[view_of(one, language) for one in reading.problems[:MOST_TOLD]] if reading else [],
    )


def import_view(row: sa.Row[Any]) -> ImportView:
    """An import that was done."""
    return ImportView(
        id=row.id,
        file_name=row.file_name,
        state="imported" if row.undone_at is None else "undone",
        progress=1.0,
        level=Level(row.level),
        name=row.name,
        rows=row.added + row.repeated + row.bad,
        new=row.added,
        known=row.known,
        repeated=row.repeated,
        bad=row.bad,
        imported_at=instant(row.imported_at.timestamp()),
        imported_by=row.imported_by_name,
        undone_at=_instant(row.undone_at),
        undone_by=row.undone_by_name,
    )


def _instant(at: Any) -> str | None:
    return None if at is None else instant(at.timestamp())
