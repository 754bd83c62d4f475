"""The table of what was tried, one line a fault: shown at the end of the run, kept in docs/reliability.md."""

from dataclasses import dataclass, field


@dataclass
class FaultTable:
    """Lines in the order in which the faults were tried."""

    lines: list[tuple[str, ...]] = field(default_factory=list)

    def add(
        self,
        fault: str,
        *,
        times: int,
        worst: float | None = None,
        limit: float | None = None,
        note: str = "",
        findings: list[str],
    ) -> None:
        """One fault: how often, the worst seconds to recover, what they may be, what was found wrong."""
        self.lines.append(
            (
                fault,
                str(times),
                "" if worst is None else f"{worst:.2f} s",
                "" if limit is None else f"< {limit:g} s",
                note,
                "none" if not findings else f"{len(findings)}: {findings[0]}",
            )
        )

    def text(self) -> str:
        """The table as Markdown."""
        head = ("fault", "times", "worst", "promised", "seen", "findings")
        rows = [head, tuple("---" for _ in head), *self.lines]
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)
