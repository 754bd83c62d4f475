"""What ``cti doctor`` finds: each finding by a code; its sentences are in `cti.installation.doctor_texts`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Level(StrEnum):
    """How much a finding matters."""

    FINE = "fine"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at; ``values`` fill the placeholders of its texts."""

    code: str
    level: Level
    values: Mapping[str, str] = field(default_factory=dict)


def fine(code: str, **values: object) -> Finding:
    """As it should be."""
    return Finding(code=code, level=Level.FINE, values={k: str(v) for k, v in values.items()})


def warning(code: str, **values: object) -> Finding:
    """To be looked at."""
    return Finding(code=code, level=Level.WARNING, values={k: str(v) for k, v in values.items()})


def failure(code: str, **values: object) -> Finding:
    """Something does not work."""
    return Finding(code=code, level=Level.FAILURE, values={k: str(v) for k, v in values.items()})
