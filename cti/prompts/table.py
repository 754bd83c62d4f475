"""Reads the texts of all prompts from ``ivr_flows/prompts/``: a file for each topic, and the voices.

A topic's file maps the name of each prompt to its text in every language. Only the words of which numbers are
made (``number/…``) may be in those languages alone that need them.
"""

import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec
import yaml

from cti.errors import CtiError
from cti.flows.words import NAME_PATTERN
from cti.prompts.languages import ASTERISK_LANGUAGES
from cti.prompts.model import PromptTable, Voice

FOLDER: Final = Path(__file__).resolve().parents[2] / "ivr_flows" / "prompts"
_VOICES: Final = "languages.yaml"
#: Prompts whose words one language may need and another not.
_WORDS: Final = "number/"
_LONGEST_TEXT: Final = 1000
#: Ten times as fast, where PyYAML was built with it.
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class PromptTableError(CtiError):
    """A file of prompt texts cannot be read; ``file``, ``line`` and ``what`` say where and why."""

    code = "prompts.table"

    def __init__(self, file: Path, line: int, what: str) -> None:
        super().__init__(f"{file}, line {line}: {what}")
        self.file = file
        self.line = line
        self.what = what


@functools.cache
def shipped() -> PromptTable:
    """The table of this installation, read once.

    Raises:
        PromptTableError: naming file, line and what is wrong.
    """
    return read(FOLDER)


def texts(name: str) -> Mapping[str, str]:
    """The text of a prompt by language (`zh-CN`, `en`); empty when there is no such prompt."""
    return shipped().texts(name)


def known(name: str, language: str) -> bool:
    """Whether there is such a prompt in that language."""
    return shipped().known(name, language)


def read(folder: Path) -> PromptTable:
    """The table in ``folder``.

    Raises:
        PromptTableError: naming file, line and what is wrong.
    """
    prompts: dict[str, dict[str, str]] = {}
    places: dict[str, tuple[Path, int]] = {}
    for path in sorted(folder.glob("*.yaml")):
        if path.name == _VOICES:
            continue
        for name, node, value in _entries(path, _document(path)):
            if name in places:
                first, line = places[name]
                raise _problem(path, node, f"the prompt {name!r} stands in {first.name}, line {line} already")
            if not re.fullmatch(NAME_PATTERN, name):
                raise _problem(path, node, f"{name!r} is no name of a prompt")
            places[name] = (path, _line(node))
            prompts[name] = _texts(path, name, node, value)
    if not prompts:
        raise PromptTableError(folder, 0, "there are no prompts")
    return PromptTable(prompts=prompts, voices=_voices(folder / _VOICES))


def _texts(path: Path, name: str, node: yaml.Node, value: yaml.Node) -> dict[str, str]:
    found: dict[str, str] = {}
    for language, key, text in _entries(path, value):
        if language not in ASTERISK_LANGUAGES:
            raise _problem(path, key, f"{name}: there is no language {language!r}")
        if not isinstance(text, yaml.ScalarNode) or not (said := " ".join(text.value.split())):
            raise _problem(path, text, f"{name}: the text in {language} is empty")
        if len(said) > _LONGEST_TEXT:
            raise _problem(path, text, f"{name}: the text in {language} is longer than {_LONGEST_TEXT}")
        found[language] = said
    for language in ASTERISK_LANGUAGES:
        if language not in found and not (found and name.startswith(_WORDS)):
            raise _problem(path, node, f"{name}: there is no text in {language}")
    return found


def _voices(path: Path) -> dict[str, Voice]:
    found: dict[str, Voice] = {}
    document = _document(path)
    for language, key, value in _entries(path, document):
        if language not in ASTERISK_LANGUAGES:
            raise _problem(path, key, f"there is no language {language!r}")
        words = {word: text for word, _, text in _entries(path, value)}
        try:
            found[language] = msgspec.convert(
                {"name": _scalar(words.get("voice")), "words_per_minute": _scalar(words.get("speed"))},
                Voice,
                strict=False,
            )
        except msgspec.ValidationError as error:
            raise _problem(path, key, f"{language}: `voice` and `speed` (words a minute): {error}") from None
    for language in ASTERISK_LANGUAGES:
        if language not in found:
            raise _problem(path, document, f"there is no voice for {language}")
    return found


def _scalar(node: yaml.Node | None) -> str | None:
    return node.value if isinstance(node, yaml.ScalarNode) else None


def _document(path: Path) -> yaml.Node:
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), _LOADER)
    except (OSError, UnicodeDecodeError) as error:
        raise PromptTableError(path, 0, str(error)) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise PromptTableError(path, mark.line + 1 if mark else 0, error.problem or "is no YAML") from error
    except yaml.YAMLError as error:
        raise PromptTableError(path, 0, "is no YAML") from error
    if node is None:
        raise PromptTableError(path, 1, "is empty")
    return node


def _entries(path: Path, node: yaml.Node) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
    """Each key of a mapping with its node and its value's; one that comes twice is an error."""
    if not isinstance(node, yaml.MappingNode):
        raise _problem(path, node, "names with a colon are expected here")
    seen = set()
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _problem(path, key, "a name is expected here")
        if key.value in seen:
            raise _problem(path, key, f"{key.value!r} stands here twice")
        seen.add(key.value)
        yield key.value, key, value


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _problem(path: Path, node: yaml.Node, what: str) -> PromptTableError:
    return PromptTableError(path, _line(node), what)
