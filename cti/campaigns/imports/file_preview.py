"""What a file of contacts seems to hold, before anything is done with it. Pure but for the file."""

from collections.abc import Iterator
from itertools import islice
from typing import IO, Final

import msgspec

from cti.campaigns.imports.column_mapping import MappingProblem, check_mapping, guess_mapping
from cti.campaigns.imports.contact_file import ContactFile, open_contact_file
from cti.campaigns.imports.contact_reader import ContactReader
from cti.campaigns.model import Contact, FileOptions
from cti.http.row_problems import RowProblem
from cti.sheets.model import Format, Row

#: So many rows are read.
ROWS_LOOKED_AT: Final = 1_000
_ROWS_SHOWN: Final = 20
_PROBLEMS_SHOWN: Final = 100
_LONGEST_SHOWN: Final = 100


class FilePreview(msgspec.Struct, frozen=True, kw_only=True):
    """What was found out of a file, its first rows as they stand there, and the contacts that they make.

    ``problems`` are those of the first rows, and only of these: ``rows_looked_at`` of them, ``good`` of which
    can be taken. ``options`` are those that it was read with, what was guessed included.
    """

    format: Format
    options: FileOptions
    columns: tuple[str, ...]
    rows: list[list[str]]
    contacts: list[Contact]
    rows_looked_at: int
    good: int
    mapping_problems: list[MappingProblem]
    problems: list[RowProblem]


def preview(file: IO[bytes], options: FileOptions) -> FilePreview:
    """Look at the beginning of a file.

    Raises:
        SheetFault: it cannot be read.
    """
    opened = open_contact_file(file, options)
    rows = list(islice(opened.rows, ROWS_LOOKED_AT))
    whole = [cells for _, cells in rows if isinstance(cells, list)]
    mapping = options.mapping
    if mapping is None:
        mapping = guess_mapping(opened.columns, whole[:100], options.region)
    mapping_problems = check_mapping(mapping, opened.columns)
    contacts: list[Contact] = []
    problems: list[RowProblem] = []
    bad = 0
    if not mapping_problems:
        for found in _read(opened, mapping, options.region, rows):
            if isinstance(found, Contact):
                contacts.append(found)
            else:
                bad += 1
                problems += found
    return FilePreview(
        format=opened.format,
        options=FileOptions(
            encoding=opened.encoding,
            delimiter=opened.delimiter,
            header=opened.header,
            region=options.region,
            mapping=mapping,
        ),
        columns=opened.columns,
        rows=[[cell[:_LONGEST_SHOWN] for cell in cells] for cells in whole[:_ROWS_SHOWN]],
        contacts=contacts[:_ROWS_SHOWN],
        rows_looked_at=len(rows),
        good=0 if mapping_problems else len(rows) - bad,
        mapping_problems=mapping_problems,
        problems=problems[:_PROBLEMS_SHOWN],
    )


def _read(
    opened: ContactFile, mapping: dict[str, str], region: str, rows: list[Row]
) -> Iterator[Contact | list[RowProblem]]:
    reader = ContactReader(opened.columns, mapping, region)
    lines: dict[str, int] = {}
    for line, cells in rows:
        if not isinstance(cells, list):
            yield [RowProblem(line=line, column="", code=cells.code, params=cells.params)]
            continue
        found = reader.read(line, cells)
        if isinstance(found, Contact) and found.phone in lines:
            params = {"value": found.phone, "line": str(lines[found.phone])}
            phone = next(column for column, target in mapping.items() if target == "phone")
            found = [RowProblem(line=line, column=phone, code="row.repeated", params=params)]
        elif isinstance(found, Contact):
            lines[found.phone] = line
        yield found
