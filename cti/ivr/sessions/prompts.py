"""The prompts that the hooks play, by name.

Their texts stand in `ivr_flows/prompts/`; the audio that is made of them lies where Asterisk looks for
sounds, by language: playing ``cti/survey-thanks`` on a channel whose language is ``zh`` plays the Chinese
one.
"""

from enum import StrEnum


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
