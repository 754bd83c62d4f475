"""What a run writes into the journal of an answer."""

import asyncio

from cti.asterisk.events import parse
from cti.calls.menu_choice import ChoiceWords, read_words
from cti.flows.actions import Answered
from cti.flows.question_words import QuestionKind
from cti.ivr.sessions.run_record import RunRecord

TITLE, LABEL = {"en": "Topic"}, {"zh-CN": "销售"}


def words_of(kind: QuestionKind) -> ChoiceWords:
    """What is written of an answer of this kind."""
    blocks: list[bytes] = []

    async def durable(_: int) -> None:
        await asyncio.sleep(0)

    def take(block: bytes) -> int:
        blocks.append(block)
        return len(blocks)

    record = RunRecord(
        uniqueid="n-1.1", name="n-1.1.f1", flow="main", take=take, durable=durable, clock=lambda: 5.0
    )
    given = Answered(
        flow="main", step="ask", question="topic", kind=kind, value="1", keys="1", title=TITLE, label=LABEL
    )
    assert record.note([given])
    [block] = blocks
    return read_words(parse(block).get("Words"))


def test_what_an_agent_will_see_of_a_choice_is_written_with_it() -> None:
    assert words_of(QuestionKind.CHOICE) == ChoiceWords(title=TITLE, label=LABEL)


def test_no_other_answer_has_words_in_the_journal() -> None:
    assert words_of(QuestionKind.SCALE) == ChoiceWords()
