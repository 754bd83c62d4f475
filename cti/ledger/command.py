"""``cti reconcile``: holds the call record against Asterisk's own ledger, and reads history out of it."""

import asyncio
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.console import Console

from cti import config
from cti.errors import LedgerError, LedgerOptions
from cti.http.principal import Language
from cti.ledger import texts
from cti.ledger.audit import SETTLED_SECONDS, audit
from cti.ledger.history import PastCall, past_calls
from cti.ledger.history_import import import_calls
from cti.ledger.history_report import print_table, write_csv, write_json_lines
from cti.ledger.report import LANGUAGES, as_json, print_report
from cti.ledger.sources import PastRows

_DAY_SECONDS = 86_400.0


def reconcile(
    begin: Annotated[
        str | None, typer.Option("--from", help="From this instant on (ISO 8601, UTC); a day ago by default.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="Up to this instant; now by default.")] = None,
    report: Annotated[bool, typer.Option("--report", help="Also gaps, findings and differences.")] = False,
    json: Annotated[bool, typer.Option("--json", help="As JSON; past calls as one object a line.")] = False,
    cel: Annotated[Path | None, typer.Option(help="CEL's file, if not the one of the settings.")] = None,
    queue_log: Annotated[Path | None, typer.Option(help="queue_log, if not the one of the settings.")] = None,
    from_cel: Annotated[
        Path | None, typer.Option(help="No comparison: the past calls that a CEL file of any PBX tells of.")
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Past calls as CSV.")] = False,
    legs: Annotated[bool, typer.Option("--legs", help="Past calls leg by leg.")] = False,
    trunk: Annotated[
        list[str] | None, typer.Option(help="How names of a trunk's channels begin, as PJSIP/provider.")
    ] = None,
    timezone: Annotated[str, typer.Option(help="What times without a zone are in, in CEL.")] = "UTC",
    import_: Annotated[bool, typer.Option("--import", help="Write past calls into the database.")] = False,
    node: Annotated[str | None, typer.Option(help="The name of the PBX that past calls are of.")] = None,
    language: Annotated[Language | None, typer.Option(help="Only this language; both by default.")] = None,
) -> None:
    """Hold the record against CEL and queue_log; ends with 1 when something does not fit. Changes nothing.

    With --from-cel it needs no record: it lists, or imports, the calls that CEL alone tells of.
    """
    languages = (language.value,) if language else LANGUAGES
    with _said_in(languages):
        if from_cel is None and (csv or legs or import_ or trunk or node):
            raise LedgerOptions
        if from_cel is not None:
            if import_ and node is None:
                raise LedgerOptions
            rows = PastRows(from_cel, timezone=_zone(timezone))
            calls = past_calls(rows, node=_node(node), trunks=tuple(trunk or ()))
            if import_:
                _import(calls, _node(node))
            else:
                _list(calls, json=json, csv=csv, legs=legs)
            for complaint in rows.complaints:
                typer.secho(complaint, fg=typer.colors.YELLOW, err=True)
            raise typer.Exit
        changes: dict[str, Any] = {"cel_csv_path": cel, "cel_database_url": None} if cel else {}
        if queue_log is not None:
            changes["queue_log_path"] = queue_log
        settings = config.load(**changes)
        to_at = time.time() - SETTLED_SECONDS if end is None else _instant(end, "--to")
        from_at = to_at - _DAY_SECONDS if begin is None else _instant(begin, "--from")
        found = asyncio.run(audit(settings, from_at, to_at))
    if json:
        typer.echo(as_json(found))
    else:
        print_report(found, Console(highlight=False), full=report, languages=languages)
    raise typer.Exit(1 if found.unmatched else 0)


def _list(calls: Iterable[PastCall], *, json: bool, csv: bool, legs: bool) -> None:
    if json:
        write_json_lines(calls, typer.echo)
    elif csv:
        write_csv(calls, legs=legs)
    else:
        print_table(calls, Console(highlight=False), legs=legs)


def _import(calls: Iterable[PastCall], node: str) -> None:
    settings = config.load()
    url = settings.database_url.get_secret_value()
    count = asyncio.run(import_calls(url, node, settings.node, calls))
    typer.echo(f"{count} 个通话已写入节点 {node}。/ {count} calls were written under the node {node}.")


@contextmanager
def _said_in(languages: tuple[str, ...]) -> Iterator[None]:
    """An error of the ledger is said in the person's languages too, and ends with 2."""
    try:
        yield
    except LedgerError as error:
        typer.secho(f"cti: {error.message} ({error.code})", fg=typer.colors.RED, err=True)
        for language in languages:
            if said := texts.error(error.code, language):
                typer.echo(said, err=True)
        raise typer.Exit(2) from None


def _node(name: str | None) -> str:
    if name is not None and not re.fullmatch(r"[A-Za-z0-9_]{1,32}", name):
        raise typer.BadParameter("letters, digits and _ only", param_hint="--node")
    return name or ""


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise typer.BadParameter(f"{name!r} is no time zone", param_hint="--timezone") from None


def _instant(text: str, option: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no instant, as in 2026-11-22T08:00", param_hint=option
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
