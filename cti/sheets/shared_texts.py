"""The texts that cells of a workbook share, kept on disk: a million of them would not be flat in memory."""

import os
import tempfile
from array import array
from types import TracebackType
from typing import IO, Final, Self

from cti.sheets.model import LONGEST_CELL
from cti.sheets.xml_stream import XmlTooLarge, parse

#: Kept at hand, when they are short.
_RECENT: Final = 10_000
_SHORT: Final = 200
#: Their places alone take 8 bytes each.
_MOST_TEXTS: Final = 20_000_000


class SharedTexts:
    """Texts by their place; those asked for most are at hand. A context manager."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (closed by __exit__)
        self._number = self._file.fileno()
        self._ends = array("Q", [0])
        self._recent: dict[int, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, text: str) -> None:
        """Keep one more.

        Raises:
            XmlTooLarge: there are too many.
        """
        if len(self._ends) > _MOST_TEXTS:
            raise XmlTooLarge
        encoded = text.encode("utf-8", "replace")
        self._file.write(encoded)
        self._ends.append(self._ends[-1] + len(encoded))

    def finish(self) -> None:
        """All have been added; now they can be asked for."""
        self._file.flush()

    def __getitem__(self, place: int) -> str:
        found = self._recent.get(place)
        if found is None:
            if not 0 <= place < len(self._ends) - 1:
                raise LookupError(place)
            begins, ends = self._ends[place], self._ends[place + 1]
            found = os.pread(self._number, ends - begins, begins).decode("utf-8", "replace")
            if len(found) <= _SHORT:
                if len(self._recent) >= _RECENT:
                    self._recent.clear()
                self._recent[place] = found
        return found


class _Items:
    """The text of each item, without how it is read aloud in Japanese."""

    def __init__(self, texts: SharedTexts) -> None:
        self._texts = texts
        self._runs: list[str] = []
        self._length = 0
        self._takes = False
        self._aloud = 0

    def start(self, name: str, _: dict[str, str]) -> None:
        if name == "t":
            self._takes = not self._aloud
        elif name == "rPh":
            self._aloud += 1

    def end(self, name: str) -> None:
        if name == "t":
            self._takes = False
        elif name == "rPh":
            self._aloud -= 1
        elif name == "si":
            self._texts.add("".join(self._runs))
            self._runs.clear()
            self._length = 0

    def text(self, text: str) -> None:
        # One letter more than fits shows that it is too long.
        if self._takes and self._length <= LONGEST_CELL:
            self._runs.append(text[: LONGEST_CELL + 1])
            self._length += len(text)


def read_shared_texts(part: IO[bytes], texts: SharedTexts, most_bytes: int) -> None:
    """All texts of a part. Raises as `parse` does."""
    items = _Items(texts)
    for _ in parse(part, most_bytes, items.start, items.end, items.text):
        """The items take what they want."""
    texts.finish()
