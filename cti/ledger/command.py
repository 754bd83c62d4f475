"""``cti reconcile``: holds the call record against Asterisk's own ledger."""

import asyncio
import time
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from cti import config
from cti.errors import LedgerError
from cti.http.principal import Language
from cti.ledger import texts
from cti.ledger.audit import SETTLED_SECONDS, audit
from cti.ledger.report import LANGUAGES, as_json, print_report

Result = TypeVar("Result")
_DAY_SECONDS = 86_400.0


def reconcile(
    begin: Annotated[
        str | None, typer.Option("--from", help="From this instant on (ISO 8601, UTC); a day ago by default.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="Up to this instant; now by default.")] = None,
    report: Annotated[bool, typer.Option("--report", help="Also gaps, findings and differences.")] = False,
    json: Annotated[bool, typer.Option("--json", help="All of it as JSON.")] = False,
    cel: Annotated[Path | None, typer.Option(help="CEL's file, if not the one of the settings.")] = None,
    queue_log: Annotated[Path | None, typer.Option(help="queue_log, if not the one of the settings.")] = None,
    language: Annotated[Language | None, typer.Option(help="Only this language; both by default.")] = None,
) -> None:
    """Hold the record against CEL and queue_log; ends with 1 when something does not fit. Changes nothing."""
    languages = (language.value,) if language else LANGUAGES
    changes: dict[str, Any] = {"cel_csv_path": cel, "cel_database_url": None} if cel else {}
    if queue_log is not None:
        changes["queue_log_path"] = queue_log
    settings = config.load(**changes)
    to_at = time.time() - SETTLED_SECONDS if end is None else _instant(end, "--to")
    from_at = to_at - _DAY_SECONDS if begin is None else _instant(begin, "--from")
    found = _say(audit(settings, from_at, to_at), languages)
    if json:
        typer.echo(as_json(found))
    else:
        print_report(found, Console(highlight=False), full=report, languages=languages)
    raise typer.Exit(1 if found.unmatched else 0)


def _say(work: Coroutine[Any, Any, Result], languages: tuple[str, ...]) -> Result:
    """Does the work; an error is said in the person's languages too."""
    try:
        return asyncio.run(work)
    except LedgerError as error:
        typer.secho(f"cti: {error.message} ({error.code})", fg=typer.colors.RED, err=True)
        for language in languages:
            if said := texts.error(error.code, language):
                typer.echo(said, err=True)
        raise typer.Exit(2) from None


def _instant(text: str, option: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no instant, as in 2026-11-22T08:00", param_hint=option
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
