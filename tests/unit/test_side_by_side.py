"""Tests in parts side by side: none is left out, none runs twice, and a failure in any of them is one."""

from pathlib import Path

import pytest

from tests import side_by_side
from tests.side_by_side import PARTS, Part, run_all

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "tests/unit"


def test_every_test_of_a_whole_system_is_in_one_part() -> None:
    files = {path for path in (ROOT / "tests").rglob("test_*.py") if UNIT not in path.parents}
    found: list[Path] = []
    for arguments in PARTS.values():
        ignored = [ROOT / one.partition("=")[2] for one in arguments if one.startswith("--ignore=")]
        given = [ROOT / one for one in arguments if not one.startswith("-")]
        assert all(path.exists() for path in (*given, *ignored))
        below = [path for one in given for path in files if path.is_relative_to(one)]
        found += [path for path in below if not any(map(path.is_relative_to, ignored))]
    assert sorted(found) == sorted(files)


def test_each_part_has_a_folder_of_its_own() -> None:
    assert len({name[0] for name in PARTS}) == len(PARTS)


@pytest.mark.parametrize(("holds", "code"), [("True", 0), ("False", 1)])
async def test_what_each_part_said_and_what_came_of_it_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], holds: str, code: int
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setattr(side_by_side, "SCRATCH", f"{tmp_path}/")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    parts = []
    for name, outcome in (("first", "True"), ("second", holds)):
        test = tmp_path / f"test_{name}.py"
        test.write_text(f"def test_{name}(): assert {outcome}, 'seen in {name}'\n")
        parts.append(Part(name, ["-v", "-c", str(tmp_path / "pytest.ini"), str(test)]))
    assert await run_all(parts, at_once=1) == code
    said = capfd.readouterr().out
    first, second = said.splitlines()[-2:]
    assert first.split()[:2] == ["first", "passed"]
    assert second.split()[:2] == ["second", "FAILED" if code else "passed"]
    assert second.count("1 failed" if code else "1 passed") == 1
    assert said.index("::test_first PASSED") < said.index("--- second ---") < said.index("::test_second")
