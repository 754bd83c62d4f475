"""All tests but those of `tests/unit`, in parts side by side, because most of each part is waiting.

    python -m tests.side_by_side [PART ...]

What the first part says is shown as it says it, what another says when that is done; at the end there is a
line for each. A part is a pytest of its own, with its own PostgreSQL, Asterisk and temporary files: a pytest
that starts closes the folder that all of them share, and a PostgreSQL in it, which does not run as root,
finds its own files no more and gives up.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

#: A path to a Unix socket has 107 characters at most, and pytest's names for folders are long.
SCRATCH = f"{os.environ.get('TMPDIR') or '/tmp'}/cti-"
#: So many run at a time on two cores; the others wait for their turn.
AT_ONCE = 3
_LOOK_SECONDS = 0.5
#: What measures seconds with many calls at once, one after the other; beside it is only what mostly waits.
_MEASURING = (
    "tests/faults",
    "tests/e2e/test_busy_hour.py",
    "tests/e2e/test_campaign_two_thousand.py",
    "tests/e2e/test_every_shape.py",
)
_DIALLING = ("tests/integration/dialling", "tests/integration/callbacks")
_WEB = ("tests/integration/web", "tests/integration/campaigns", "tests/integration/customers")
_FLOWS = (
    "tests/e2e/test_flow_versions_of_a_service.py",
    "tests/e2e/test_flows_of_a_service.py",
    "tests/e2e/test_flows_that_fail.py",
    "tests/e2e/test_shipped_flows.py",
)
#: The first takes as long as the others in two rows. While it measures the busy hour and two thousand
#: telephones, `rest` and `browser` are beside it: with `flows` there the telephones were half a second late.
PARTS = {
    "measuring": [*_MEASURING],
    "dialling": [*_DIALLING],
    "web": [*_WEB],
    "rest": ["tests/integration", *(f"--ignore={path}" for path in (*_DIALLING, *_WEB))],
    "browser": ["tests/e2e/browser"],
    "flows": [*_FLOWS],
    "e2e": ["tests/e2e", *(f"--ignore={path}" for path in ("tests/e2e/browser", *_FLOWS, *_MEASURING[1:]))],
}


@dataclass
class Part:
    """One pytest: what it is given, and what came of it."""

    name: str
    arguments: Sequence[str]
    code: int | None = None
    seconds: float = 0.0

    @property
    def folder(self) -> Path:
        """Its temporary files, and what it says."""
        return Path(f"{SCRATCH}{self.name[0]}")

    async def run(self, turns: asyncio.Semaphore, *, live: bool) -> None:
        """Run it when its turn comes; ``live`` shows what it says at once."""
        async with turns:
            self.folder.mkdir(parents=True, exist_ok=True)
            began_at, shown = time.monotonic(), 0
            # In a file and not a pipe: what a test has left running would keep that open.
            with self._said.open("wb") as said:
                process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "pytest", *self.arguments,
                    env={**os.environ, "PYTEST_DEBUG_TEMPROOT": str(self.folder)},
                    stdin=asyncio.subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True,
                )  # fmt: skip
            ended = asyncio.ensure_future(process.wait())
            try:
                while not ended.done():
                    await asyncio.wait({ended}, timeout=_LOOK_SECONDS)
                    shown = self._show(shown) if live else 0
            finally:
                if not ended.done():
                    process.send_signal(signal.SIGINT)
                self.code = await ended
            self.seconds = time.monotonic() - began_at
        if not live:
            sys.stdout.write(f"\n--- {self.name} ---\n")
            self._show(0)

    def _show(self, since: int) -> int:
        """Pass on what it has said after so many bytes; how many they are now."""
        said = self._said.read_bytes()
        sys.stdout.flush()
        sys.stdout.buffer.write(said[since:])
        sys.stdout.flush()
        return len(said)

    @property
    def _said(self) -> Path:
        return self.folder / "said"

    @property
    def line(self) -> str:
        """What came of it."""
        minutes, seconds = divmod(round(self.seconds), 60)
        last = self._said.read_text(errors="replace").strip().rpartition("\n")[2].strip("= ")
        how = "passed" if self.code == 0 else f"FAILED ({self.code})"
        return f"{self.name:<10}{how:<12}{minutes:3}:{seconds:02}  {last}"


async def run_all(parts: Sequence[Part], at_once: int = AT_ONCE) -> int:
    """Run them, the first one live; the exit status: 0 when all passed."""
    turns = asyncio.Semaphore(at_once)
    async with asyncio.TaskGroup() as group:
        for part in parts:
            group.create_task(part.run(turns, live=part is parts[0]))
    sys.stdout.write("\n".join(["", "--- side by side ---", *(part.line for part in parts), ""]))
    return int(any(part.code != 0 for part in parts))


def main(names: Sequence[str]) -> int:
    """Run the named parts, or all."""

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    return asyncio.run(run_all([Part(name, PARTS[name]) for name in names or PARTS]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
