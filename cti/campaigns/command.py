"""``cti campaign``: campaigns out of YAML, contacts out of files."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from cti import config
from cti.campaigns.command_outcome import CommandOutcome
from cti.campaigns.model import FileOptions
from cti.http.principal import Language

campaign = typer.Typer(name="campaign", help="Campaigns and their contacts.", no_args_is_help=True)

_Language = Annotated[
    Language | None, typer.Option(help="Of what is told; CTI_DEFAULT_LANGUAGE when not given.")
]


@campaign.command("apply")
def apply_(
    files: Annotated[
        list[Path], typer.Argument(help="YAML files, one campaign each; see docs/campaigns.md.")
    ],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what is wrong, or would change.")
    ] = False,
    language: _Language = None,
) -> None:
    """Add or change campaigns as the files say: all of them, or with one error none. One that runs goes on
    under what it says now, and what it was is kept as a version.

    Errors are told all at once, each with file, line and column; then the command ends with 1.
    """
    from cti.campaigns.versions import apply_command

    told = _told(language)
    texts = [(path, _text(path)) for path in files]
    _tell(asyncio.run(apply_command.run(texts, told, dry_run=dry_run)))


@campaign.command("import")
def import_(
    name: Annotated[str, typer.Argument(help="The campaign.")],
    file: Annotated[Path, typer.Argument(help="CSV or Excel (.xlsx).")],
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--column", help="COLUMN=TARGET, as in `手机=phone`; guessed when none is given. Repeat it."
        ),
    ] = None,
    *,
    region: Annotated[
        str | None, typer.Option(help="Of numbers without country code; CTI_DEFAULT_REGION when not given.")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Found out when not given.")] = None,
    no_header: Annotated[bool, typer.Option("--no-header", help="The first row is a contact.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only look at the first rows.")] = False,
    language: _Language = None,
) -> None:
    """Import contacts from a file: all good rows; the others are told with line, column and reason."""
    from cti.campaigns.imports import import_command

    told = _told(language)
    options = FileOptions(
        encoding=encoding,
        header=False if no_header else None,
        region=region or config.load().default_region,
        mapping=dict(map(_column, columns)) if columns else None,
    )
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(file.name, total=None)
        outcome = asyncio.run(
            import_command.run(
                name, file, options, told, dry_run=dry_run,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
        )  # fmt: skip
    _tell(outcome)


def _tell(outcome: CommandOutcome) -> None:
    for line in outcome.lines:
        typer.echo(line, err=not outcome.good)
    if not outcome.good:
        raise typer.Exit(1)


def _column(text: str) -> tuple[str, str]:
    column, separator, target = text.rpartition("=")
    if not separator or not column or not target:
        raise typer.BadParameter(f"{text} is not COLUMN=TARGET")
    return column, target


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{path}: {error}") from None


def _told(language: Language | None) -> str:
    return config.default_language() if language is None else language.value
