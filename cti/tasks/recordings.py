"""Where the recording of a task lies: an id stands for a file in one folder, and never for a path."""

import re
from pathlib import Path
from typing import Final

_ID: Final = re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{0,159}")
ENDING: Final = ".wav"


def path_of(folder: Path, recording: str) -> Path | None:
    """The file of a recording; None when there is no such file, or it is none of ours."""
    if _ID.fullmatch(recording) is None:
        return None
    path = folder / f"{recording}{ENDING}"
    return path if path.is_file() and not path.is_symlink() else None
