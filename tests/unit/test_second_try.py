"""A second try begins with a module that is as new as it was at the first, and with the session as it is."""

import os
import subprocess
import sys
from pathlib import Path

CONFTEST = """
from pathlib import Path
import pytest

def note(text):
    with (Path(__file__).parent / "log").open("a") as log:
        log.write(text + "\\n")

@pytest.fixture(scope="session")
def server():
    note("server")
    yield
    note("server gone")

@pytest.fixture(scope="module")
def rows(server):
    note("module")
    yield []
    note("module gone")
"""
FALTERS = """
def test_before(rows):
    rows.append("before")

def test_falters(rows):
    rows.append("own")
    assert rows == ["own"]

def test_after(rows):
    assert rows == ["own"]
"""
FALTERS_LAST = """
import pytest

tries = []

def test_falters_last(rows):
    tries.append(rows)
    assert rows == []
    rows.append("own")
    assert len(tries) == 2
"""
KEEPS = """
import pytest

pytestmark = pytest.mark.keeps_module

def test_keeps(rows):
    rows.append("own")
    assert len(rows) == 2
"""


def test_a_second_try_finds_nothing_that_the_first_has_left_in_its_module(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "conftest.py").write_text(CONFTEST)
    for name, text in (("a", FALTERS), ("b", KEEPS), ("c", FALTERS_LAST)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / f"test_{name}.py").write_text(text)
    plugins = ["-p", "pytest_rerunfailures", "-p", "tests.second_try", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", tmp_path / "pytest.ini", *plugins, "--reruns=1", tmp_path],
        cwd=Path(__file__).parents[2], env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert "5 passed, 3 rerun" in run.stdout
    module = ["module", "module gone"]
    assert (tmp_path / "log").read_text().split("\n") == [
        "server", *module, *module, *module, *module, *module, "server gone", "",
    ]  # fmt: skip
