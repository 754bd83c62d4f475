"""Why an uploaded recording is not taken."""

from typing import Any

from cti.errors import CtiError

# ruff: noqa: N818  (what was refused says more than a name that ends in Error)


class RecordingRefused(CtiError):
    """A recording is not taken; nothing was changed."""

    code = "prompts.refused"

    def __init__(self, **parameters: Any) -> None:
        super().__init__((type(self).__doc__ or "").strip().partition("\n")[0].format_map(parameters))
        self.parameters = parameters


class NoSuchPrompt(RecordingRefused):
    """There is no prompt {name} in {language}."""

    code = "prompts.not_found"


class NoRecording(RecordingRefused):
    """The prompt {name} has no recording in {language}."""

    code = "prompts.no_recording"


class NoFormerRecording(RecordingRefused):
    """The prompt {name} has no former recording in {language}."""

    code = "prompts.no_former_recording"


class FormatUnknown(RecordingRefused):
    """This is no WAV, MP3, Ogg Vorbis or FLAC file."""

    code = "prompts.format_unknown"


class RecordingBroken(RecordingRefused):
    """The {format} file is broken or cannot be read."""

    code = "prompts.broken"


class RecordingSilent(RecordingRefused):
    """Nothing is heard in the recording."""

    code = "prompts.silent"


class RecordingTooShort(RecordingRefused):
    """The recording is shorter than {limit} seconds."""

    code = "prompts.too_short"


class RecordingTooLong(RecordingRefused):
    """The recording is longer than {limit} seconds."""

    code = "prompts.too_long"


class RecordingTooLarge(RecordingRefused):
    """The file is larger than {limit} bytes."""

    code = "prompts.too_large"
