"""`python -m bench [NAME ...]`: runs the benchmarks and prints a line for each figure."""

import argparse
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import structlog

from bench import (
    claims,
    contact_import,
    cpu_share,
    event_cost,
    flows,
    memory,
    pacing,
    recorder_rows,
    replay,
    restart,
    screen_pop,
    sustained,
)
from bench.figure import Figure, heading


def benchmarks(seconds: float, *, full: bool = False) -> dict[str, Callable[[Path], Iterable[Figure]]]:
    """All of them by name; ``seconds`` is how long the sustained one lasts, ``full`` all cases of pacing and
    ten million contacts.
    """
    return {
        "event_cost": event_cost.run,
        "cpu_share": cpu_share.run,
        "flows": flows.run,
        "screen_pop": screen_pop.run,
        "memory": memory.run,
        "pacing": partial(pacing.run, full=full),
        "recorder_rows": recorder_rows.run,
        "replay": replay.run,
        "restart": restart.run,
        "contact_import": contact_import.run,
        "claims": partial(claims.run, full=full),
        "sustained": partial(sustained.run, seconds=seconds),
    }


def main() -> None:
    """Runs the named benchmarks, all of them when none is named."""
    known = benchmarks(sustained.SECONDS)
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(known)}; all without one")
    parser.add_argument(
        "--seconds", type=float, default=sustained.SECONDS, help="how long `sustained` lasts for each stream"
    )
    parser.add_argument(
        "--full",
        action="store_true",
        help="`pacing` with every case and five seeds, most of an hour; `claims` of ten million contacts",
    )
    given = parser.parse_args()
    if unknown := [name for name in given.names if name not in known]:
        parser.error(f"unknown: {', '.join(unknown)}; there are: {', '.join(known)}")
    # What the service warns of does not stand among the figures.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    print(heading(), flush=True)
    chosen = benchmarks(given.seconds, full=given.full)
    for name in given.names or chosen:
        for figure in chosen[name](event_cost.CACHE):
            print(figure.line(), flush=True)


if __name__ == "__main__":
    main()
