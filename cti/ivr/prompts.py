"""The prompts that flows play, by name, and the languages they are spoken in.

Their texts stand in `ivr_flows/prompts.toml`; the audio that is made of them lies where Asterisk looks for
sounds, by language: playing ``cti/survey-thanks`` on a channel whose language is ``zh`` plays the Chinese
one.
"""

from enum import StrEnum
from typing import Final


class Prompt(StrEnum):
    """A prompt of ours."""

    LANGUAGE_MENU = "language-menu"
    QUEUE_GREETING = "queue-greeting"
    QUEUE_KEYS = "queue-keys"
    VOICEMAIL = "voicemail"
    GOODBYE = "goodbye"
    SURVEY_INTRO = "survey-intro"
    SURVEY_QUESTION_1 = "survey-question-1"
    SURVEY_QUESTION_2 = "survey-question-2"
    SURVEY_WRONG_KEY = "survey-wrong-key"
    SURVEY_NO_INPUT = "survey-no-input"
    SURVEY_THANKS = "survey-thanks"

    @property
    def sound(self) -> str:
        """The name by which Asterisk plays it."""
        return f"cti/{self.value}"


#: What Asterisk calls our languages (the value of CHANNEL(language), and the folder of the sounds).
ASTERISK_LANGUAGES: Final = {"zh-CN": "zh", "en": "en"}


def language_of(asterisk_language: str) -> str | None:
    """Our name (`zh-CN`, `en`) of a language that Asterisk names; None for one that we do not speak."""
    start = asterisk_language.strip().lower().replace("_", "-").partition("-")[0]
    return {"zh": "zh-CN", "cn": "zh-CN", "en": "en"}.get(start)
