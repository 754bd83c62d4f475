"""How much texts are alike: what somebody may have meant, and what has changed.

Python's difflib does it. It takes a MiB and most services are never asked, so it is loaded when one is.
"""

from collections.abc import Iterable, Sequence

#: What happened to a part (`equal`, `replace`, `delete`, `insert`), from where to where it was before,
#: and is now.
Change = tuple[str, int, int, int, int]


def nearest(word: str, known: Iterable[str]) -> str:
    """The most similar of the known words; empty when none is near."""
    from difflib import get_close_matches

    return "".join(get_close_matches(word, list(known), n=1))


def changes(before: Sequence[str], after: Sequence[str]) -> list[Change]:
    """What leads from one sequence to the other, part by part in order."""
    from difflib import SequenceMatcher

    return list(SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes())


def unified(before: str, after: str, *, from_name: str, to_name: str) -> str:
    """Two texts compared line by line, in the format of ``diff -u``."""
    from difflib import unified_diff

    lines = unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), fromfile=from_name, tofile=to_name
    )
    return "".join(lines)
