"""Every finding of the doctor has a sentence in both languages that its values fill."""

import ast
import string
from pathlib import Path

import pytest

from cti.installation import doctor, doctor_folders
from cti.installation.doctor_texts import TEXTS


def _findings() -> dict[str, set[str]]:
    """The codes that the doctor's source names, each with the values given to it."""
    found: dict[str, set[str]] = {}
    nodes = [
        node
        for module in (doctor, doctor_folders)
        for node in ast.walk(ast.parse(Path(module.__file__).read_text()))
    ]
    for node in nodes:
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        if node.func.id not in ("fine", "warning", "failure"):
            continue
        values = {keyword.arg for keyword in node.keywords if keyword.arg}
        code = node.args[0]
        if isinstance(code, ast.Constant):
            found[code.value] = values
        elif isinstance(code, ast.JoinedStr):
            pattern = "".join(part.value if isinstance(part, ast.Constant) else "*" for part in code.values)
            for folder in ("journal", "recordings"):
                found[pattern.replace("*", folder)] = values
    return found


def test_texts_and_findings_are_the_same_set() -> None:
    assert set(_findings()) == set(TEXTS)


@pytest.mark.parametrize("code", TEXTS)
def test_both_languages_use_values_that_are_there(code: str) -> None:
    for text in TEXTS[code]:
        used = {name for _, name, _, _ in string.Formatter().parse(text) if name}
        assert used <= _findings()[code]
    chinese, english = TEXTS[code]
    assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese)
    assert english.isascii()
