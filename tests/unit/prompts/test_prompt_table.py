"""The texts of prompts are read from files; whatever is wrong is named by file and line."""

import shutil
from pathlib import Path

import pytest

from cti.prompts import table
from cti.prompts.languages import ASTERISK_LANGUAGES
from cti.prompts.table import PromptTableError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(table.FOLDER / "languages.yaml", tmp_path)
    (tmp_path / "one.yaml").write_text("hello:\n  zh-CN: 您好。\n  en: Hello.\n", encoding="utf-8")
    return tmp_path


def test_a_prompt_has_its_text_in_both_languages(folder: Path) -> None:
    found = table.read(folder)
    assert found.names() == ["hello"]
    assert found.texts("hello") == {"zh-CN": "您好。", "en": "Hello."}
    assert found.known("hello", "en")
    assert not found.known("hello", "fr")
    assert not found.known("nobody", "en")
    assert found.texts("nobody") == {}


def test_a_text_over_several_lines_is_one_text(folder: Path) -> None:
    (folder / "two.yaml").write_text("long:\n  zh-CN: 好\n  en: >\n    One\n    two.\n", encoding="utf-8")
    assert table.read(folder).texts("long")["en"] == "One two."


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("bye:\n  zh-CN: 再见\n", 1, "bye: there is no text in en"),
        ("bye:\n  zh-CN: 再见\n  en:\n", 3, "bye: the text in en is empty"),
        ("bye:\n  zh-CN: 再见\n  en: ' '\n", 3, "bye: the text in en is empty"),
        ("bye:\n  zh-CN: 再见\n  en: [a]\n", 3, "bye: the text in en is empty"),
        ("bye:\n  zh-CN: 再见\n  en: Bye\n  fr: Adieu\n", 4, "bye: there is no language 'fr'"),
        ("bye:\n  zh-CN: 再见\n  en: Bye\n  en: Bye\n", 4, "'en' stands here twice"),
        ("bye:\n  zh-CN: 再见\n  en: " + "x" * 1001 + "\n", 3, "bye: the text in en is longer than 1000"),
        ("bye: Bye\n", 1, "names with a colon are expected here"),
        ("- bye\n", 1, "names with a colon are expected here"),
        ("[a]: {zh-CN: 好, en: Yes}\n", 1, "a name is expected here"),
        ("Bye Bye:\n  zh-CN: 再见\n  en: Bye\n", 1, "'Bye Bye' is no name of a prompt"),
        ("../bye:\n  zh-CN: 再见\n  en: Bye\n", 1, "'../bye' is no name of a prompt"),
        (
            "\n\nhello:\n  zh-CN: 再见\n  en: Bye\n",
            3,
            "the prompt 'hello' stands in one.yaml, line 1 already",
        ),
        ("bye:\n  zh-CN: 'x\n", 3, "found unexpected end of stream"),
        ("number/two:\n  fr: deux\n", 2, "number/two: there is no language 'fr'"),
        ("", 1, "is empty"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(folder: Path, text: str, line: int, what: str) -> None:
    path = folder / "two.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PromptTableError) as failure:
        table.read(folder)
    assert (failure.value.file, failure.value.line, failure.value.what) == (path, line, what)
    assert failure.value.message == f"{path}, line {line}: {what}"


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("en:\n  voice: en-us\n  speed: 150\n", 1, "there is no voice for zh-CN"),
        ("en:\n  voice: en-us\n  speed: fast\n", 1, "en: `voice` and `speed` (words a minute)"),
        ("en:\n  speed: 150\n", 1, "en: `voice` and `speed` (words a minute)"),
        ("fr:\n  voice: fr\n  speed: 150\n", 1, "there is no language 'fr'"),
    ],
)
def test_a_wrong_file_of_voices_is_refused(folder: Path, text: str, line: int, what: str) -> None:
    path = folder / "languages.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PromptTableError) as failure:
        table.read(folder)
    assert failure.value.line == line
    assert failure.value.what.startswith(what)


def test_a_file_that_is_no_text_is_refused(folder: Path) -> None:
    (folder / "two.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PromptTableError, match=r"two\.yaml"):
        table.read(folder)


def test_a_folder_without_prompts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PromptTableError, match="there are no prompts"):
        table.read(tmp_path)


def test_what_ships_is_in_both_languages_and_each_in_its_own_script() -> None:
    shipped = table.shipped()
    for name in shipped.names():
        for language, text in shipped.texts(name).items():
            assert any("\u4e00" <= c <= "\u9fff" for c in text) == (language == "zh-CN"), name
        assert shipped.texts(name).get("en", "").isascii(), name
    assert set(shipped.voices) == set(ASTERISK_LANGUAGES)
    assert {f"digits/{digit}" for digit in range(10)} <= set(shipped.names())  # which Asterisk itself says
