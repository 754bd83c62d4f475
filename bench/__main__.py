"""`python -m bench [NAME ...]`: runs the benchmarks and prints a line for each figure."""

import sys
from collections.abc import Callable
from pathlib import Path

from bench import cpu_share, event_cost, memory, recorder_rows, replay, screen_pop
from bench.figure import Figure, heading

BENCHMARKS: dict[str, Callable[[Path], list[Figure]]] = {
    "event_cost": event_cost.run,
    "cpu_share": cpu_share.run,
    "screen_pop": screen_pop.run,
    "memory": memory.run,
    "recorder_rows": recorder_rows.run,
    "replay": replay.run,
}


def main(names: list[str]) -> int:
    """Runs the named benchmarks, all of them when none is named."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    print(heading(), flush=True)
    for name in names or BENCHMARKS:
        for figure in BENCHMARKS[name](event_cost.CACHE):
            print(figure.line(), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
