"""How a benchmark says what it measured: one line a figure, with its goal and its baseline."""

import platform
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured value; `baseline` is another value of the same run that it is divided by."""

    name: str
    value: float
    unit: str
    baseline: float | None = None
    baseline_name: str | None = None
    goal: str | None = None

    def line(self) -> str:
        """`name value unit`, then the ratio and the goal when there are any."""
        text = f"{self.name} {self.value:.4g} {self.unit}"
        if self.baseline:
            ratio = self.value / self.baseline
            text += f"  ratio {ratio:.3f} of {self.baseline_name} ({self.baseline:.4g} {self.unit})"
        if self.goal:
            text += f"  goal {self.goal}"
        return text


def heading() -> str:
    """Date, machine class and commit: what a figure is worth nothing without."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    machine = f"{len(models)} x {models[0] if models else platform.machine()}"
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    return f"# {now}, {machine}, Python {platform.python_version()}, commit {commit}"
