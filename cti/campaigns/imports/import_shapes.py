"""Imports of contacts as the API takes and gives them."""

from typing import Annotated, Any

import msgspec
from pydantic import Field

from cti.campaigns.imports.file_preview import FilePreview
from cti.campaigns.imports.imports_store import ContactImportRow
from cti.campaigns.model import FileOptions, ImportSource, ImportState
from cti.http.catalogue.problem_texts import PROBLEMS
from cti.http.principal import Language
from cti.http.row_problems import RowProblem, RowProblemView, view_of
from cti.http.shapes import Body, Instant, Line, PlainText, Query, instant
from cti.sheets.model import Format

Region = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Column = Annotated[PlainText, Field(min_length=1, max_length=200)]
TargetName = Annotated[str, Field(min_length=1, max_length=60)]


class FileQuery(Query):
    """What the file is called, for whoever looks at the list of imports."""

    name: Line


class FileReading(Body):
    """How the file is read; what is absent or null is found out.

    ``mapping`` says what each column is, by its name: `phone`, `phone_2`, `phone_3`, `name`, `language`,
    `time_zone`, `customer` (his key in an external system), `consent`, `priority`, or `details.product`, what
    the flow is given under this name. Other columns are left out.
    """

    encoding: str | None = Field(None, max_length=20)
    delimiter: str | None = Field(None, max_length=1)
    header: bool | None = None
    region: Region | None = None
    mapping: dict[Column, TargetName] | None = Field(None, max_length=200)

    def options(self, region: str) -> FileOptions:
        """As the file's reader takes them; ``region`` is that of the installation."""
        values: dict[str, Any] = self.model_dump()
        return FileOptions(**{**values, "region": self.region or region})


class FaultView(msgspec.Struct, frozen=True, kw_only=True):
    """Why nothing was done."""

    code: str
    detail: str


class ContactImportView(msgspec.Struct, frozen=True, kw_only=True):
    """An import and how far it is. Counts are rows; ``share_read`` goes from 0 to 1, and is null where there
    is no file. ``same_file_as`` is another import of this very file that was done.
    """

    id: int
    source: ImportSource
    file_name: str | None
    state: ImportState
    share_read: float | None
    rows_read: int
    added: int
    refused: int
    fault: FaultView | None
    created_at: Instant
    started_at: Instant | None
    ended_at: Instant | None
    undone_at: Instant | None
    same_file_as: int | None = None


class ContactPreview(msgspec.Struct, frozen=True, kw_only=True):
    """A contact that a row would become."""

    phone: str
    other_phones: list[str]
    name: str | None
    language: str | None
    time_zone: str | None
    customer: str | None
    consent: str | None
    priority: int
    details: dict[str, str]


class FilePreviewView(msgspec.Struct, frozen=True, kw_only=True):
    """What the file seems to hold. ``rows`` are its first as they stand there, ``contacts`` what they would
    become; ``problems`` are those of the first ``rows_looked_at`` rows, of which ``good`` can be taken.
    ``mapping_problems`` keep the file from being imported.
    """

    format: Format
    encoding: str | None
    delimiter: str | None
    header: bool
    region: str
    columns: list[str]
    mapping: dict[str, str]
    rows: list[list[str]]
    contacts: list[ContactPreview]
    rows_looked_at: int
    good: int
    mapping_problems: list[RowProblemView]
    problems: list[RowProblemView]


class FileReceived(msgspec.Struct, frozen=True, kw_only=True):
    """An import that waits, and what its file seems to hold."""

    contact_import: ContactImportView
    preview: FilePreviewView


def import_view(row: ContactImportRow, language: Language, same: int | None = None) -> ContactImportView:
    """The import as it is given."""

    def at(name: str) -> str | None:
        value = getattr(row, name)
        return None if value is None else instant(value.timestamp())

    share = None
    if row.source is ImportSource.FILE:
        done = row.state in (ImportState.DONE, ImportState.UNDONE)
        share = 1.0 if done else min(1.0, row.bytes_read / max(1, row.bytes_in_all))
    return ContactImportView(
        id=row.id,
        source=row.source,
        file_name=row.file_name,
        state=row.state,
        share_read=share,
        rows_read=row.rows_read,
        added=row.added,
        refused=row.refused,
        fault=None if row.fault is None else fault_view(row.fault, language),
        created_at=instant(row.created_at.timestamp()),
        started_at=at("started_at"),
        ended_at=at("ended_at"),
        undone_at=at("undone_at"),
        same_file_as=same,
    )


def fault_view(fault: dict[str, Any], language: Language) -> FaultView:
    """Why an import failed, in the reader's words."""
    problem = RowProblem(line=0, column="", code=fault["code"], params=fault["params"])
    return FaultView(code=problem.code, detail=view_of(problem, language).detail)


def preview_view(preview: FilePreview, language: Language) -> FilePreviewView:
    """The preview in the reader's words."""
    options = preview.options
    return FilePreviewView(
        format=preview.format,
        encoding=options.encoding,
        delimiter=options.delimiter,
        header=bool(options.header),
        region=options.region,
        columns=list(preview.columns),
        mapping=options.mapping or {},
        rows=preview.rows,
        contacts=[
            ContactPreview(**{**msgspec.structs.asdict(contact), "other_phones": list(contact.other_phones)})
            for contact in preview.contacts
        ],
        rows_looked_at=preview.rows_looked_at,
        good=preview.good,
        mapping_problems=[
            view_of(RowProblem(line=1, column=one.column, code=one.code, params=one.params), language)
            for one in preview.mapping_problems
        ],
        problems=[view_of(problem, language) for problem in preview.problems],
    )


def reason(problems: list[RowProblem], language: Language) -> str:
    """All that is wrong with a row in one line: `手机: …; 语言: …`."""
    texts = []
    for problem in problems:
        text = PROBLEMS[problem.code].in_language(language)
        detail = view_of(problem, language).detail or text.title
        texts.append(f"{problem.column}: {detail}" if problem.column else detail)
    return " ".join(texts)
