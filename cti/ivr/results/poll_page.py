"""A published poll as a page that needs nothing else: no script, no sign-in, nothing of who called."""

import html
from datetime import datetime
from typing import Final

from cti.flows.question_list import Question
from cti.flows.question_words import QuestionKind
from cti.http.principal import Language
from cti.ivr.results.figures import Figure
from cti.ivr.results.poll_pages import PollPage
from cti.ivr.results.publication import FEWEST, Bar, PublishedQuestion
from cti.ivr.results.result_texts import Term, definition

_ENGLISH: Final = {
    "calls": "{begun} calls came into the poll; {answered} answered at least one question ({response}).",
    "population": "{population} people could have been asked.",
    "period": "Calls from {from_at} until {to_at} (UTC).",
    "as_of": "As of {as_of} (UTC).",
    "n": "{n} answers",
    "too_few": "Fewer than {fewest} answers so far; they are not told.",
    "not_told_apart": "With so few answers of each kind they are not told apart.",
    "small": "Answers with fewer than {fewest} votes are put together, so that nobody can be recognised.",
    "none": "There are no answers yet.",
    "answer": "Answer",
    "share": "Share (95 %)",
    "count": "Answers",
    "interval": "{low} to {high}",
    "method": "How to read this",
    "other_language": "中文",
    "not_found": "There is no poll at this address.",
}
_CHINESE: Final = {
    "calls": "共有 {begun} 通电话进入调查，其中 {answered} 通至少回答了一个问题({response})。",
    "population": "可被询问的总人数为 {population}。",
    "period": "统计时间：{from_at} 至 {to_at}(UTC)。",
    "as_of": "数据截至 {as_of}(UTC)。",
    "n": "{n} 个回答",
    "too_few": "目前回答少于 {fewest} 个，不予公布。",
    "not_told_apart": "各类答案数量过少，不分别公布。",
    "small": "少于 {fewest} 个回答的选项合并显示，以免识别个人。",
    "none": "目前还没有回答。",
    "answer": "答案",
    "share": "占比(95%)",
    "count": "回答数",
    "interval": "{low} 至 {high}",
    "method": "如何阅读",
    "other_language": "English",
    "not_found": "该地址没有公布的调查。",
}
_TEXTS: Final = {Language.ENGLISH: _ENGLISH, Language.CHINESE: _CHINESE}
_OTHER: Final = {Language.ENGLISH: Language.CHINESE, Language.CHINESE: Language.ENGLISH}

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1d2530; --soft: #5b6675; --bar: #2f6fb3; --line: #c9d1da; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6ebf1; --soft: #9aa7b5; --bar: #6aa9e9; --line: #3a4552; } body { background: #12171d; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); max-width: 46rem; margin: 2rem auto;
  padding: 0 1rem; }
h1 { line-height: 1.2; } h2 { margin: 2.5rem 0 .25rem; font-size: 1.2rem; }
p, dd { color: var(--soft); margin: .25rem 0; } dd { margin-left: 0; } dt { margin-top: .75rem; }
table { border-collapse: collapse; width: 100%; margin-top: .5rem; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: .85rem; }
td, th { padding: .3rem .5rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: middle; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
svg { width: 100%; height: 18px; min-width: 8rem; display: block; }
.bar { fill: var(--bar); opacity: .55; } .margin { stroke: var(--ink); stroke-width: 2; }
"""


def render(page: PollPage, language: Language) -> str:
    """The page in one language. All that is not ours is escaped."""
    say = _TEXTS[language]
    poll = page.poll
    told = [question for question in page.questions if question.n is not None]
    parts = [
        f"<h1>{_in(poll.title, language)}</h1>",
        _paragraph(_in(poll.sample, language)),
        _paragraph(_e(_calls(page, say))),
    ]
    if poll.population is not None:
        parts.append(_paragraph(_e(say["population"].format(population=poll.population))))
    parts.append(_paragraph(_e(say["period"].format(from_at=_when(poll.from_at), to_at=_when(poll.to_at)))))
    parts.append(_paragraph(_e(say["as_of"].format(as_of=_when(page.as_of)))))
    if not page.questions:
        parts.append(_paragraph(_e(say["none"])))
    parts += [
        _question(question, page.texts.get((question.flow, question.question)), language)
        for question in page.questions
    ]
    if told:
        parts.append(_method(page, told, language))
    return _document(_in(poll.title, language), "\n".join(parts), language)


def render_nothing(language: Language) -> str:
    """The page for an address where nothing is published."""
    text = _e(_TEXTS[language]["not_found"])
    return _document(text, f"<h1>{text}</h1>", language)


def _document(title: str, body: str, language: Language) -> str:
    other = _OTHER[language]
    switch = f'<p><a href="?language={other.value}" lang="{other.value}">'
    return (
        f'<!doctype html>\n<html lang="{language.value}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"{switch}{_e(_TEXTS[language]['other_language'])}</a></p>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _calls(page: PollPage, say: dict[str, str]) -> str:
    runs = page.runs
    if runs.answered < FEWEST:
        return say["too_few"].format(fewest=FEWEST)
    return say["calls"].format(
        begun=runs.begun, answered=runs.answered, response=_percent(runs.response, interval=False)
    )


def _question(question: PublishedQuestion, text: Question | None, language: Language) -> str:
    say = _TEXTS[language]
    title = _in(text.title if text is not None else {}, language) or _e(question.question)
    parts = [f"<section>\n<h2>{title}</h2>"]
    if question.n is None:
        parts.append(_paragraph(_e(say["too_few"].format(fewest=FEWEST))))
        return "\n".join((*parts, "</section>"))
    parts.append(_paragraph(_e(" · ".join([say["n"].format(n=question.n), *_figures(question, language)]))))
    labels = {answer.value: answer.label for answer in text.answers} if text is not None else {}
    if question.bars:
        parts.append(_chart(question.bars, labels, language))
        if any(len(bar.values) > 1 for bar in question.bars):
            parts.append(_paragraph(_e(say["small"].format(fewest=FEWEST))))
    elif question.kind is not QuestionKind.NUMBER:
        parts.append(_paragraph(_e(say["not_told_apart"])))
    return "\n".join((*parts, "</section>"))


def _figures(question: PublishedQuestion, language: Language) -> list[str]:
    found = []
    for term, figure in ((Term.MEAN, question.mean), (Term.NPS, question.nps)):
        if figure is not None and figure.value is not None:
            found.append(f"{definition(term, language).name} {_number(figure, language)}")
    if question.median is not None:
        found.append(f"{definition(Term.MEDIAN, language).name} {question.median:g}")
    if question.csat is not None and question.csat.value is not None:
        found.append(f"{definition(Term.CSAT, language).name} {_percent(question.csat)}")
    return found


def _chart(bars: list[Bar], labels: dict[str, dict[str, str]], language: Language) -> str:
    say = _TEXTS[language]
    rows = []
    for bar in bars:
        name = ", ".join(_label(labels.get(value, {}), language) or value for value in bar.values)
        rows.append(
            f'<tr><td>{_e(name)}</td><td style="width:45%">{_drawn(bar.share)}</td>'
            f'<td class="number">{_e(_percent(bar.share))}</td><td class="number">{bar.count}</td></tr>'
        )
    head = (
        f'<tr><th scope="col">{_e(say["answer"])}</th><th></th>'
        f'<th scope="col" class="number">{_e(say["share"])}</th>'
        f'<th scope="col" class="number">{_e(say["count"])}</th></tr>'
    )
    return f"<table>\n<thead>{head}</thead>\n<tbody>\n" + "\n".join(rows) + "\n</tbody>\n</table>"


def _drawn(share: Figure) -> str:
    value, low, high = (100 * (part or 0.0) for part in (share.value, share.low, share.high))
    return (
        '<svg viewBox="0 0 100 18" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="bar" x="0" y="2" width="{value:.2f}" height="14"/>'
        f'<line class="margin" x1="{low:.2f}" x2="{high:.2f}" y1="9" y2="9"/></svg>'
    )


def _method(page: PollPage, told: list[PublishedQuestion], language: Language) -> str:
    terms = [Term.RESPONSE]
    if any(question.bars for question in told):
        terms += [Term.SHARE, Term.WILSON]
    if any(question.mean is not None for question in told):
        terms += [Term.MEAN, Term.STUDENT]
    if any(question.csat is not None for question in told):
        terms.append(Term.CSAT)
    if any(question.nps is not None for question in told):
        terms += [Term.NPS, Term.AGRESTI_MIN]
    if page.poll.population is not None:
        terms.append(Term.POPULATION)
    items = "\n".join(
        f"<dt>{_e(defined.name)}</dt><dd>{_e(defined.text)}</dd>"
        for defined in (definition(term, language) for term in terms)
    )
    return f"<section>\n<h2>{_e(_TEXTS[language]['method'])}</h2>\n<dl>\n{items}\n</dl>\n</section>"


def _percent(figure: Figure, *, interval: bool = True) -> str:
    if figure.value is None:
        return "–"
    if not interval or figure.low is None or figure.high is None:
        return f"{100 * figure.value:.0f} %"
    return f"{100 * figure.value:.0f} % ({100 * figure.low:.0f}–{100 * figure.high:.0f})"


def _number(figure: Figure, language: Language) -> str:
    if figure.low is None or figure.high is None:
        return f"{figure.value:.1f}"
    interval = _TEXTS[language]["interval"].format(low=f"{figure.low:.1f}", high=f"{figure.high:.1f}")
    return f"{figure.value:.1f} ({interval})"


def _in(texts: dict[str, str], language: Language) -> str:
    return _e(_label(texts, language))


def _label(texts: dict[str, str], language: Language) -> str:
    return texts.get(language.value) or next(iter(texts.values()), "")


def _paragraph(inner: str) -> str:
    return f"<p>{inner}</p>" if inner else ""


def _when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _e(text: str) -> str:
    return html.escape(text)
