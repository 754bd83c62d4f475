"""The report of ``cti doctor`` on the terminal."""

from rich.console import Console

from cti import config
from cti.errors import CtiError
from cti.installation.doctor import examine
from cti.installation.doctor_texts import text
from cti.installation.findings import Level

_MARKS = {Level.FINE: "[green]✓[/green]", Level.WARNING: "[yellow]![/yellow]", Level.FAILURE: "[red]✗[/red]"}
_ENDS = {
    "zh-CN": "{failures} 项失败，{warnings} 项警告。",
    "en": "{failures} failures, {warnings} warnings.",
}


async def doctor(languages: tuple[str, ...] = ("zh-CN", "en"), console: Console | None = None) -> int:
    """Print every finding in the given languages; 1 when something has failed, else 0."""
    console = console or Console(highlight=False, soft_wrap=True)
    try:
        settings = config.load()
    except CtiError as error:
        console.print(f"{_MARKS[Level.FAILURE]} {error.message}")
        return 1
    counts = dict.fromkeys(Level, 0)
    async for finding in examine(settings):
        counts[finding.level] += 1
        for number, language in enumerate(languages):
            mark = _MARKS[finding.level] if number == 0 else " "
            console.print(f"{mark} ", end="")
            console.print(text(finding, language), markup=False)
    console.print()
    for language in languages:
        end = _ENDS[language].format(failures=counts[Level.FAILURE], warnings=counts[Level.WARNING])
        console.print(end, markup=False)
    return 1 if counts[Level.FAILURE] else 0
