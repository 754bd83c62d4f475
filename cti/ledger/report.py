"""The report of ``cti reconcile`` on the terminal."""

import msgspec
from rich.console import Console
from rich.table import Table

from cti.http.shapes import instant, instant_or_none
from cti.ledger import texts
from cti.ledger.audit import Report

#: So many findings are printed; all are in `--json`.
_SHOWN = 50
LANGUAGES = ("zh-CN", "en")


def print_report(report: Report, console: Console, *, full: bool, languages: tuple[str, ...]) -> None:
    """The headline; with ``full`` also the figures, the gaps and the findings."""
    for language in languages:
        text = texts.headline(
            language, channels=report.channels, matched=report.matched, unmatched=report.unmatched,
            gaps=len(report.gaps),
        )  # fmt: skip
        console.print(text, style="green" if report.unmatched == 0 else "red", markup=False)
    if report.broken_lines:
        console.print(f"{report.source}: {report.broken_lines} lines are no rows", markup=False)
        for fault in report.faults:
            console.print(f"  {fault}", markup=False)
    if full:
        _print_figures(report, console)
        _print_gaps(report, console)
        _print_findings(report, console, languages)


def as_json(report: Report) -> str:
    """All of it; instants in RFC 3339."""
    plain = msgspec.to_builtins(report)
    for place in (plain, *plain["gaps"]):
        for key in ("from_at", "to_at"):
            place[key] = instant_or_none(place[key])
    for finding in plain["findings"]:
        finding["at"] = instant(finding["at"])
    return msgspec.json.encode(plain).decode()


def _print_figures(report: Report, console: Console) -> None:
    console.print(f"{instant(report.from_at)} … {instant(report.to_at)}  {report.source}", markup=False)
    if report.queue_log is None:
        console.print("queue_log: –")
    for field, difference in sorted(report.worst.items()):
        console.print(f"{field}: ≤ {difference:.3f} s", markup=False)


def _print_gaps(report: Report, console: Console) -> None:
    if not report.gaps:
        return
    table = Table("from", "to", "cause")
    for gap in report.gaps:
        table.add_row(instant_or_none(gap.from_at) or "–", instant(gap.to_at), _plain(gap.reason))
    console.print(table)


def _print_findings(report: Report, console: Console, languages: tuple[str, ...]) -> None:
    if not report.findings:
        return
    table = Table("at", "uniqueid", "finding", "field", "ours", "theirs", "call")
    for finding in report.findings[:_SHOWN]:
        said = " / ".join(texts.FINDINGS[finding.kind][language] for language in languages)
        rest = (finding.field, finding.ours, finding.theirs, finding.call_id)
        table.add_row(
            instant(finding.at), _plain(finding.uniqueid), said, *(_plain(one or "–") for one in rest)
        )
    console.print(table)
    if len(report.findings) > _SHOWN:
        console.print(f"… {len(report.findings) - _SHOWN} (--json)", markup=False)


def _plain(text: str) -> str:
    """Text from outside, without what rich or the terminal would take for a command."""
    return "".join(letter if letter.isprintable() else " " for letter in text).replace("[", "\\[")
