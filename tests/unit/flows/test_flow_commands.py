"""`cti flow`: what it prints, and how it ends."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cti.flow_commands import flow
from cti.flows import schema

GOOD = """\
flow: main
kind: inbound
title: {zh-CN: 主菜单, en: Main menu}
start: ask
noinput: {prompt: [no-input], goto: end}
nomatch: {goto: end}
steps:
  ask:
    menu:
      prompt: [hello]
      choices: {1: end}
  end:
    exit: {say: [goodbye]}
"""
PROMPTS = """\
hello: {zh-CN: 请按一。, en: Press one.}
no-input: {zh-CN: 没有收到按键。, en: Nothing was keyed.}
goodbye: {zh-CN: 再见。, en: Goodbye.}
"""
VOICES = "zh-CN: {voice: cmn, speed: 160}\nen: {voice: en-us, speed: 150}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "main.yaml").write_text(GOOD)
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "all.yaml").write_text(PROMPTS)
    (tmp_path / "prompts" / "languages.yaml").write_text(VOICES)
    return tmp_path


def cti_flow(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(flow, [str(argument) for argument in arguments])
    return result.exit_code, result.output


def test_a_good_flow_ends_with_nothing(folder: Path) -> None:
    assert cti_flow("lint", folder / "main.yaml", "--language", "en") == (
        0,
        "Flows: 1, errors: 0, warnings: 0.\n",
    )


def test_a_mistake_is_told_in_the_readers_language_and_ends_with_1(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = folder / "main.yaml"
    file.write_text(GOOD.replace("1: end", "1: ende"))
    english = (
        f"{file}:11:20: error: There is no step `ende`; is `end` meant? [flow.unknown_step_but_near]\n"
        "Flows: 1, errors: 1, warnings: 0.\n"
    )
    assert cti_flow("lint", file, "--language", "en") == (1, english)
    monkeypatch.delenv("CTI_DEFAULT_LANGUAGE", raising=False)
    assert "没有步骤 `ende`" in cti_flow("lint", file)[1]
    monkeypatch.setenv("CTI_DEFAULT_LANGUAGE", "en")
    assert cti_flow("lint", file) == (1, english)


def test_a_warning_ends_with_1_only_when_that_is_asked_for(folder: Path) -> None:
    file = folder / "main.yaml"
    file.write_text(GOOD + "  old: {exit: {}}\n")
    assert cti_flow("lint", file)[0] == 0
    assert cti_flow("lint", file, "--strict")[0] == 1


def test_a_file_that_is_not_there_is_no_flow(folder: Path) -> None:
    code, output = cti_flow("lint", folder / "gone.yaml")
    assert code == 2
    assert "gone.yaml" in output.replace("\n", "")


def test_the_schema_is_printed() -> None:
    assert cti_flow("schema") == (0, schema.schema_text())


def test_a_flow_is_tried_and_the_record_that_results_is_printed(folder: Path) -> None:
    code, output = cti_flow("simulate", folder / "main.yaml", "--keys", "noinput 1", "--language", "en")
    assert code == 0
    assert output.splitlines() == [
        "[main/ask] by start",
        "  » Press one.",
        "  « noinput",
        "      (silence)",
        "  » Nothing was keyed.",
        "  » Press one.",
        "  « 1",
        "      answer ask = 1",
        "[main/end] by 1",
        "  » Goodbye.",
        "",
        "Answers:",
        "  ask: 1",
        "Outcome: completed",
    ]


def test_data_are_given_by_name(folder: Path) -> None:
    file = folder / "main.yaml"
    said = "{digits: call.number, otherwise: hello}, {digits: customer.zip, otherwise: hello}"
    file.write_text(GOOD.replace("say: [goodbye]", f"say: [{said}]"))
    data = ("--data", "call.number=0139", "--data", "customer.zip=0042")
    assert "» 0 1 3 9\n  » 0 0 4 2" in cti_flow("simulate", file, "--keys", "1", *data)[1]
    code, output = cti_flow("simulate", file, "--data", "Wrong Name=1")
    assert code == 2
    assert "NAME=VALUE" in output


def test_a_key_that_fits_nothing_ends_with_2_and_a_broken_flow_with_1(folder: Path) -> None:
    file = folder / "main.yaml"
    code, output = cti_flow("simulate", file, "--keys", "answered", "--language", "en")
    assert code == 2
    assert output == "main/ask: `answered` does not fit; one of these does: 0-9*#, noinput, hangup.\n"
    file.write_text(GOOD.replace("exit:", "exti:"))
    code, output = cti_flow("simulate", file, "--language", "en")
    assert (code, output.split(" error: ")[0]) == (1, f"{file}:13:5:")
    assert cti_flow("draw", file)[0] == 1


def test_a_flow_is_drawn(folder: Path) -> None:
    code, output = cti_flow("draw", folder / "main.yaml", "--language", "en")
    assert code == 0
    assert output.startswith("<svg ")
    assert "Press one." in output
    picture = folder / "main.svg"
    assert cti_flow("draw", folder / "main.yaml", "-o", picture, "--language", "en") == (0, "")
    assert picture.read_text() == output
