"""A decision record as one readable line, in the reader's language. Pure.

Why not is said in the words of the catalogue of problems, as an agent who dials by hand reads them.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from cti.calls.flow_run import FAILED, HUNG_UP
from cti.dialling.rules.decision_record import Check, DecisionRecord, Figures, Hold
from cti.dialling.rules.may_dial import Renewal
from cti.dialling.rules.retry import Closed
from cti.http.catalogue.problem_texts import PROBLEMS
from cti.http.principal import Language

_Words = Mapping[Language, str]


def _words(en: str, zh: str) -> _Words:
    return {Language.ENGLISH: en, Language.CHINESE: zh}


_DIALLED: Final = _words("Dialled: {checks}.", "已拨打：{checks}。")
_NOT_DIALLED: Final = _words("Not dialled. {reason}", "未拨打。{reason}")
_REASON: Final = _words("{title}: {detail}", "{title}：{detail}")
_AND: Final = _words("; ", "；")
#: Of the checks that were passed, those whose figures say something.
_PASSED: Final[Mapping[Check, _Words]] = {
    Check.DO_NOT_CALL: _words("not on the do-not-call list", "不在谢绝来电名单中"),
    Check.CONSENT: _words("has given consent", "已同意"),
    Check.AGAIN: _words("called again after {flow_outcome}", "因{flow_outcome}而再次呼叫"),
    Check.WINDOW: _words("calling hours in {zone} until {closes_at}", "{zone} 外呼时段至 {closes_at}"),
    Check.PHONE: _words(
        "{attempts} of {most} calls in 24 hours before", "24 小时内此前呼叫 {attempts} 次(上限 {most} 次)"
    ),
}
#: Values that are no figures.
_VALUES: Final[Mapping[tuple[str, str], _Words]] = {
    ("level", "global"): _words("for everybody", "全局"),
    ("level", "client"): _words("of the client", "客户"),
    ("level", "campaign"): _words("of the campaign", "活动"),
    ("state", "draft"): _words("a draft", "草稿"),
    ("state", "paused"): _words("paused", "已暂停"),
    ("state", "draining"): _words("being drained", "正在收尾"),
    ("state", "stopped"): _words("stopped", "已停止"),
    ("closed", Closed.FINAL): _words("The last outcome is final", "最近一次结果为最终结果"),
    ("closed", Closed.RETRIES_USED): _words("No retry is left after that outcome", "该结果的重试次数已用完"),
    ("closed", Closed.ATTEMPTS_USED): _words("No attempt is left in the campaign", "该活动的呼叫次数已用完"),
    ("renewal", Renewal.RENEWED): _words("The subscription has been renewed", "该订阅已续订"),
    ("renewal", Renewal.ENDED): _words("The subscription has ended", "该订阅已结束"),
    ("flow_outcome", "later"): _words("he asked for another time", "对方要求改日再打"),
    ("flow_outcome", HUNG_UP): _words("he hung up in the flow", "对方在流程中挂断"),
    ("flow_outcome", FAILED): _words("the flow failed", "流程出错"),
}
_UNKNOWN: Final = "-"


def decision_line(record: DecisionRecord, language: Language, zone: str) -> str:
    """The record in one line. ``zone`` is the reader's, for instants that belong to no other."""
    if record.hold is not None:
        return _NOT_DIALLED[language].format(reason=refusal_text(record.hold, language, zone))
    checks = [
        _PASSED[made.check][language].format_map(_Shown(made.figures, language, zone))
        for made in record.passed
        if made.check in _PASSED
    ]
    return _DIALLED[language].format(checks=_AND[language].join(checks))


def refusal_text(hold: Hold, language: Language, zone: str) -> str:
    """Why somebody is not dialled: a title, and a sentence with the figures."""
    text = PROBLEMS[f"dial.{hold.refusal.value}"].in_language(language)
    detail = text.detail.format_map(_Shown(hold.figures, language, zone))
    return _REASON[language].format(title=text.title, detail=detail)


class _Shown(dict[str, str]):
    """Figures as people read them; one that is not known reads as a dash."""

    def __init__(self, figures: Figures, language: Language, zone: str) -> None:
        super().__init__()
        clock = ZoneInfo(str(figures.get("zone", zone)))
        for name, value in figures.items():
            if name.endswith("_at"):
                self[name] = datetime.fromtimestamp(float(value), clock).strftime("%Y-%m-%d %H:%M")
            else:
                words = _VALUES.get((name, str(value)))
                self[name] = str(value) if words is None else words[language]

    def __missing__(self, key: str) -> str:
        return _UNKNOWN
