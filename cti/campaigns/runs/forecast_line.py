"""From what a campaign's end is foreseen, or why it is not, in the reader's language. Pure."""

from collections.abc import Mapping
from typing import Final

from cti.campaigns.runs.forecast import ForecastReason
from cti.http.principal import Language


def _words(en: str, zh: str) -> Mapping[Language, str]:
    return {Language.ENGLISH: en, Language.CHINESE: zh}


_LINES: Final[Mapping[ForecastReason, Mapping[Language, str]]] = {
    ForecastReason.PACE: _words(
        "at the pace of the last hour, in calling hours, without holidays",
        "按最近一小时的速度推算，仅计外呼时段，不含节假日",
    ),
    ForecastReason.NOT_RUNNING: _words("it does not run", "活动未在运行"),
    ForecastReason.NOBODY_LEFT: _words("nobody is left to call", "没有待呼叫的联系人"),
    ForecastReason.CALENDAR_UNKNOWN: _words(
        "its calendar is not there, so its holidays are not known", "其日历不存在，无法得知节假日"
    ),
    ForecastReason.CLOSED: _words(
        "nobody was called in the last hour, which was outside its hours", "最近一小时不在外呼时段，没有呼叫"
    ),
    ForecastReason.TOO_SOON: _words(
        "it has called for less than five minutes", "开始呼叫不足五分钟，尚无法推算"
    ),
    ForecastReason.NO_PACE: _words(
        "no contact was done with in the last hour", "最近一小时没有完成任何联系人"
    ),
    ForecastReason.NOT_IN_SIGHT: _words(
        "at this pace it is not done within a year", "按目前的速度一年内无法完成"
    ),
}


def forecast_line(reason: ForecastReason, language: Language) -> str:
    """The reason in a few words."""
    return _LINES[reason][language]
