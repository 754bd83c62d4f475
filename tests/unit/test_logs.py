"""The log: whoever writes to it goes on, also when its disk is full."""

import errno
from io import StringIO

from cti.logs import Unfailing


class FullDisk(StringIO):
    """Takes nothing."""

    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    def flush(self) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_line_that_the_disk_refuses_is_lost_and_nothing_else() -> None:
    stream = Unfailing(FullDisk())
    stream.write("a line\n")
    stream.flush()


def test_a_line_goes_to_a_stream_that_takes_it() -> None:
    taken = StringIO()
    Unfailing(taken).write("a line\n")
    assert taken.getvalue() == "a line\n"
