"""Why a call that was taken for a machine's looks like a person's, as one readable line. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from cti.dialling.rules.machine_suspicion import Clue, Reason
from cti.http.principal import Language

_Words = Mapping[Language, str]
_MINUTE: Final = 60
_HOUR: Final = 3_600


def _words(en: str, zh: str) -> _Words:
    return {Language.ENGLISH: en, Language.CHINESE: zh}


_CLUES: Final[Mapping[Clue, _Words]] = {
    Clue.CALLED_BACK: _words("called us {span} later", "{span}后打来电话"),
    Clue.PERSON_ELSEWHERE: _words(
        "another call to this number, {at}, was a person", "该号码在 {at} 的另一次呼叫为真人接听"
    ),
    Clue.BROKE_OFF: _words(
        "hung up {seconds} s after it was taken for a machine, before the message could be heard",
        "判定为答录机后 {seconds} 秒即挂断，未听完留言",
    ),
    Clue.ANSWERED_ELSEWHERE: _words(
        "another call to this number, {at}, was answered", "该号码在 {at} 的另一次呼叫已接通"
    ),
    Clue.SLOW: _words(
        "it took {seconds} s to tell: words with pauses, as people speak",
        "判断用时 {seconds} 秒：说话有停顿，像真人",
    ),
}
_SECONDS: Final = _words("{} s", "{} 秒")
_MINUTES: Final = _words("{} min", "{} 分钟")
_HOURS: Final = _words("{} h", "{} 小时")
_NOTHING: Final = _words("Nothing speaks for a person.", "没有迹象表明是真人。")
_AND: Final = _words("; ", ";")
_END: Final = _words(".", "。")


def suspicion_line(reasons: Iterable[Reason], language: Language, zone: str) -> str:
    """The reasons in one line, in their order; instants are told on the clock of ``zone``."""
    told = [_told(reason, language, zone) for reason in reasons]
    if not told:
        return _NOTHING[language]
    line = _AND[language].join(told) + _END[language]
    return line[0].upper() + line[1:]


def _told(reason: Reason, language: Language, zone: str) -> str:
    words = _CLUES[reason.clue][language]
    if "{at}" in words:
        at = datetime.fromtimestamp(reason.figure, ZoneInfo(zone))
        return words.format(at=at.strftime("%Y-%m-%d %H:%M"))
    return words.format(seconds=f"{reason.figure:.1f}", span=_span(reason.figure, language))


def _span(seconds: float, language: Language) -> str:
    if seconds < _MINUTE:
        return _SECONDS[language].format(round(seconds))
    if seconds < _HOUR:
        return _MINUTES[language].format(round(seconds / _MINUTE))
    return _HOURS[language].format(round(seconds / _HOUR))
