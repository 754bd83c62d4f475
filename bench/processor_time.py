"""Processor time of PostgreSQL's processes, which do the work that a benchmark asks for."""

import contextlib
from dataclasses import dataclass, field
from pathlib import Path

import psutil


def seconds_of(pid: int) -> float:
    """Processor seconds that a process of one thread has used so far; 0 when it is gone."""
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    return 0.0


@dataclass
class ServerTime:
    """What a PostgreSQL server uses, by kind of its processes: backends, writers, vacuum."""

    #: Any of its backends.
    backend: int
    #: By process id: kind, and seconds so far; a process that ends keeps what it used.
    _used: dict[int, tuple[str, float]] = field(default_factory=dict)

    def look(self) -> dict[str, float]:
        """Seconds so far by kind. What began and ended between two looks is not seen."""
        postmaster = psutil.Process(self.backend).parent()
        for process in postmaster.children() if postmaster is not None else ():
            with contextlib.suppress(psutil.NoSuchProcess):
                self._used[process.pid] = (_kind(" ".join(process.cmdline())), seconds_of(process.pid))
        found: dict[str, float] = {}
        for kind, seconds in self._used.values():
            found[kind] = found.get(kind, 0.0) + seconds
        return found


def _kind(title: str) -> str:
    text = title.removeprefix("postgres: ").strip()
    for kind in ("checkpointer", "background writer", "walwriter", "autovacuum"):
        if text.startswith(kind):
            return kind
    return "backend"
