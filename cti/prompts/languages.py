"""The languages that callers hear, and what Asterisk calls them."""

from typing import Final

#: What Asterisk calls our languages (the value of CHANNEL(language), and the folder of the sounds).
ASTERISK_LANGUAGES: Final = {"zh-CN": "zh", "en": "en"}


def language_of(asterisk_language: str) -> str | None:
    """Our name (`zh-CN`, `en`) of a language that Asterisk names; None for one that we do not speak."""
    start = asterisk_language.strip().lower().replace("_", "-").partition("-")[0]
    return {"zh": "zh-CN", "cn": "zh-CN", "en": "en"}.get(start)
