"""``cti prompts``: makes, lists and takes over what callers hear."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from cti import config
from cti.http.catalogue.problem_texts import PROBLEMS
from cti.http.principal import Language
from cti.prompts.model import Sound
from cti.prompts.refusals import RecordingRefused

prompts = typer.Typer(name="prompts", help="What callers hear.", no_args_is_help=True)

_Name = Annotated[str, typer.Option(help="The prompt, as in ivr_flows/prompts/.")]
_Language = Annotated[Language, typer.Option(help="The language that is spoken.")]


class Shown(StrEnum):
    """Which prompts are listed."""

    RECORDED = "recorded"
    SYNTHETIC = "synthetic"
    OUTDATED = "outdated"
    MISSING = "missing"


@prompts.command()
def build(
    *,
    quiet: Annotated[bool, typer.Option(help="Say something only when there was something to do.")] = False,
) -> None:
    """Make the sound of every prompt that has no recording, where it is missing or its text changed."""
    from cti.prompts import building, table

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Speaking", total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        built = asyncio.run(
            building.build(config.sounds_dir(), table.shipped(), config.speech_cache_dir(), progress=progress)
        )
    for path, why in built.refused:
        typer.secho(f"{path}: {why}", fg=typer.colors.YELLOW, err=True)
    if built.converted:
        typer.echo(f"{built.converted} recordings converted to what Asterisk plays.")
    if built.made or not quiet:
        typer.echo(f"{built.made} prompts made in {config.sounds_dir()}.", err=quiet)


@prompts.command("list")
def list_(
    state: Annotated[Shown | None, typer.Option(help="Only those of which there is this.")] = None,
    language: Annotated[Language | None, typer.Option(help="Only this language.")] = None,
) -> None:
    """Show every prompt with its text in both languages, and whether a person has recorded it."""
    _show(state=[state] if state else list(Shown), language=language)


@prompts.command()
def missing() -> None:
    """Show what has no sound, and recordings whose text has changed since; exit status 1 when a sound is
    missing.
    """
    if _show(state=[Shown.MISSING, Shown.OUTDATED], language=None):
        raise typer.Exit(1)


@prompts.command()
def add(
    file: Annotated[Path, typer.Argument(help="WAV, MP3, Ogg Vorbis or FLAC.", exists=True, dir_okay=False)],
    name: _Name,
    language: _Language,
) -> None:
    """Take a recording over: converted, trimmed, as loud as all others. The former one is kept."""
    from cti.prompts import recordings, table

    sounds, texts = config.sounds_dir(), table.shipped()
    taken = _carefully(recordings.add(sounds, texts, name=name, language=language.value, source=file))
    typer.echo(f"{name} ({language.value}) is now a recording of {taken.seconds:.1f} s.")


@prompts.command()
def remove(name: _Name, language: _Language) -> None:
    """Take a recording away, back to the synthetic voice; `restore` undoes it."""
    from cti.prompts import recordings, table

    _carefully(
        recordings.remove(
            config.sounds_dir(), table.shipped(), config.speech_cache_dir(),
            name=name, language=language.value,
        )
    )  # fmt: skip
    typer.echo(f"{name} ({language.value}) is spoken by the synthetic voice.")


@prompts.command()
def restore(name: _Name, language: _Language) -> None:
    """Take the former recording back; the present one becomes the former."""
    from cti.prompts import recordings, table

    taken = _carefully(
        recordings.restore(config.sounds_dir(), table.shipped(), name=name, language=language.value)
    )
    typer.echo(f"{name} ({language.value}) is the former recording of {taken.seconds:.1f} s again.")


def _carefully(work: Coroutine[Any, Any, Sound]) -> Sound:
    """Do it; a refusal is explained in both languages."""
    try:
        return asyncio.run(work)
    except RecordingRefused as refusal:
        text = PROBLEMS[refusal.code]
        for language in Language:
            detail = text.in_language(language).detail.format_map(refusal.parameters)
            typer.secho(f"cti: {detail} ({refusal.code})", fg=typer.colors.RED, err=True)
        raise typer.Exit(1) from None


def _show(*, state: Iterable[Shown], language: Language | None) -> bool:
    """Print the chosen ones, and how many of each there are; whether one is missing."""
    from cti.prompts import listing, table

    everything = listing.listing(config.sounds_dir(), table.shipped())
    chosen = {one.value for one in state}
    rows = Table("prompt", "language", "state", "seconds", "text", box=None)
    for listed in everything:
        if listed.state.value in chosen and language in (None, listed.language):
            seconds = "" if listed.seconds is None else f"{listed.seconds:.1f}"
            rows.add_row(listed.name, listed.language, listed.state.value, seconds, listed.text)
    if rows.row_count:
        Console(highlight=False, markup=False).print(rows)
    counted = Counter(listed.state.value for listed in everything)
    typer.echo(", ".join(f"{counted[one.value]} {one.value}" for one in Shown))
    return counted[Shown.MISSING.value] > 0
