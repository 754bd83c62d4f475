"""A disk of a few megabytes that a test can fill: a tmpfs of its own, gone at the end."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

_FILLER = "filler"
_CHUNK = 64 * 1024


@dataclass(frozen=True)
class SmallDisk:
    """Mounted at ``folder``."""

    folder: Path

    def fill(self) -> None:
        """Leaves not one byte."""
        with (self.folder / _FILLER).open("ab", buffering=0) as file:
            for size in (_CHUNK, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(size))

    def free(self) -> None:
        """Gives back what was taken."""
        (self.folder / _FILLER).unlink()


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk]:
    """Mounts one at a new folder; who may not mount cannot run this test, and is told so."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0777", "tmpfs", str(folder)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    if said.returncode:
        pytest.fail(f"no tmpfs can be mounted here (uid {os.getuid()}): {said.stderr.strip()}; run as root")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
