"""`cti prompts` as somebody types it."""

import subprocess
import sys
from pathlib import Path

import pytest

from cti import config
from cti.prompts import table


@pytest.fixture
def cti(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Command":
    monkeypatch.setenv("CTI_CACHE", str(config.cache_dir()))
    monkeypatch.setenv("CTI_SOUNDS_DIR", str(tmp_path / "sounds"))
    monkeypatch.setenv("COLUMNS", "200")
    return Command()


class Command:
    """The command; what it printed and its exit status."""

    def __call__(self, *words: object) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "cti", "prompts", *map(str, words)], capture_output=True, text=True
        )
        return done.returncode, done.stdout, done.stderr


def test_from_nothing_to_a_recording_and_back(cti: Command, tmp_path: Path) -> None:
    count = sum(len(texts) for texts in table.shipped().prompts.values())
    status, out, _ = cti("missing")
    assert status == 1
    assert out.endswith(f"0 recorded, 0 synthetic, 0 outdated, {count} missing\n")
    assert cti("build") == (0, f"{count} prompts made in {tmp_path / 'sounds'}.\n", "")
    assert cti("build", "--quiet") == (0, "", "")
    assert cti("missing") == (0, f"0 recorded, {count} synthetic, 0 outdated, 0 missing\n", "")

    recording = tmp_path / "mine.mp3"
    subprocess.run(["sox", tmp_path / "sounds/zh/voicemail.wav", recording], check=True)
    hello = ("--name", "goodbye", "--language", "en")
    status, out, _ = cti("add", recording, *hello)
    assert status == 0
    assert out.startswith("goodbye (en) is now a recording of ")
    status, out, _ = cti("list", "--state", "recorded", "--language", "en")
    assert status == 0
    assert "Thank you for your call. Goodbye." in out
    assert out.count("goodbye") == 1

    assert cti("remove", *hello)[:2] == (0, "goodbye (en) is spoken by the synthetic voice.\n")
    assert cti("restore", *hello)[0] == 0
    assert cti("list", "--state", "recorded")[1].count("goodbye") == 1


def test_a_refusal_is_explained_in_both_languages(cti: Command, tmp_path: Path) -> None:
    noise = tmp_path / "x.wav"
    noise.write_text("no sound at all")
    status, out, err = cti("add", noise, "--name", "goodbye", "--language", "en")
    assert (status, out) == (1, "")
    assert "This is no WAV, MP3, Ogg Vorbis or FLAC file. (prompts.format_unknown)" in err
    assert "该文件不是 WAV、MP3、Ogg Vorbis 或 FLAC 文件。 (prompts.format_unknown)" in err
    status, _, err = cti("add", noise, "--name", "nobody", "--language", "zh-CN")
    assert status == 1
    assert "There is no prompt nobody in zh-CN. (prompts.not_found)" in err
    assert not (tmp_path / "sounds").exists()
