"""A million contacts from a CSV file and from a workbook into PostgreSQL, as the service imports them.

The file is like those that people have: mobile numbers written in four ways, land lines with their area code,
one row in a hundred no number, one in a hundred there twice. The process is the service's own
(`cti.campaigns.imports.import_worker`), so that its memory can be told apart; the baseline of its peak is the
same process with a hundredth of the rows.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import msgspec

from bench.figure import Figure

ROWS = 1_000_000
_FEW = 10_000
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


class Measured(msgspec.Struct, kw_only=True):
    """What one import took."""

    rows: int
    added: int
    refused: int
    seconds: float
    peak_mib: float


def numbers(rows: int) -> Iterator[tuple[str, str]]:
    """Number and name of each row."""
    for row in range(rows):
        phone = f"13{row % 10}{row // 10:08d}"
        match row % 100:
            case 98:
                yield f"13{(row - 1) % 10}{(row - 1) // 10:08d}", f"客户 {row}"
            case 99:
                yield "nobody", f"客户 {row}"
            case rest if rest % 10 == 1:
                yield f"021-6{row // 10:07d}", f"客户 {row}"
            case rest if rest % 4 == 0:
                yield phone, f"客户 {row}"
            case rest if rest % 4 == 1:
                yield f"{phone[:3]} {phone[3:7]} {phone[7:]}", f"Customer {row}"
            case rest if rest % 4 == 2:
                yield f"+86{phone}", f"Customer {row}"
            case _:
                yield f"86{phone}", f"客户 {row}"


def write_text(path: Path, rows: int) -> Path:
    """A CSV file."""
    with path.open("w", encoding="utf-8") as file:
        file.write("phone,name,product,ends,city\n")
        file.writelines(f"{phone},{name},Daily,2026-12-31,上海\n" for phone, name in numbers(rows))
    return path


def write_workbook(path: Path, rows: int) -> Path:
    """The same as a workbook: numbers as texts in their cells, names shared, dates as numbers with a form."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook {_MAIN} xmlns:r="{_RELATION}"><sheets>'
            '<sheet name="1" sheetId="1" r:id="r1"/></sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            '<Relationships><Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>',
        )
        forms = '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
        archive.writestr("xl/styles.xml", f"<styleSheet {_MAIN}>{forms}</styleSheet>")
        with archive.open("xl/sharedStrings.xml", "w") as part:
            part.write(f"<sst {_MAIN}><si><t>Daily</t></si><si><t>上海</t></si>".encode())
            for _, name in numbers(rows):
                part.write(f"<si><t>{name}</t></si>".encode())
            part.write(b"</sst>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            part.write(f"<worksheet {_MAIN}><sheetData>".encode())
            head = "".join(
                f'<c t="inlineStr"><is><t>{name}</t></is></c>'
                for name in ("phone", "name", "product", "ends", "city")
            )
            part.write(f'<row r="1">{head}</row>'.encode())
            for place, (phone, _) in enumerate(numbers(rows)):
                line = place + 2
                part.write(
                    f'<row r="{line}"><c r="A{line}" t="inlineStr"><is><t>{phone}</t></is></c>'
                    f'<c r="B{line}" t="s"><v>{place + 2}</v></c><c r="C{line}" t="s"><v>0</v></c>'
                    f'<c r="D{line}" s="1"><v>46387</v></c><c r="E{line}" t="s"><v>1</v></c></row>'.encode()
                )
            part.write(b"</sheetData></worksheet>")
    return path


async def _import(dsn: str, path: Path, rows: int) -> Measured:
    from cti.campaigns.imports.import_worker import Deed, Job
    from cti.campaigns.model import FileOptions

    connection = await asyncpg.connect(dsn)
    await connection.execute("TRUNCATE campaigns CASCADE")
    campaign_id = await connection.fetchval(
        'INSERT INTO campaigns (name, title, kind, queue, caller_ids, "window", ring_seconds, retries, caps,'
        " priority) VALUES ('poll', '{}', 'preview', 'sales', '{}', '{}', 25, '{}', '{}', 50) RETURNING id"
    )
    import_id = await connection.fetchval(
        "INSERT INTO contact_imports (campaign_id, source, options, state, bytes_in_all)"
        " VALUES ($1, 'file', '{}', 'running', $2) RETURNING id",
        campaign_id,
        path.stat().st_size,  # noqa: ASYNC240
    )
    mapping = {"phone": "phone", "name": "name", "product": "details.product", "ends": "details.ends_on"}
    job = Job(
        deed=Deed.IMPORT, dsn=dsn, import_id=import_id, campaign_id=campaign_id, path=str(path),
        options=FileOptions(mapping={**mapping, "city": "details.city"}),
    )  # fmt: skip
    began = time.perf_counter()
    # A process between, so that the peak is of this worker alone.
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-m", "bench.contact_import", "worker"],
        input=msgspec.json.encode(job), capture_output=True, check=True,
    )  # fmt: skip
    seconds = time.perf_counter() - began
    row = await connection.fetchrow(
        "SELECT state, added, refused FROM contact_imports WHERE id = $1", import_id
    )
    await connection.close()
    if row["state"] != "done":
        raise RuntimeError(done.stdout.decode())
    peak = float(done.stderr.split()[-1]) / 1024
    return Measured(rows=rows, added=row["added"], refused=row["refused"], seconds=seconds, peak_mib=peak)


async def _measure(home: Path, rows: int) -> list[Figure]:
    from cti.db.engine import plain_dsn
    from cti.db.migrations import upgrade
    from cti.installation.postgres import embedded

    figures: list[Figure] = []
    async with embedded(home / "pg") as server:
        await server.create("bench")
        await upgrade(server.url("bench"))
        dsn = plain_dsn(server.url("bench"))
        for name, write in (("csv", write_text), ("xlsx", write_workbook)):
            few = await _import(dsn, write(home / f"few.{name}", _FEW), _FEW)
            many = await _import(dsn, write(home / f"many.{name}", rows), rows)
            figures += [
                Figure(
                    name=f"contact_import_{name}_{rows}",
                    value=many.seconds,
                    unit="s",
                    goal="<= 60 for 1000000",
                ),
                Figure(
                    name=f"contact_import_{name}_peak",
                    value=many.peak_mib,
                    unit="MiB",
                    baseline=few.peak_mib,
                    baseline_name=f"{_FEW} rows",
                    goal="flat",
                ),
            ]
    return figures


def run(_: Path, rows: int = ROWS) -> list[Figure]:
    """Seconds for all rows, from a CSV file and from a workbook; the process's peak of memory."""
    with tempfile.TemporaryDirectory(prefix="cti-bench-") as home:
        return asyncio.run(_measure(Path(home), rows))


if __name__ == "__main__":
    from cti.campaigns.imports import import_worker

    import_worker.main()
    # Not ru_maxrss, which begins with what the parent had.
    status = Path("/proc/self/status").read_text().partition("VmHWM:")[2]
    sys.stderr.write(f"{status.split()[0]}\n")
