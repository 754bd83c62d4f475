"""How the embedded PostgreSQL is set up for a busy centre; its defaults are made for the smallest machines.

Nothing here gives up safety: what is committed is on the disk.
"""

from typing import Final

_MIB: Final = 1024 * 1024
#: Of the machine's memory; Asterisk, the service and the files' cache want theirs.
_SHARE: Final = 8
_LEAST_MIB, _MOST_MIB = 128, 1024


def settings(memory_bytes: int) -> dict[str, str]:
    """The settings for a machine with so much memory."""
    buffers = max(_LEAST_MIB, min(_MOST_MIB, memory_bytes // _MIB // _SHARE))
    return {
        # The pages that are written now, those of indexes most of all, stay in memory.
        "shared_buffers": f"{buffers}MB",
        # After a checkpoint every page that is touched goes into the log as a whole. With the defaults a busy
        # centre gets one every eighty seconds, and writes twice as much.
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        # A service takes up to fifteen; commands, reports and a second service of the machine come beside it.
        "max_connections": "300",
    }


def settings_file(values: dict[str, str]) -> str:
    """The settings as PostgreSQL reads them."""
    lines = "".join(f"{name} = '{value}'\n" for name, value in values.items())
    return f"# Written anew at every start. What is set by ALTER SYSTEM counts more.\n{lines}"
