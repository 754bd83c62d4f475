"""The definitions of the results' figures, in words, in both languages: shown wherever a figure is."""

from enum import StrEnum
from typing import Final

import msgspec

from cti.http.principal import Language


class Term(StrEnum):
    """What is defined."""

    RUNS = "runs"
    COMPLETION = "completion"
    RESPONSE = "response"
    SHARE = "share"
    MEAN = "mean"
    MEDIAN = "median"
    CSAT = "csat"
    NPS = "nps"
    #: How intervals are found.
    WILSON = "wilson"
    STUDENT = "student"
    AGRESTI_MIN = "agresti_min"
    POPULATION = "population"


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """A figure's name, and how it is computed, for a reader."""

    term: str
    name: str
    text: str


_ENGLISH: Final = {
    Term.RUNS: ("Calls", "Calls that came into the flow in this time, by when they came into it."),
    Term.COMPLETION: (
        "Completion",
        "Calls that came to an exit of the flow, out of all that are over but for those handed on.",
    ),
    Term.RESPONSE: (
        "Response rate",
        "Calls that answered at least one question, out of all that are over.",
    ),
    Term.SHARE: (
        "Share",
        "Of the calls that answered the question, those whose last answer was this one.",
    ),
    Term.MEAN: ("Mean", "The sum of all answers divided by their number."),
    Term.MEDIAN: ("Median", "Half of the answers are no greater, half are no less."),
    Term.CSAT: ("CSAT", "Customer satisfaction: the share of 4 and 5 among the marks 1 to 5."),
    Term.NPS: (
        "NPS",
        "Net Promoter Score: the percentage of the marks 9 and 10 less that of 0 to 6; from -100 to 100.",
    ),
    Term.WILSON: (
        "Margin of error of a share",
        "95 % confidence, Wilson's score interval, if those who answered are like those who did not.",
    ),
    Term.STUDENT: (
        "Margin of error of a mean",
        "95 % confidence, Student's t distribution. There is none when all answers are the same.",
    ),
    Term.AGRESTI_MIN: (
        "Margin of error of the NPS",
        "95 % confidence, Agresti and Min's interval for a difference of two shares of the same answers.",
    ),
    Term.POPULATION: (
        "Population",
        "Everybody who could have been asked. Where its size is known, margins are narrower for it.",
    ),
}
_CHINESE: Final = {
    Term.RUNS: ("通话", "在此期间进入该流程的通话，以进入流程的时间为准。"),
    Term.COMPLETION: ("完成率", "到达流程出口的通话占已结束通话的比例；被转出的通话不计入。"),
    Term.RESPONSE: ("应答率", "至少回答了一个问题的通话占已结束通话的比例。"),
    Term.SHARE: ("占比", "在回答了该问题的通话中，最后一次回答为此答案的比例。"),
    Term.MEAN: ("平均值", "所有答案之和除以答案个数。"),
    Term.MEDIAN: ("中位数", "一半答案不大于它，一半答案不小于它。"),
    Term.CSAT: ("满意度", "客户满意度(CSAT)：1 至 5 分中，4 分和 5 分所占的比例。"),
    Term.NPS: (
        "净推荐值",
        "净推荐值(NPS)：9、10 分的百分比减去 0 至 6 分的百分比；取值 -100 至 100。",
    ),
    Term.WILSON: ("占比的误差范围", "95% 置信度，威尔逊(Wilson)区间。前提是回答者与未回答者情况相近。"),
    Term.STUDENT: ("平均值的误差范围", "95% 置信度，学生 t 分布。答案全部相同时没有误差范围。"),
    Term.AGRESTI_MIN: (
        "净推荐值的误差范围",
        "95% 置信度，Agresti-Min 区间(同一组答案中两个占比之差)。",
    ),
    Term.POPULATION: ("总体", "所有可能被询问的人。已知总体规模时，按有限总体校正缩小误差范围。"),
}
_TEXTS: Final = {Language.ENGLISH: _ENGLISH, Language.CHINESE: _CHINESE}


def definitions(language: Language) -> list[Definition]:
    """All definitions in the reader's language."""
    return [
        Definition(term=term.value, name=name, text=text) for term, (name, text) in _TEXTS[language].items()
    ]


def definition(term: Term, language: Language) -> Definition:
    """One definition in the reader's language."""
    name, text = _TEXTS[language][term]
    return Definition(term=term.value, name=name, text=text)
