"""``cti flow``: flows are looked through, tried, drawn."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from cti import config
from cti.flows import library, simulation
from cti.flows.actions import Value
from cti.flows.caller_words import UnfitWordError
from cti.flows.dialogue_text import dialogue_text
from cti.flows.document import value_of
from cti.flows.library import Entry, Library
from cti.flows.lint import errors, lint
from cti.flows.words import VARIABLE_PATTERN
from cti.http.principal import Language
from cti.prompts import table
from cti.prompts.model import PromptTable

flow = typer.Typer(name="flow", help="Flows: looked through, tried and drawn.", no_args_is_help=True)

_Language = Annotated[
    Language | None, typer.Option(help="Of what is told; CTI_DEFAULT_LANGUAGE when not given.")
]
_SUMMARIES = {
    "en": "Flows: {flows}, errors: {errors}, warnings: {warnings}.",
    "zh-CN": "流程：{flows}，错误：{errors}，警告：{warnings}。",
}


_UNFIT = {
    "en": "{step}: `{word}` does not fit; one of these does: {expected}.",
    "zh-CN": "{step}：`{word}` 在这里不适用；可以使用：{expected}。",
}


@flow.command("lint")
def lint_(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Flow files; all of ivr_flows/ when not given.")
    ] = None,
    *,
    language: _Language = None,
    strict: Annotated[bool, typer.Option(help="End with 1 on warnings too.")] = False,
) -> None:
    """Tell all that is wrong with flows, each with file, line and column; 1 when there is an error."""
    told = _told(language)
    counts = {"flows": 0, "errors": 0, "warnings": 0}
    for entry, around in _entries(files):
        problems = lint(entry.document, around.flows, _prompts(entry.path.parent).known)
        for problem in problems:
            typer.echo(problem.line_of_text(told))
        wrong = len(errors(problems))
        counts["flows"] += 1
        counts["errors"] += wrong
        counts["warnings"] += len(problems) - wrong
    typer.echo(_SUMMARIES[told].format_map(counts))
    if counts["errors"] or (strict and counts["warnings"]):
        raise typer.Exit(1)


@flow.command("simulate")
def simulate_(
    file: Annotated[Path, typer.Argument(help="A flow file.")],
    keys: Annotated[
        str, typer.Option(help="What the caller does, in words: '1 noinput 5 hangup'; see docs/flows.md.")
    ] = "",
    data: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE, an input or what is looked up; repeat it.")
    ] = None,
    *,
    language: _Language = None,
) -> None:
    """Try a flow without a phone: the dialogue as text, and the record that results.

    Ends with 1 when the flow has an error, and with 2 when a word fits nothing that was asked.
    """
    told = _told(language)
    ((entry, around),) = _entries([file])
    flow_ = entry.document.flow
    if flow_ is None:
        for problem in entry.document.problems:
            typer.echo(problem.line_of_text(told), err=True)
        raise typer.Exit(1)
    try:
        dialogue = simulation.simulate(
            {**around.flows, flow_.flow: flow_},
            flow_.flow,
            keys,
            texts=_prompts(file.parent).texts,
            language=told,
            data=dict(_datum(each) for each in data or ()),
        )
    except UnfitWordError as error:
        unfit = _UNFIT[told].format(step=error.step, word=error.word, expected=", ".join(error.expected))
        typer.echo(unfit, err=True)
        raise typer.Exit(2) from None
    typer.echo(dialogue_text(dialogue, told))


@flow.command("draw")
def draw_(
    file: Annotated[Path, typer.Argument(help="A flow file.")],
    to: Annotated[
        Path | None, typer.Option("-o", "--output", help="The picture; printed when not given.")
    ] = None,
    *,
    language: _Language = None,
) -> None:
    """Draw a flow as SVG."""
    from cti.flows.drawing import draw

    told = _told(language)
    entry = library.read_file(_existing(file))
    if entry.document.flow is None:
        for problem in entry.document.problems:
            typer.echo(problem.line_of_text(told), err=True)
        raise typer.Exit(1)
    picture = draw(entry.document.flow, texts=_prompts(file.parent).texts, language=told)
    if to is None:
        typer.echo(picture, nl=False)
    else:
        to.write_text(picture, encoding="utf-8")


@flow.command("schema")
def schema_(
    *, write: Annotated[bool, typer.Option(help="Into ivr_flows/flow.schema.json instead.")] = False
) -> None:
    """Print the JSON Schema of flow files, for editors."""
    from cti.flows import schema

    if write:
        schema.FILE.write_text(schema.schema_text(), encoding="utf-8")
    else:
        typer.echo(schema.schema_text(), nl=False)


def _told(language: Language | None) -> str:
    return config.default_language() if language is None else language.value


def _entries(files: list[Path] | None) -> Iterable[tuple[Entry, Library]]:
    """Each file with the flows of its folder, which it may call."""
    folders: dict[Path, Library] = {}
    for path in files or sorted(library.FOLDER.glob("*.yaml")):
        _existing(path)
        around = folders.setdefault(path.parent, library.read_folder(path.parent))
        yield library.read_file(path), around


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise typer.BadParameter(f"there is no file {path}")
    return path


def _prompts(folder: Path) -> PromptTable:
    """The prompts beside a flow; those of this installation when there are none."""
    own = folder / "prompts"
    return table.read(own) if own.is_dir() else table.shipped()


def _datum(text: str) -> tuple[str, Value]:
    """`customer.name=Wang`: a number, `true` and `false` are what they look like."""
    name, separator, value = text.partition("=")
    if not separator or not re.fullmatch(VARIABLE_PATTERN, name):
        raise typer.BadParameter(f"{text} is not NAME=VALUE")
    return name, value_of(value)
