"""`cti trace CALL`."""

import secrets
from pathlib import Path
from typing import Annotated

import typer

from cti import config


def trace(
    call: Annotated[str, typer.Argument(help="A call's id, or the Uniqueid of one of its channels.")],
    to: Annotated[
        Path | None, typer.Option(help="The file to write; named after the call when not given.")
    ] = None,
    *,
    force: Annotated[bool, typer.Option(help="Replace the file if it is there.")] = False,
) -> None:
    """Cut one call's events out of the journal, with other numbers and names, as a file for a test.

    The service may be running. The file gives the same rows as the journal does, or the command says how they
    differ and ends with 1.
    """
    from cti.journal.progress import journal_progress
    from cti.journal.reader import JournalReader
    from cti.trace.cut import cut
    from cti.trace.trace import anonymous, file_name, write

    settings = config.load()
    reader = JournalReader(settings.journal_dir)
    with journal_progress(reader.first, reader.position, "Reading the journal") as progress:
        cutting = cut(reader, call, settings.node, progress)
    found = anonymous(cutting, secrets.token_bytes(32))
    path = to or Path(file_name(call))
    write(found, path, force=force)
    size = f"{len(found.blocks)} events of {found.legs} legs"
    typer.echo(f"{path}: {size}" + (", and the call is still going on." if found.going_on else "."))
    if found.differences:
        typer.secho("It does not give the rows that the journal gives:", fg=typer.colors.RED, err=True)
        for line in found.differences:
            typer.echo(line, err=True)
        raise typer.Exit(1)
    typer.echo("It gives the same rows as the journal, but for the numbers and names in it.")
