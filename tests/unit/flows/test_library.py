"""A folder of flows: each file by its name, those that are broken beside those that are not."""

from pathlib import Path

from cti.flows.library import read_folder, texts
from cti.flows.version import version_of
from tests.unit.flows.test_document import GOOD


def test_a_folder_has_its_flows_and_what_is_wrong_with_the_others(tmp_path: Path) -> None:
    (tmp_path / "main.yaml").write_text(GOOD)
    (tmp_path / "other.yaml").write_text(GOOD)
    (tmp_path / "broken.yaml").write_bytes(b"flow: \xff")
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "main.yaml").write_text("hello: {}")
    library = read_folder(tmp_path)
    assert list(library.entries) == ["broken", "main", "other"]
    assert list(library.flows) == ["main"]
    assert library.entries["main"].version == version_of(GOOD)
    found = {(problem.file, problem.code, problem.line) for problem in library.problems}
    assert (str(tmp_path / "other.yaml"), "flow.not_named_as_file", 1) in found
    assert (str(tmp_path / "broken.yaml"), "value.pattern", 1) in found
    assert texts(tmp_path)["other"] == GOOD


def test_a_byte_order_mark_and_windows_lines_make_no_other_version(tmp_path: Path) -> None:
    (tmp_path / "main.yaml").write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    library = read_folder(tmp_path)
    assert library.problems == []
    assert library.entries["main"].version == version_of(GOOD)
