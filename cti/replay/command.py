"""`cti replay`."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cti import config
from cti.replay.replay import Replayed


def replay(
    begin: Annotated[
        str | None, typer.Option("--from", help="From this instant on (ISO 8601, UTC by default).")
    ] = None,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Only say what differs; the service may be running.")
    ] = False,
) -> None:
    """Make the rows of the database again from the journal, all or none of them.

    Rows that the journal no longer reaches stay, and so does what people wrote. The service must be stopped.
    With --check nothing is written, and it ends with 1 when something differs.
    """
    from cti.journal.progress import journal_progress
    from cti.journal.reader import JournalReader
    from cti.replay import replay as replaying

    settings = config.load()
    plan = replaying.Plan(
        journal_dir=settings.journal_dir,
        database_url=settings.database_url.get_secret_value(),
        node=settings.node,
        from_at=None if begin is None else _instant(begin),
    )
    reader = JournalReader(settings.journal_dir)
    work = replaying.check if check else replaying.replay
    with journal_progress(reader.first, reader.position, "Folding the journal") as progress:
        found = asyncio.run(work(plan, progress))
    _tell(found, check=check)
    raise typer.Exit(1 if check and found.count else 0)


def _instant(text: str) -> float:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is no date", param_hint="--from") from None
    return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()


def _tell(found: Replayed, *, check: bool) -> None:
    console = Console(highlight=False, soft_wrap=True)
    since = datetime.fromtimestamp(found.calls_from, UTC).isoformat(timespec="seconds")
    console.print(f"Events {found.first} to {found.last}; what began from {since} on.", markup=False)
    for damage in found.damage:
        lost = "an unknown number of" if damage.lost is None else damage.lost
        console.print(
            f"{damage.segment} is damaged at byte {damage.offset}: {lost} events from {damage.position} on "
            "are lost. Rows of calls that were under way then stay as they are.",
            style="red", markup=False,
        )  # fmt: skip
    if not found.count:
        console.print("Every row is what the journal gives.", style="green")
        return
    table = Table("table", "missing", "changed", "extra")
    for one in found.tables:
        if one.count:
            table.add_row(one.table, str(one.missing), str(one.changed), str(one.extra))
    console.print(table)
    for one in found.tables:
        for line in one.examples:
            console.print(f"{one.table}: {line}", markup=False)
    console.print("Nothing was written." if check else "All of these were put right.")
