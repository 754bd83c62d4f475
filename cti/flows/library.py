"""The flows of a folder: a file each, named as the flow in it, sub-flows beside the flows that call them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from cti.flows import document
from cti.flows.document import Document
from cti.flows.model import Flow
from cti.flows.problems import FlowProblem, problem
from cti.flows.version import version_of

FOLDER: Final = Path(__file__).resolve().parents[2] / "ivr_flows"
_ENDING: Final = ".yaml"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One file."""

    path: Path
    text: str
    document: Document

    @property
    def name(self) -> str:
        """As the file says it."""
        return _name(self.path)

    @property
    def version(self) -> str:
        """What its answers are recorded with."""
        return version_of(self.text)


class Library(msgspec.Struct, frozen=True, kw_only=True):
    """All files of a folder, those included that cannot be read as flows."""

    entries: Mapping[str, Entry]

    @property
    def flows(self) -> dict[str, Flow]:
        """Those that were read without a problem, by name."""
        read = {name: entry.document.flow for name, entry in self.entries.items()}
        return {name: flow for name, flow in read.items() if flow is not None}

    @property
    def problems(self) -> list[FlowProblem]:
        """Of all files."""
        return [found for entry in self.entries.values() for found in entry.document.problems]


def read_folder(folder: Path = FOLDER) -> Library:
    """The flows of a folder; other folders in it hold no flows."""
    entries = [read_file(path) for path in sorted(folder.glob(f"*{_ENDING}"))]
    return Library(entries={entry.name: entry for entry in entries})


def read_file(path: Path) -> Entry:
    """One file; its problems name it as ``path``. Raises `OSError`."""
    text = _text(path)
    found = document.read(text, str(path))
    flow = found.flow
    name = _name(path)
    if flow is not None and flow.flow != name:
        wrong = problem("flow.not_named_as_file", found.place("flow"), flow=flow.flow, file=name)
        found = msgspec.structs.replace(
            found, flow=None, problems=[msgspec.structs.replace(wrong, file=str(path))]
        )
    return Entry(path=path, text=text, document=found)


def texts(folder: Path = FOLDER) -> dict[str, str]:
    """The texts of a folder's flows, not read as flows yet, by the names of the files."""
    return {_name(path): _text(path) for path in sorted(folder.glob(f"*{_ENDING}"))}


def _name(path: Path) -> str:
    return path.name.removesuffix(_ENDING)


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8-sig", "replace")
