"""What the caller hears, as a text to read. Pure; sounds are `cti.prompts.speech`'s business."""

from collections.abc import Callable, Iterable, Mapping

from cti.flows.actions import Utterance, UtteranceKind

#: The texts of a prompt by language; empty for one that nobody knows.
Texts = Callable[[str], Mapping[str, str]]


def text_of_all(says: Iterable[Utterance], language: str, texts: Texts) -> list[str]:
    """Each utterance in the caller's language, or its own."""
    return [text_of_one(said, said.language or language, texts) for said in says]


def text_of_one(said: Utterance, language: str, texts: Texts) -> str:
    """A prompt's text, or a value as it is written; `[hello]` for a prompt without a text."""
    match said.kind:
        case UtteranceKind.PROMPT:
            return texts(said.value).get(language) or f"[{said.value}]"
        case UtteranceKind.DIGITS:
            return " ".join(said.value)
        case UtteranceKind.MONEY:
            return f"{said.value} {said.currency}"
        case UtteranceKind.DURATION:
            seconds = float(said.value)
            minutes = max(round(seconds / 60), 1)
            return f"{minutes} 分钟" if language == "zh-CN" else f"{minutes} min"
    return said.value
