"""The problems of prompts and their recordings; part of the one catalogue."""

from http import HTTPStatus
from typing import Final

from cti.http.catalogue.problem_shape import ProblemText
from cti.http.catalogue.problem_shape import problem as _problem

PROMPT_PROBLEMS: Final[dict[str, ProblemText]] = {
    "prompts.not_found": _problem(
        HTTPStatus.NOT_FOUND,
        ("No such prompt", "There is no prompt {name} in {language}."),
        ("提示音不存在", "{language} 中没有提示音 {name}。"),
    ),
    "prompts.no_sound": _problem(
        HTTPStatus.NOT_FOUND,
        ("No sound", "The prompt {name} has no sound in {language} yet."),
        ("尚无音频", "提示音 {name} 在 {language} 中尚无音频。"),
    ),
    "prompts.no_recording": _problem(
        HTTPStatus.CONFLICT,
        ("No recording", "The prompt {name} has no recording in {language}."),
        ("没有录音", "提示音 {name} 在 {language} 中没有录音。"),
    ),
    "prompts.no_former_recording": _problem(
        HTTPStatus.CONFLICT,
        ("No former recording", "The prompt {name} has no former recording in {language}."),
        ("没有以前的录音", "提示音 {name} 在 {language} 中没有以前的录音。"),
    ),
    "prompts.format_unknown": _problem(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        ("Not a sound file that is taken", "This is no WAV, MP3, Ogg Vorbis or FLAC file."),
        ("不支持的音频格式", "该文件不是 WAV、MP3、Ogg Vorbis 或 FLAC 文件。"),
    ),
    "prompts.broken": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Broken file", "The {format} file is broken or cannot be read."),
        ("文件已损坏", "该 {format} 文件已损坏或无法读取。"),
    ),
    "prompts.silent": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Nothing to hear", "Nothing is heard in the recording."),
        ("录音无声", "录音中没有任何声音。"),
    ),
    "prompts.too_short": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Too short", "The recording is shorter than {limit} seconds."),
        ("录音过短", "录音短于 {limit} 秒。"),
    ),
    "prompts.too_long": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Too long", "The recording is longer than {limit} seconds."),
        ("录音过长", "录音长于 {limit} 秒。"),
    ),
    "prompts.too_large": _problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        ("File too large", "The file is larger than {limit} bytes."),
        ("文件过大", "文件大于 {limit} 字节。"),
    ),
    "prompts.unavailable": _problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        ("Sounds cannot be worked on", "A program that works on sound is missing or failed; see the log."),
        ("暂时无法处理音频", "处理音频的程序缺失或出错，请查看日志。"),
    ),
}
