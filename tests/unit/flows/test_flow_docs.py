"""docs/flows.md says nothing that is not so: its examples are read, and the first one is tried."""

import re
from pathlib import Path
from textwrap import indent

import pytest

from cti.flows.deed_words import TaskKind
from cti.flows.dialogue_text import dialogue_text
from cti.flows.document import flow_of, read
from cti.flows.expression import FUNCTIONS
from cti.flows.model import CALL_VARIABLES, Step
from cti.flows.question_words import QuestionKind
from cti.flows.simulation import simulate
from cti.flows.sources import LookUpSource, fields_of

DOCS = (Path(__file__).parents[3] / "docs" / "flows.md").read_text()
FIRST, *EXAMPLES = re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL)
CONSOLE = re.findall(r"```console\n(.*?)```", DOCS, re.DOTALL)[0]
HEAD = "flow: x\nkind: inbound\ntitle: {en: X}\nstart: x\nsteps:\n"
TEXTS = {
    "main-menu": "For sales, press one. Otherwise press two.",
    "no-input": "Sorry, we did not hear a key.",
    "goodbye": "Thank you for your call. Goodbye.",
}


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_can_be_read(example: str) -> None:
    assert [one.line_of_text("en") for one in read(HEAD + indent(example, "  ")).problems] == []


def test_the_first_flow_goes_as_it_says() -> None:
    flow = flow_of(FIRST)
    dialogue = simulate(
        {"hello": flow}, "hello", "noinput 2", texts=lambda name: {"en": TEXTS[name]}, language="en"
    )
    shown = CONSOLE.partition("--language en\n")[2]
    assert dialogue_text(dialogue, "en") + "\n" == shown


def test_every_verb_has_an_example_and_every_word_for_a_choice_is_named() -> None:
    verbs = set(Step.__struct_fields__)
    groups = [flow_of(HEAD + indent(example, "  ")).steps.values() for example in EXAMPLES]
    assert verbs == {verb for group in groups for step in group for verb in verbs if getattr(step, verb)}
    of_calls = [f"call.{name}" for name in CALL_VARIABLES]
    for word in (*LookUpSource, *TaskKind, *QuestionKind, *FUNCTIONS, *of_calls):
        assert re.search(rf"\b{re.escape(word)}\b", DOCS), word


def test_what_each_source_gives_is_named_and_nothing_else() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| .*? \| (.*) \|$", DOCS, re.MULTILINE))
    for source in LookUpSource:
        fields = fields_of(source)
        if fields is not None:
            assert re.findall(r"`(\w+)`", rows[source]) == list(fields)
