"""How far a command is in the journal, on the terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def journal_progress(first: int, last: int, what: str) -> Iterator[Callable[[int], None]]:
    """A bar over journal positions; the function given moves it. Without a terminal there is none."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    console = Console(stderr=True)
    with Progress(*columns, transient=True, disable=not sys.stderr.isatty(), console=console) as progress:
        task = progress.add_task(what, total=max(last - first + 1, 1))
        yield lambda position: progress.update(task, completed=position - first + 1)
