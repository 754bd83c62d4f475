"""A clock in a test's hand, for a process of its own: libfaketime, steered by a file that it reads again.

Only what the process takes for the time of day is moved, so whatever rings, waits or times out goes on as it
would.
"""

import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from cti.installation.asterisk_process import AsteriskProgram

_LIBRARY = "libfaketimeMT.so.1"


def library() -> Path:
    """Where libfaketime is."""
    found = sorted(Path("/usr/lib").glob(f"*/faketime/{_LIBRARY}"))
    assert found, f"{_LIBRARY} is not installed: `make setup-test` gets it (package faketime)"
    return found[0]


@dataclass
class FakeClock:
    """One clock; `environment` are the variables with which a process sees it."""

    folder: Path
    time_zone: str | None = None
    #: How far it is ahead of this machine's.
    ahead: float = 0.0
    _file: Path = field(init=False)

    def __post_init__(self) -> None:
        self._file = self.folder / "clock"
        self.set(self.ahead)

    def set(self, ahead: float) -> None:
        """Moves it to be so many seconds ahead of this machine's clock."""
        self.ahead = ahead
        new = self._file.with_suffix(".new")
        new.write_text(f"{ahead:+.6f}\n", encoding="ascii")
        new.rename(self._file)

    def jump(self, seconds: float) -> None:
        """Moves it by so many seconds."""
        self.set(self.ahead + seconds)

    def now(self) -> float:
        """What it shows."""
        return time.time() + self.ahead

    def environment(self) -> dict[str, str]:
        """What a process needs to see this clock."""
        variables = {
            "LD_PRELOAD": str(library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            # (The name changed between versions.)
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }
        return variables | ({"TZ": self.time_zone} if self.time_zone else {})

    def program(self, program: AsteriskProgram) -> AsteriskProgram:
        """An Asterisk that lives by this clock."""
        words = [f"{name}={value}" for name, value in self.environment().items()]
        return replace(program, command=["env", *words, *program.command])
