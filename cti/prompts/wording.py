"""What a caller hears, as text: for the simulator, for pictures, and for whoever reads a flow."""

from datetime import tzinfo

from cti.flows.actions import Utterance
from cti.prompts import speech, table


def spoken_text(utterance: Utterance, language: str, *, zone: tzinfo | None = None) -> str:
    """What is heard on a call in ``language``, word by word, by the texts of this installation.

    Raises:
        Unspeakable: neither the value nor its ``otherwise`` has a text.
        PromptTableError: the texts cannot be read.
    """
    return speech.spoken_text(utterance, language, table.texts, zone=zone)
