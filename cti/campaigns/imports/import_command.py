"""What ``cti campaign import`` does: the file is read here and now, without a service."""

import asyncio
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import sqlalchemy as sa

from cti import config
from cti.campaigns import store
from cti.campaigns.command_outcome import CommandOutcome
from cti.campaigns.imports import imports_store
from cti.campaigns.imports.contact_import import ContactImport, ImportFault, connected, fault_of, tell_on
from cti.campaigns.imports.file_preview import FilePreview, preview
from cti.campaigns.imports.imports_store import ContactImportRow
from cti.campaigns.model import FileOptions, ImportSource, ImportState
from cti.db.engine import open_engine, plain_dsn
from cti.http.principal import Language
from cti.http.row_problems import RowProblem, view_of
from cti.sheets.model import SheetFault

_SHOWN: Final = 20
_TEXTS: Final = {
    "imported": {
        "en": "Import {contact_import}: {rows} rows read, {added} added, {refused} refused.",
        "zh-CN": "导入 {contact_import}：读取 {rows} 行，新增 {added}，拒绝 {refused}。",
    },
    "column": {"en": "{column}: {target}", "zh-CN": "{column}：{target}"},
    "left_out": {"en": "left out", "zh-CN": "不使用"},
    "looked_at": {
        "en": "Of the first {rows} rows {good} can be taken.",
        "zh-CN": "前 {rows} 行中有 {good} 行可以导入。",
    },
    "line": {"en": "line {line}, {column}: {detail}", "zh-CN": "第 {line} 行，{column}：{detail}"},
    "more": {"en": "… and more.", "zh-CN": "……还有更多。"},
}


async def run(
    name: str,
    file: Path,
    options: FileOptions,
    told: str,
    *,
    dry_run: bool,
    progress: Callable[[int, int], None],
) -> CommandOutcome:
    """Look at a file, and without ``dry_run`` import it into the campaign of a name. ``progress`` is given
    bytes read and in all.
    """
    language = Language(told)
    try:
        with file.open("rb") as opened:
            looked = preview(opened, options)
            size = opened.seek(0, os.SEEK_END)
    except SheetFault as fault:
        return CommandOutcome(good=False, lines=[_fault(fault, language)])
    except OSError as error:
        return CommandOutcome(good=False, lines=[f"{file}: {error.strerror}"])
    if looked.mapping_problems or dry_run:
        return CommandOutcome(good=not looked.mapping_problems, lines=_looked_at(looked, language))
    url = config.load().database_url.get_secret_value()
    async with open_engine(url) as engine:
        async with engine.begin() as connection:
            campaign = await store.find_campaign(connection, name)
            if campaign is None:
                problem = RowProblem(line=0, column="", code="campaign.not_found", params={"campaign": name})
                return CommandOutcome(good=False, lines=[view_of(problem, language).detail])
            row = await imports_store.create_import(
                connection,
                campaign.id,
                ImportSource.FILE,
                user_id=None,
                state=ImportState.RUNNING,
                started_at=sa.func.now(),
                file_name=file.name,
                digest=await asyncio.to_thread(_digest, file),
                bytes_in_all=size,
                options={"file": msgspec.to_builtins(looked.options), "columns": list(looked.columns)},
            )
        try:
            await _import(plain_dsn(url), row, file, looked.options, progress)
        except (SheetFault, ImportFault) as fault:
            async with engine.begin() as connection:
                await imports_store.note_failure(connection, row.id, fault_of(fault))
            return CommandOutcome(good=False, lines=[_fault(fault, language)])
        async with engine.connect() as connection:
            done = await imports_store.read_import(connection, row.campaign_id, row.id)
            refused = await imports_store.list_refusals(connection, row.id, limit=_SHOWN + 1)
    counts = {"contact_import": done.id, "rows": done.rows_read, "added": done.added, "refused": done.refused}
    return CommandOutcome(
        good=True, lines=[*_problems(refused, language), _TEXTS["imported"][told].format_map(counts)]
    )


async def _import(
    dsn: str, row: ContactImportRow, file: Path, options: FileOptions, progress: Callable[[int, int], None]
) -> None:
    async with connected(dsn) as connection, connected(dsn) as beside:
        in_row = tell_on(beside, row.id)

        async def tell(rows_read: int, refused: int, bytes_read: int) -> None:
            progress(bytes_read, row.bytes_in_all)
            await in_row(rows_read, refused, bytes_read)

        await ContactImport(connection, tell, row.id, row.campaign_id).run(file, options)


def _looked_at(looked: FilePreview, language: Language) -> list[str]:
    mapping = looked.options.mapping or {}
    lines = [
        _TEXTS["column"][language].format(
            column=column, target=mapping.get(column) or _TEXTS["left_out"][language]
        )
        for column in looked.columns
    ]
    wrong = [
        RowProblem(line=1, column=p.column, code=p.code, params=p.params) for p in looked.mapping_problems
    ]
    counts = {"rows": looked.rows_looked_at, "good": looked.good}
    if not wrong:
        lines.append(_TEXTS["looked_at"][language].format_map(counts))
    return [*lines, *_problems(wrong or looked.problems, language)]


def _problems(problems: list[RowProblem], language: Language) -> list[str]:
    lines = []
    for problem in problems[:_SHOWN]:
        view = view_of(problem, language)
        words = {"line": view.line, "column": view.column or "-", "detail": view.detail}
        lines.append(_TEXTS["line"][language].format_map(words))
    return lines if len(problems) <= _SHOWN else [*lines, _TEXTS["more"][language]]


def _fault(error: SheetFault | ImportFault, language: Language) -> str:
    fault = fault_of(error)
    return view_of(RowProblem(line=0, column="", code=fault["code"], params=fault["params"]), language).detail


def _digest(file: Path) -> bytes:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").digest()
