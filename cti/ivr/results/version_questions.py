"""What the versions of a flow that calls went through have asked."""

from typing import Final

import msgspec

from cti.flows.question_list import Question, questions_of
from cti.ivr.library.flow_book import FlowBook
from cti.ivr.results.results_views import Questions

#: Of so many versions, the newest ones, the questions are looked up.
MOST_VERSIONS: Final = 20


async def questions_in(book: FlowBook, flow: str, versions: list[str]) -> Questions:
    """What these versions of a flow ask, sub-flows included; the first ones' texts come first."""
    found: dict[tuple[str, str], Question] = {}
    for version in versions:
        edition = await book.find(flow, version)
        if edition is None:
            continue
        for asked_in, part in edition.flows.items():
            for name, question in questions_of(part).items():
                before = found.get((asked_in, name))
                found[asked_in, name] = question if before is None else _joined(before, question)
    return found


def _joined(newer: Question, older: Question) -> Question:
    known = {answer.value for answer in newer.answers}
    more = [answer for answer in older.answers if answer.value not in known]
    return msgspec.structs.replace(newer, answers=[*newer.answers, *more])
