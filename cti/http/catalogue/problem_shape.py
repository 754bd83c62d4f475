"""What a problem's text is: a title and a sentence, in both languages, with the status that goes with it."""

import msgspec

from cti.http.principal import Language


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """A title, and a sentence on what to do or what was wrong, in one language."""

    title: str
    detail: str = ""


class ProblemText(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of problem."""

    status: int
    en: Text
    zh: Text

    def in_language(self, language: Language) -> Text:
        """The words for this reader."""
        return self.zh if language is Language.CHINESE else self.en


def problem(status: int, en: tuple[str, str], zh: tuple[str, str]) -> ProblemText:
    """A kind of problem: its title and detail in English and in Chinese."""
    return ProblemText(status=status, en=Text(title=en[0], detail=en[1]), zh=Text(title=zh[0], detail=zh[1]))
